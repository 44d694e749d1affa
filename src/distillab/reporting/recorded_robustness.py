"""A finished study of adversarial training as Markdown: every teacher under every attack, the papers beside."""

from distillab.reporting.display import DASH, number
from distillab.reporting.markdown import markdown_table, share
from distillab.reporting.reported import Reported
from distillab.reporting.robust_papers import printed_beside
from distillab.reporting.strength import with_word
from distillab.reporting.tables import Tables, norm_label, records
from distillab.reporting.worst_rows import doubts


def robust_sections(tables: Tables, papers: Reported) -> list[str]:
    """Clean accuracy and accuracy under each attack, the worst case over attacks, and what the papers print."""
    return [
        "## Attacks",
        _attacks(tables),
        "## Worst case over the attacks of one norm, image by image",
        _worst(tables),
        "## What the papers print",
        _papers(tables, papers),
        "Ours under attack: the worst case over all attacks of this run at the printed eps, whatever the paper's was.",
    ]


def _attacks(tables: Tables) -> str:
    frame = tables["robustness"]
    rows = [
        [
            tables.label(row.model), f"{row.seed}", with_word(tables.label(row.attack), row.strength), row.mode,
            norm_label(row.norm),
            number(row.eps), f"{row.n:,}", share(row.clean_accuracy),
            share(row.robust_accuracy, row.robust_low, row.robust_high), number(row.mean_distance),
        ]
        for row in records(frame[frame["logits"] == "raw"])
    ]  # fmt: skip
    names = ("model", "seed", "attack", "mode", "norm", "eps", "n", "clean accuracy of these, %",
             "robust accuracy, %", "mean distance")  # fmt: skip
    return markdown_table(names, rows)


def _worst(tables: Tables) -> str:
    frame = tables["worst"]
    rows = [
        [
            tables.label(row.model), f"{row.seed}", norm_label(row.norm), number(row.eps), f"{row.attacks}",
            f"{row.n:,}", share(row.clean_accuracy), share(row.robust_accuracy, row.robust_low, row.robust_high),
            "; ".join(doubts(tables, frame, row.model, (row.norm, row.eps))) or "none",
        ]
        for row in records(frame)
    ]  # fmt: skip
    names = ("model", "seed", "norm", "eps", "attacks", "n", "clean accuracy, %", "robust accuracy, %", "doubts")
    return markdown_table(names, rows)


def _papers(tables: Tables, papers: Reported) -> str:
    rows = [
        [row.paper, row.model, row.kind, row.setting or DASH, f"{row.value:g}", ours or DASH, row.source]
        for row, ours in printed_beside(tables, papers)
    ]
    names = ("paper", "its model", "accuracy", "attack", "printed, %", "ours, %", "where")
    return markdown_table(names, rows)
