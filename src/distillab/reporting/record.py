"""A finished chain study as Markdown, with machine and date: what is kept in the repository."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

from distillab.reporting.chain_views import chain_rows, named_norms
from distillab.reporting.display import DASH, number, percent
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables, norm_label, records, step_name

_CPU = re.compile(r"cpu after imports: ([\d.]+) s")


def cpu_seconds(logs: Path) -> dict[str, float]:
    """CPU seconds of each stage's jobs, imports left out, as their logs in ``<stage>/*.log`` end."""
    found: dict[str, float] = {}
    for log in sorted(logs.glob("*/**/*.log")):
        stage = log.relative_to(logs).parts[0]
        said = _CPU.findall(log.read_text(encoding="utf-8"))
        found[stage] = found.get(stage, 0.0) + sum(map(float, said[-1:]))
    return found


def chain_record(tables: Tables, papers: Reported, spent: Mapping[str, float]) -> str:
    """Markdown: where and when, every step beside the paper, every attack, every difference and claim.

    ``spent`` holds CPU seconds by stage.
    """
    facts = tables.facts
    total = sum(spent.values())
    stages = ", ".join(f"{stage} {seconds:,.0f}" for stage, seconds in spent.items() if seconds >= 1)
    environment = ", ".join(f"{name} {value}" for name, value in facts["environment"].items())
    parts = [
        f"# {facts['title']}, preset `{facts['preset']}`",
        f"Recorded on {date.today().isoformat()} by `distillab record` at commit `{facts['commit'] or 'unknown'}`. "
        f"Seeds: {', '.join(map(str, facts['seeds']))}. Machine: {environment}.",
        f"CPU seconds: {stages}; {total:,.0f} in all, or {total / 120:.1f} minutes on two cores.",
        _parameters(facts["params"]),
        "## Steps of the chain, used at T = 1",
        _steps(tables, papers),
        "## Attacks",
        _attacks(tables),
        "## Later minus earlier step: mean smallest perturbation",
        _differences(tables),
        "## The paper's claims",
        _claims(tables),
    ]
    return "\n\n".join(parts) + "\n"


def _parameters(params: dict[str, Any]) -> str:
    train, chains = params["train"], params["chains"]
    said = [f"{train['epochs']} epochs", f"batch {train['batch_size']}"]
    said += [f"chain `{key}`: {chain['steps']} steps, T in {chain['temperatures']}" for key, chain in chains.items()]
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
    return _table(names, rows)


def _attacks(tables: Tables) -> str:
    rows = []
    for row in records(chain_rows(tables, "robustness")):
        least = row.kind == "minimum_norm"
        rows.append(
            [
                row.attack_label, row.mode, step_name(row.step), f"{row.temperature:g}",
                "Z" if row.logits == "raw" else "Z/T", f"{row.success_n:,}", f"{row.failures:,}",
                percent(row.success_rate), norm_label(row.norm), number(row.mean_distance) if least else DASH,
                number(row.median_distance) if least else DASH, number(row.max_distance) if least else DASH,
                percent(row.robust_accuracy), percent(row.zero_gradient),
            ]
        )  # fmt: skip
    names = ("attack", "mode", "step", "T", "logits", "n", "failures", "success, %", "norm", "mean", "median",
             "largest", "robust accuracy, %", "zero gradient, %")  # fmt: skip
    return _table(names, rows)


def _differences(tables: Tables) -> str:
    rows = [
        [
            f"{step_name(row.later)} − {step_name(row.earlier)}",
            "all" if row.temperature < 0 else f"{row.temperature:g}", norm_label(row.norm),
             "Z" if row.view == "raw" else "Z and Z/T", number(row.difference, signed=True),
            _between(row.low, row.high), _between(row.images_low, row.images_high),
            f"{int(row.n):,}" if isfinite(row.n) else DASH, f"{row.seeds}",
        ]
        for row in records(tables["steps"])
    ]  # fmt: skip
    names = ("steps", "T", "norm", "attacks saw", "difference", "over seeds", "over images", "n", "seeds")
    return _table(names, rows)


def _claims(tables: Tables) -> str:
    rows = [
        [named_norms(row.statement), row.source, {"raw": "Z", "worst": "Z and Z/T"}.get(row.view, ""),
         number(row.value, signed=True), named_norms(row.unit), _between(row.low, row.high), row.decision,
         f"{row.seeds}"]
        for row in records(tables["claims"])
    ]  # fmt: skip
    return _table(("the paper says", "section", "attacks saw", "here", "unit", "95 %", "decision", "seeds"), rows)


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return DASH
    return f"[{number(low, signed=True)}, {number(high, signed=True)}]"


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
