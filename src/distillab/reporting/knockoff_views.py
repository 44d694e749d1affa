"""Whether each teacher can be distilled: the verdicts as a table and as a figure."""

from html import escape
from math import nan
from typing import TYPE_CHECKING, Any

import distillab.reporting.verdict_notes as notes
from distillab.reporting.cells import Absent, Content, Measured, beside, quiet, verdict
from distillab.reporting.columns import Heading
from distillab.reporting.display import Html, Piece, points
from distillab.reporting.drawing import show
from distillab.reporting.grades import GRADE_NOTE
from distillab.reporting.kit import PageTable
from distillab.reporting.knockoff_rows import attack_name, knockoff_cells, of_teachers, ranked, sample, seeds_of
from distillab.reporting.matrix_views import gain_chart
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title

if TYPE_CHECKING:
    import pandas as pd

PAPERS = "paper_"
"""Prefix of the columns of a verdict over the paper's own attacks."""

COLUMNS = {
    "teacher": Heading("Teacher"),
    "verdict": Heading("Verdict"),
    "delta": Heading("Gain over LS ↓", "points [bounds], attack", points),
    "literal": Heading("Literal rule"),
    "all": Heading("Literal rule", "over all attacks"),
}


def verdict_table(tables: Tables) -> PageTable:
    """One row per teacher: the verdict over the paper's attacks alone with its bounds, and the paper's literal rule.

    The verdict over all attacks stands in the table of all thieves.
    """
    verdicts = ranked(tables)
    known = verdicts["paper_verdict"].notna().all()
    alike = known and all(literal_rule(v, "") == literal_rule(v, PAPERS) for v in records(verdicts))
    return PageTable(
        "verdicts",
        f"Can the paper's attacks{_counted(verdicts)} distill the teacher?",
        {name: column for name, column in COLUMNS.items() if name != "all" or not alike},
        [{"teacher": v.title, **_papers(tables, v), "all": literal_rule(v, "")} for v in records(verdicts)],
        sample=f" For {_thieves(verdicts)}; {sample(tables)}, {seeds_of(tables['knockoff'])}",
        notes=[
            "Bounds are those that decide: the largest lower and the largest upper one over the attacks. Literal rule: "
            "distillable as soon as an attack's mean is above the LS students'; open while networks are missing and "
            "none is.",
            notes.fewer_note(verdicts),
            GRADE_NOTE,
        ],
        otherwise="The papers' thief took no part.",
    )


def worst_cases(tables: Tables) -> "pd.DataFrame":
    """Per teacher the strongest attack's gain with the bounds that decide, and the other attacks' without."""
    import pandas as pd

    verdicts, cells = ranked(tables), knockoff_cells(tables)
    best = verdicts.assign(attack=verdicts["best_attack"], delta=verdicts["best_delta"], delta_low=verdicts["lower"],
                           delta_high=verdicts["upper"], look=verdicts["defense"])  # fmt: skip
    strongest = set(zip(best["row"], best["attack"], strict=True))
    other = [pair not in strongest for pair in zip(cells["row"], cells["attack"], strict=True)]
    others = cells[other].assign(delta_low=nan, delta_high=nan, look="tick", verdict="")
    columns = ["row", "attack", "delta", "delta_low", "delta_high", "look", "verdict", "defense", "thief", "seeds"]
    return pd.concat([part[columns] for part in (best, others) if len(part)] or [best[columns]], ignore_index=True)


def verdict_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `worst_cases` drawn: how far the strongest attack on each teacher gets, against the LS student."""
    if frame.empty:
        return Html("")
    best = frame[frame["look"] != "tick"]
    verdicts = of_teachers(ranked(tables))
    stolen = int((verdicts["verdict"] == "distillable").sum())
    thieves = _thieves(verdicts)
    finding = f"{stolen} of {len(verdicts)} teachers have an attack of {thieves} whose gain is bounded away from zero."
    gains = "; ".join(f"{row.row} {points(row.delta)}" for row in records(best))
    return show(
        gain_chart(frame, float(tables.facts["margin"]), look="look"),
        name="worst-case",
        alt=f"Gain of the strongest attack's knockoff over the LS student in percentage points: {gains}.",
        caption=f"<b>{escape(finding)}</b> Line: mean of all LS students; marker: strongest attack with the bounds "
        "that decide, over training seeds on these test images; ticks: the other attacks; band: margin of "
        f"{notes.margin_phrase(tables)}. {seeds_of(frame)}, {escape(sample(tables))}.",
        data=best[["row", "attack", "delta", "delta_low", "delta_high", "verdict"]],
    )


def literal_rule(v: Any, prefix: str) -> str:  # noqa: ANN401 - a row
    """What the paper's literal rule says; nothing while networks are missing and no attack is above the LS student."""
    said = getattr(v, f"{prefix}literal")
    if not said and getattr(v, f"{prefix}missing"):
        return "open"
    return "distillable" if said else "undistillable"


def _papers(tables: Tables, v: Any) -> dict[str, Content]:  # noqa: ANN401 - a row
    """The cells of a verdict over the paper's attacks; dashes where none of them was run."""
    if not isinstance(v.paper_verdict, str):
        gone = int(v.paper_missing)
        why = f"{gone} planned networks are missing" if gone else "none of these attacks was run"
        return dict.fromkeys(("verdict", "delta", "literal"), Absent(why))
    gain = Measured(v.paper_best_delta, v.paper_lower, v.paper_upper)
    return {
        "verdict": verdict(v.paper_verdict, str(v.paper_reason)),
        "delta": beside(gain, quiet(attack_name(tables, v.paper_best_attack))),
        "literal": literal_rule(v, PAPERS),
    }


def _thieves(verdicts: "pd.DataFrame") -> str:
    return " and ".join(thief_title(thief) for thief in verdicts["thief"].unique())


def _counted(verdicts: "pd.DataFrame") -> str:
    """How many attacks of the paper's the verdicts are over."""
    counts = sorted({int(n) for n in verdicts["paper_attacks"].dropna()})
    return f" ({counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''})" if counts else ""
