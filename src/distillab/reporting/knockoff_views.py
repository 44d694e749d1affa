"""Whether each teacher can be distilled: the verdicts as a table and as a figure."""

from html import escape
from typing import Any

from distillab.reporting import figures
from distillab.reporting.display import (
    Html,
    chip,
    header,
    interval,
    missing,
    number,
    percent,
    points,
    table,
    table_cell,
)
from distillab.reporting.drawing import show, style
from distillab.reporting.knockoff_rows import attack_name, knockoff_cells, of_teachers, ranked, sample, seeds_of
from distillab.reporting.names import grade_note
from distillab.reporting.summaries import over_seeds, teachers_of
from distillab.reporting.tables import Tables, records

SCOPES = {"": "all attacks", "paper_": "the paper's attacks"}
"""Prefix of a verdict's columns to the attacks that it is about."""


def verdict_table(tables: Tables) -> Html:
    """One row per teacher: its accuracy, and over all attacks and over the paper's own the verdict with its bounds."""
    import pandas as pd

    verdicts = ranked(tables)
    protected = over_seeds(teachers_of(tables), ["model"], "test_accuracy", upper=1).set_index("model")["value"]
    rows = [
        {"teacher": v.html, **_scope(tables, v, ""), **_scope(tables, v, "paper_"),
         "accuracy": _accuracy(protected.get(v.teacher))}
        for v in records(verdicts)
    ]  # fmt: skip
    columns = {"verdict": header("Verdict", "beneath: literal rule"),
               "delta": header("Gain over LS ↓", "points [bounds], attack")}  # fmt: skip
    labels = {"teacher": header("Teacher", "grade")}
    labels |= {f"{prefix}{name}": label for prefix in SCOPES for name, label in columns.items()}
    labels |= {"accuracy": header("Accuracy ↑", "of the teacher, %")}
    margin = points(tables.facts["margin"]).lstrip("+")
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="verdicts",
        caption=f"<b>Can the teacher be distilled?</b> Hardest to steal first; {sample(tables)}, "
        f"{seeds_of(tables['knockoff'])}.",
        labels=labels,
        spanners={_over(verdicts, prefix): [f"{prefix}{name}" for name in columns] for prefix in SCOPES},
        notes=[
            f"Undistillable: every attack's one-sided 95 % upper bound is below the margin of {margin} points. "
            "Distillable: some attack's Holm-corrected lower bound is above zero. Otherwise undecided. "
            "Bounds are over training seeds, paired with the LS student of the same seed; shown are those that decide, "
            "the largest lower and the largest upper one over the attacks.",
            "Literal rule, the paper's: distillable as soon as the best attack's mean is above the LS student's. "
            "Strongest attack: the largest mean gain.",
            _fewer(verdicts),
            grade_note(tables, [*verdicts["defense"], *_strongest(verdicts)]),
        ],
    )


def verdict_figure(tables: Tables) -> Html:
    """How far the strongest attack on each teacher gets, against the LS student."""
    verdicts, frame = ranked(tables), knockoff_cells(tables)
    margin = float(tables.facts["margin"])
    teachers = of_teachers(verdicts)
    stolen = int((teachers["lower"] > 0).sum())
    finding = f"{stolen} of {len(teachers)} teachers have an attack whose gain is bounded away from zero."
    with style():
        figure = figures.worst_case(verdicts, frame, margin)
        data = verdicts[["row", "best_attack", "best_delta", "lower", "upper", "verdict"]]
        gains = "; ".join(f"{v.row} {points(v.best_delta)}" for v in records(verdicts))
        return show(
            figure,
            name="worst-case",
            alt=f"Gain of the strongest attack's knockoff over the LS student in percentage points: {gains}.",
            caption=f"<b>{escape(finding)}</b> Marker: strongest attack with its bounds; ticks: the other attacks; "
            f"band: margin of {number(100 * margin, decimals=2)} points. {seeds_of(frame)}, {sample(tables)}.",
            data=data,
        )


def _scope(tables: Tables, v: Any, prefix: str) -> dict[str, str]:  # noqa: ANN401 - a row
    """The cells of one verdict; dashes where none of its attacks was run."""
    verdict, best = getattr(v, f"{prefix}verdict"), getattr(v, f"{prefix}best_attack")
    if not isinstance(verdict, str):
        gone = int(getattr(v, f"{prefix}missing"))
        why = f"{gone} planned networks are missing" if gone else "none of these attacks was run"
        return {f"{prefix}{name}": missing(why) for name in ("verdict", "delta")}
    literal = literal_rule(v, prefix)
    gain = interval(*(points(getattr(v, prefix + name)) for name in ("best_delta", "lower", "upper")))
    return {
        f"{prefix}verdict": table_cell(f"{chip(verdict)}{_beneath(literal)}"),
        f"{prefix}delta": table_cell(f"{gain}{_beneath(escape(attack_name(tables, best)))}"),
    }


def literal_rule(v: Any, prefix: str) -> str:  # noqa: ANN401 - a row
    """What the paper's literal rule says; nothing while networks are missing and no attack is above the LS student."""
    said = getattr(v, f"{prefix}literal")
    if not said and getattr(v, f"{prefix}missing"):
        return "open"
    return "distillable" if said else "undistillable"


def _fewer(verdicts: Any) -> str:  # noqa: ANN401 - a data frame
    """That some verdicts rest on fewer networks than planned, and what that means."""
    fewer = int((verdicts["missing"] > 0).sum())
    if not fewer:
        return ""
    return (
        f"Of {fewer:,} of these rows planned networks are missing: what is distillable stays so, at the levels of the "
        "planned number of attacks; nothing is called undistillable there, and the literal rule stays open."
    )


def _strongest(verdicts: Any) -> list[str]:  # noqa: ANN401 - a data frame
    """Keys of the attacks that the verdicts name."""
    named = [name for prefix in SCOPES for name in verdicts[f"{prefix}best_attack"] if isinstance(name, str)]
    return [name.partition(" on ")[0] for name in named]


def _beneath(text: str) -> str:
    return f'<br><span class="interval">{text}</span>'


def _accuracy(value: float | None) -> str:
    return missing("not measured") if value is None else percent(value)


def _over(verdicts: Any, prefix: str) -> str:  # noqa: ANN401 - a data frame
    """The title over the columns of one verdict, with how many attacks it is about."""
    counts = sorted({int(n) for n in verdicts[f"{prefix}attacks"].dropna()})
    said = f" ({counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''})" if counts else ""
    return f"Over {SCOPES[prefix]}{said}"
