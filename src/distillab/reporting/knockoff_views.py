"""Whether each teacher can be distilled: the verdicts as a table and as a figure."""

from html import escape
from typing import Any

import distillab.reporting.verdict_notes as notes
from distillab.reporting import figures
from distillab.reporting.display import (
    Html,
    chip,
    header,
    interval,
    missing,
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
from distillab.reporting.thief_names import thief_title

SCOPES = {"": "all attacks", "paper_": "the paper's attacks"}
"""Prefix of a verdict's columns to the attacks that it is about."""


def verdict_table(tables: Tables) -> Html:
    """One row per teacher: its accuracy, and over all attacks and over the paper's own the verdict with its bounds."""
    import pandas as pd

    verdicts = ranked(tables)
    protected = over_seeds(teachers_of(tables), ["model"], "test_accuracy").set_index("model")["value"]
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
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="verdicts",
        caption=f"<b>Can the teacher be distilled by {escape(_thieves(verdicts))}?</b> Hardest to steal first; "
        f"{sample(tables)}, {seeds_of(tables['knockoff'])}.",
        labels=labels,
        spanners={_over(verdicts, prefix): [f"{prefix}{name}" for name in columns] for prefix in SCOPES},
        notes=[
            escape(notes.levels_note(tables)),
            "Shown are the bounds that decide, over training seeds on these test images: the largest lower and the "
            "largest upper one over the attacks.",
            "Literal rule, the paper's: distillable as soon as the best attack's mean is above the LS students'; open "
            "while planned networks are missing and no mean is. Strongest attack: the largest mean gain.",
            notes.fewer_note(verdicts),
            grade_note(tables, [*verdicts["defense"], *_strongest(verdicts)]),
        ],
    )


def verdict_figure(tables: Tables) -> Html:
    """How far the strongest attack on each teacher gets, against the LS student."""
    verdicts, frame = ranked(tables), knockoff_cells(tables)
    margin = float(tables.facts["margin"])
    teachers, thieves = of_teachers(verdicts), _thieves(verdicts)
    stolen = int((teachers["verdict"] == "distillable").sum())
    finding = f"{stolen} of {len(teachers)} teachers have an attack of {thieves} whose gain is bounded away from zero."
    with style():
        figure = figures.worst_case(verdicts, frame, margin)
        data = verdicts[["row", "best_attack", "best_delta", "lower", "upper", "verdict"]]
        gains = "; ".join(f"{v.row} {points(v.best_delta)}" for v in records(verdicts))
        return show(
            figure,
            name="worst-case",
            alt=f"Gain of the strongest attack's knockoff over the LS student in percentage points: {gains}.",
            caption=f"<b>{escape(finding)}</b> Line: mean of all LS students; marker: strongest attack with the bounds "
            "that decide, over training seeds on these test images; ticks: the other attacks; band: margin of "
            f"{notes.margin_phrase(tables)}. {seeds_of(frame)}, {sample(tables)}.",
            data=data,
        )


def _scope(tables: Tables, v: Any, prefix: str) -> dict[str, str]:  # noqa: ANN401 - a row
    """The cells of one verdict; dashes where none of its attacks was run."""
    verdict, best = getattr(v, f"{prefix}verdict"), getattr(v, f"{prefix}best_attack")
    if not isinstance(verdict, str):
        gone = int(getattr(v, f"{prefix}missing"))
        why = f"{gone} planned networks are missing" if gone else "none of these attacks was run"
        return {f"{prefix}{name}": missing(why) for name in ("verdict", "delta")}
    literal, why = literal_rule(v, prefix), str(getattr(v, f"{prefix}reason"))
    gain = interval(*(points(getattr(v, prefix + name)) for name in ("best_delta", "lower", "upper")))
    return {
        f"{prefix}verdict": table_cell(f"{chip(verdict, reason=why)}{_beneath(literal)}"),
        f"{prefix}delta": table_cell(f"{gain}{_beneath(escape(attack_name(tables, best)))}"),
    }


def literal_rule(v: Any, prefix: str) -> str:  # noqa: ANN401 - a row
    """What the paper's literal rule says; nothing while networks are missing and no attack is above the LS student."""
    said = getattr(v, f"{prefix}literal")
    if not said and getattr(v, f"{prefix}missing"):
        return "open"
    return "distillable" if said else "undistillable"


def _thieves(verdicts: Any) -> str:  # noqa: ANN401 - a data frame
    return " and ".join(thief_title(thief) for thief in verdicts["thief"].unique())


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
