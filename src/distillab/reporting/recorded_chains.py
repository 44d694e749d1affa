"""A finished chain study as Markdown: steps, attacks, differences, and what became of the paper's claims."""

from math import isfinite

from distillab.reporting.chain_views import chain_rows, named_norms
from distillab.reporting.display import DASH, number, percent
from distillab.reporting.markdown import between, markdown_table
from distillab.reporting.reported import Reported
from distillab.reporting.strength import with_word
from distillab.reporting.tables import Tables, norm_label, records, step_name


def chain_sections(tables: Tables, papers: Reported) -> list[str]:
    """Every step beside the paper, every attack, every difference and claim."""
    return [
        _parameters(tables),
        "## Steps of the chain, used at T = 1",
        _steps(tables, papers),
        "## Attacks",
        _attacks(tables),
        "## Later minus earlier step: mean smallest perturbation",
        _differences(tables),
        "## The paper's claims",
        _claims(tables),
    ]


def _parameters(tables: Tables) -> str:
    chains = tables.facts["params"]["chains"]
    said = [f"chain `{key}`: {chain['steps']} steps, T in {chain['temperatures']}" for key, chain in chains.items()]
    return f"{'; '.join(said)}. The paper: 50 epochs, T in 1, 2, 5, 10, 20, 30, 40, six steps, one run."


def _steps(tables: Tables, papers: Reported) -> str:
    paper = papers.baseline(papers.chain_dataset(tables.facts))
    small = {(row.model, row.seed): row for row in records(tables["sensitivity"])}
    rows = []
    for row in records(chain_rows(tables, "models")):
        steep = small.get((row.model, row.seed))
        baseline = row.step == 0 and row.temperature == 1 and paper is not None
        rows.append(
            [
                step_name(row.step), f"{row.temperature:g}", f"{row.seed}", f"{100 * row.test_accuracy:.2f}",
                f"{100 * paper:.2f}" if baseline and paper is not None else DASH, f"{row.test_n:,}",
                percent(row.confidence), percent(steep.small) if steep else DASH,
                percent(steep.small_float32) if steep else DASH, number(steep.margin_median) if steep else DASH,
            ]
        )  # fmt: skip
    names = ("step", "T", "seed", "accuracy, %", "paper, %", "n", "confidence, %", "gradients < 1e-10, %",
             "in float32, %", "median margin, logits")  # fmt: skip
    return markdown_table(names, rows)


def _attacks(tables: Tables) -> str:
    rows = []
    for row in records(chain_rows(tables, "robustness")):
        least = row.kind == "minimum_norm"
        rows.append(
            [
                with_word(row.attack_label, row.strength), row.mode, step_name(row.step), f"{row.temperature:g}",
                "Z" if row.logits == "raw" else "Z/T", f"{row.success_n:,}", f"{row.failures:,}",
                percent(row.success_rate), norm_label(row.norm), number(row.mean_distance) if least else DASH,
                number(row.median_distance) if least else DASH, number(row.max_distance) if least else DASH,
                percent(row.robust_accuracy), percent(row.zero_gradient),
            ]
        )  # fmt: skip
    names = ("attack", "mode", "step", "T", "logits", "n", "failures", "success, %", "norm", "mean", "median",
             "largest", "robust accuracy, %", "zero gradient, %")  # fmt: skip
    return markdown_table(names, rows)


def _differences(tables: Tables) -> str:
    rows = [
        [
            f"{step_name(row.later)} − {step_name(row.earlier)}",
            "all" if row.temperature < 0 else f"{row.temperature:g}", norm_label(row.norm),
             "Z" if row.view == "raw" else "Z and Z/T", number(row.difference, signed=True),
            between(row.low, row.high), between(row.images_low, row.images_high),
            f"{int(row.n):,}" if isfinite(row.n) else DASH, f"{row.seeds}",
        ]
        for row in records(tables["steps"])
    ]  # fmt: skip
    names = ("steps", "T", "norm", "attacks saw", "difference", "over seeds", "over images", "n", "seeds")
    return markdown_table(names, rows)


def _claims(tables: Tables) -> str:
    rows = [
        [named_norms(row.statement), row.source, {"raw": "Z", "worst": "Z and Z/T"}.get(row.view, ""),
         number(row.value, signed=True), named_norms(row.unit), between(row.low, row.high), row.decision,
         f"{row.seeds}"]
        for row in records(tables["claims"])
    ]  # fmt: skip
    return markdown_table(
        ("the paper says", "section", "attacks saw", "here", "unit", "95 %", "decision", "seeds"), rows
    )
