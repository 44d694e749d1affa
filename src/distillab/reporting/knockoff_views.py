"""The knockoff matrix as tables and figures: cells, verdicts, gains over the LS student."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting import figures
from distillab.reporting.display import (
    DASH,
    Html,
    arrow,
    cell,
    chip,
    header,
    interval,
    missing,
    number,
    percent,
    points,
    table,
)
from distillab.reporting.drawing import show, style
from distillab.reporting.summaries import not_separable, seeds_phrase
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd

_GRADES = (
    "Grades: V verified against the authors' code or text, P from one paper only, S second-hand, R reconstruction."
)


def row_label(tables: Tables, label: str, student: str) -> str:
    """The name of a teacher's row; with the student's architecture where there are several."""
    return f"{label} → {student}" if tables.several_students else label


def ranked(tables: Tables) -> "pd.DataFrame":
    """The verdicts, hardest teacher to steal first, with a ``row`` label."""
    verdicts = tables["verdicts"].sort_values("best_delta", kind="stable").reset_index(drop=True)
    pairs = zip(verdicts["defense_label"], verdicts["student"], strict=True)
    return verdicts.assign(row=[row_label(tables, *pair) for pair in pairs])


def cells(tables: Tables) -> "pd.DataFrame":
    """The knockoff cells in the verdicts' row order, with a ``row`` label."""
    frame, order = tables["knockoff"], ranked(tables)
    pairs = zip(frame["defense_label"], frame["student"], strict=True)
    frame = frame.assign(row=[row_label(tables, *pair) for pair in pairs])
    position = {row: i for i, row in enumerate(order["row"])}
    return frame.sort_values("row", key=lambda rows: rows.map(position), kind="stable").reset_index(drop=True)


def verdict_table(tables: Tables) -> Html:
    """One row per teacher: verdict, the paper's literal rule, the strongest attack and its gain."""
    import pandas as pd

    ls = tables["knockoff"].groupby(["teacher", "student"])["ls_accuracy"].first()
    grades = tables["knockoff"].groupby("teacher")["grade"].first()
    rows = [
        {
            "teacher": f"{escape(v.row)} <span class='grade'>{escape(grades.get(v.teacher, ''))}</span>",
            "verdict": chip(v.verdict),
            "literal": "distillable" if v.literal else "undistillable",
            "attack": escape(tables.label(v.best_attack)),
            "delta": cell(interval(points(v.best_delta), points(v.lower), points(v.upper))),
            "ls": cell(percent(ls.get((v.teacher, v.student)))),
            "seeds": str(v.seeds),
        }
        for v in records(ranked(tables))
    ]
    margin = points(tables.facts["margin"]).lstrip("+")
    return table(
        pd.DataFrame(rows, columns=["teacher", "verdict", "literal", "attack", "delta", "ls", "seeds"]),
        name="verdicts",
        caption=f"<b>Can the teacher be distilled?</b> Hardest to steal first; {_sample(tables)}.",
        labels={
            "teacher": "Teacher",
            "verdict": "Verdict",
            "literal": header("Literal rule", "of the paper"),
            "attack": header("Strongest attack", "largest mean gain"),
            "delta": header("Gain over LS student ↓", "percentage points [bounds]"),
            "ls": header("LS student", "accuracy, %"),
            "seeds": "Seeds",
        },
        notes=[
            f"Undistillable: every attack's one-sided 95 % upper bound is below the margin of {margin} points. "
            "Distillable: some attack's Holm-corrected lower bound is above zero. Otherwise undecided. "
            "Bounds are over training seeds, paired with the LS student of the same seed.",
            "The bounds shown are the ones that decide: the largest lower and the largest upper over the attacks.",
            "Literal rule: distillable as soon as the best attack's mean is above the LS student's mean.",
            _GRADES,
        ],
    )


def knockoff_table(tables: Tables) -> Html:
    """Every cell of the knockoff matrix: accuracy with its interval and an arrow against the LS student."""
    import pandas as pd

    frame = cells(tables)
    attacks = {
        a.attack: header(a.attack_label, f"grade {a.attack_grade}") for a in records(frame.drop_duplicates("attack"))
    }
    rows = []
    for row, group in frame.groupby("row", sort=False):
        best = not_separable(group["knockoff_accuracy"], group["knockoff_low"], group["knockoff_high"], largest=True)
        ls = group.iloc[0]
        shown = {"row": escape(str(row)), "ls": cell(_accuracy(ls.ls_accuracy, ls.ls_low, ls.ls_high))}
        by_attack = {c.attack: _knockoff_cell(c, best=bool(best[c.Index])) for c in records(group)}
        rows.append(shown | {key: by_attack.get(key, missing("not run in this preset")) for key in attacks})
    labels = {"row": "Teacher", "ls": header("LS student", "no teacher"), **attacks}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="knockoff",
        caption=f"<b>Accuracy of the knockoff student, %</b>, {_sample(tables)}, {_seeds(frame)}.",
        labels=labels,
        spanners={"Knockoff student, by distillation attack": list(attacks)},
        notes=[
            "↑ the mean is above the LS student's (by the paper's literal rule this makes the teacher distillable), "
            "↓ it is not.",
            "Bold: the row's best knockoff and every one whose interval overlaps its interval. Intervals: 95 %, "
            "Student's t over training seeds."
            if frame["knockoff_low"].notna().any()
            else "Nothing is bold: without intervals nothing is best.",
            f"{DASH} no number; point at the dash for the reason.",
            _GRADES,
        ],
    )


def verdict_figure(tables: Tables) -> Html:
    """How far the strongest attack on each teacher gets, against the LS student."""
    verdicts, frame = ranked(tables), cells(tables)
    margin = float(tables.facts["margin"])
    stolen = int((verdicts["lower"] > 0).sum())
    finding = f"{stolen} of {len(verdicts)} teachers have an attack whose gain is bounded away from zero."
    with style():
        figure = figures.worst_case(verdicts, frame, margin)
        data = verdicts[["row", "best_attack", "best_delta", "lower", "upper", "verdict"]]
        gains = "; ".join(f"{v.row} {points(v.best_delta)}" for v in records(verdicts))
        return show(
            figure,
            name="worst-case",
            alt=f"Gain of the strongest attack's knockoff over the LS student in percentage points: {gains}.",
            caption=f"<b>{escape(finding)}</b> Marker: strongest attack with its bounds; ticks: the other attacks; "
            f"band: margin of {number(100 * margin, decimals=2)} points. {_seeds(frame)}, {_sample(tables)}.",
            data=data,
        )


def delta_figure(tables: Tables) -> Html:
    """Gain over the LS student, one panel per attack."""
    frame = cells(tables).dropna(subset=["delta"])
    above = int((frame["delta"] > 0).sum())
    certain = int((frame["delta_low"] > 0).sum())
    margin = float(tables.facts["margin"])
    finding = f"{above} of {len(frame)} knockoffs are above their LS student, {certain} with an interval above zero."
    with style():
        return show(
            figures.deltas(frame, margin),
            name="deltas",
            alt=f"Panels by attack, teachers as rows, gain over the LS student as points with intervals. {finding}",
            caption=f"<b>{finding}</b> Line: LS student; band: margin of {number(100 * margin, decimals=2)} points; "
            f"intervals not corrected for the number of attacks. {_seeds(frame)}, {_sample(tables)}.",
            data=frame[["row", "attack", "delta", "delta_low", "delta_high", "seeds"]],
        )


def _knockoff_cell(c: Any, *, best: bool) -> str:  # noqa: ANN401 - a row
    if not isfinite(c.knockoff_accuracy):
        return missing("run, but no finite result")
    shown = _accuracy(c.knockoff_accuracy, c.knockoff_low, c.knockoff_high)
    return cell(shown, best=best, mark=arrow(c.knockoff_accuracy > c.ls_accuracy))


def _accuracy(value: float, low: float, high: float) -> str:
    return interval(percent(value), percent(low), percent(high))


def _sample(tables: Tables) -> str:
    return f"n = {int(tables.facts['test_n']):,} test images of {escape(tables.dataset)}"


def _seeds(frame: "pd.DataFrame") -> str:
    counts = sorted({int(n) for n in frame["seeds"]})
    return (
        seeds_phrase(counts[0]) if len(counts) == 1 else f"{counts[0]} to {seeds_phrase(counts[-1])}" if counts else ""
    )
