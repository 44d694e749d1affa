"""The tables and the picture of an audit: verdicts with their control, and what protections take and cost."""

from html import escape
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import distillab.reporting.verdict_notes as notes
from distillab.reporting.audit_rows import audited, protection_rows, taken_phrase
from distillab.reporting.cells import Absent, Content, Measured, beside, known, lines, quiet, verdict
from distillab.reporting.charts import Axis, Chart, Reference
from distillab.reporting.columns import Heading, declared
from distillab.reporting.display import Html, Piece, number, percent, points
from distillab.reporting.drawing import show
from distillab.reporting.kit import PageTable
from distillab.reporting.knockoff_rows import attack_name, sample, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_views import verdict_matrix

if TYPE_CHECKING:
    import pandas as pd

NO_LEAK = Absent("no leak surely above the margin is shown")

PROTECTIONS = {
    "what": Heading("Protection"),
    "removed": Heading("Leak removed ↑", "% [95 %]", percent),
    "left": Heading("Gain left ↓", "points [bounds]", points),
    "cost": declared("protections", "cost", "Accuracy lost ↓", "points [95 %]"),
    "flip_rate": declared("protections", "flip_rate", "Other class ↓", "% of answers"),
    "change_l1": declared("protections", "change_l1", "Changed ↓", "mean L1"),
    "ece": Heading("ECE ↓", "before → after"),
}


def verdicts_table(tables: Tables) -> PageTable:
    """The verdicts of the audit's thief, on the model, its control and the defenses around it."""
    return verdict_matrix(audited(tables))


def protections_table(tables: Tables, frame: "pd.DataFrame | None" = None) -> PageTable:
    """Per protection: the share of the leak that it removes, the gain that is left, and what honest users lose.

    Args:
        tables: The run.
        frame: By default all rows of `audit_rows.protection_rows`.
    """
    frame = protection_rows(tables) if frame is None else frame
    several = frame["base"].nunique() > 1
    rows = [_row(tables, row, several=several) for row in records(frame)]
    return PageTable(
        "protections",
        "What would each protection take from the thief, and cost the honest user?",
        PROTECTIONS,
        rows,
        sample=" Share of the leak that is gone for the attack that loses least: 100 % leaves nothing. "
        f"{sample(tables)}{f', {seeds_of(frame)}' if rows else ''}",
        notes=[
            "Removed: of the gain by an attack that was fixed beforehand, 95 % by Fieller over training seeds. Gain "
            "left: over the same thief without answers, bounds as in the verdicts. It protects if every attack surely "
            "keeps less than half of the leak and accuracy surely falls by less than the margin of "
            f"{notes.margin_phrase(tables)}; corrected for the number of protections (Holm). Point at the words for "
            "what speaks most against it.",
            "Lost accuracy: 95 % over the test images, paired, one image at least. Other class, changed, ECE: the "
            "largest class, the L1 distance of the probabilities and the calibration error (15 bins) of protected "
            "answers, against the model's own. A label alone counts as certain; of the largest probabilities the rest "
            "is spread evenly.",
        ],
        otherwise="No protection was tried.",
    )


def protections_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The share of the leak that each protection removes, as rows of intervals; nothing where no share is known.

    Args:
        tables: The run.
        frame: Rows of `audit_rows.protection_rows`.
    """
    shown = frame[frame["share_removed"].notna()]
    if shown.empty:
        return Html("")
    best = records(shown)[0]
    taken = taken_phrase(*(_float(value) for value in (best.share_removed, best.share_low, best.share_high)))
    finding = f"Of these, {best.what} takes most from the thief: {taken}."
    return show(
        Chart(
            shown,
            x=Axis(
                "share_removed", "share of the leak that is gone, %", low="share_low", high="share_high", factor=100
            ),
            y=Axis("what", scale="names"),
            kind="rows",
            look="protection",
            references=(Reference("x", 0, broken=False), Reference("x", 50, "half")),
        ),
        name="protections",
        alt=f"Share of the leak removed, a row for each protection. {finding}",
        caption=f"<b>{escape(finding)}</b> Share removed and 95 % by Fieller over training seeds on these test images; "
        f"more than half of the leak must be gone. {escape(sample(tables))}, {seeds_of(shown)}.",
        data=shown[["what", "share_removed", "share_low", "share_high", "protects"]],
    )


def _row(tables: Tables, row: Any, *, several: bool) -> dict[str, Content]:  # noqa: ANN401 - a row
    gone = Absent(f"{int(row.missing)} networks are missing" if row.missing else "its answers are not there")
    gain = known(_float(row.gain), _float(row.gain_lower), _float(row.gain_upper), absent=gone.reason)
    attack = quiet(attack_name(tables, row.best_attack)) if row.best_attack else ""
    return {
        "what": lines(row.what, quiet(f"around {row.base}" if several else "")),
        "removed": _removed(row),
        "left": beside(gain, attack),
        "cost": known(_float(row.cost), _float(row.cost_low), _float(row.cost_high), absent=gone.reason),
        "flip_rate": known(_float(row.flip_rate), absent=gone.reason),
        "change_l1": known(_float(row.change_l1), absent=gone.reason),
        "ece": f"{number(row.bare_ece, digits=2)} → {number(row.ece, digits=2)}" if isfinite(row.ece) else gone,
    }


def _removed(row: Any) -> Content:  # noqa: ANN401 - a row
    said = verdict("protects" if row.protects is True else "not shown", str(row.protection_reason))
    share, low, high = (_float(value) for value in (row.share_removed, row.share_low, row.share_high))
    return lines(said, Measured(share, low, high) if isfinite(share) else NO_LEAK)


def _float(value: float | None) -> float:
    return nan if value is None else float(value)
