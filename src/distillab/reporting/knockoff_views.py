"""Whether each teacher can be distilled: the verdicts as a table and as a figure."""

from html import escape
from math import nan
from typing import TYPE_CHECKING, Any

import distillab.reporting.verdict_notes as notes
from distillab.reporting.cells import Absent, Content, Measured, known, lines, quiet, verdict
from distillab.reporting.columns import Heading
from distillab.reporting.display import Html, Piece, percent, points
from distillab.reporting.drawing import show
from distillab.reporting.kit import PageTable
from distillab.reporting.knockoff_rows import attack_name, knockoff_cells, of_teachers, ranked, sample, seeds_of
from distillab.reporting.matrix_views import gain_chart
from distillab.reporting.names import grade_note
from distillab.reporting.summaries import over_seeds, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title

if TYPE_CHECKING:
    import pandas as pd

SCOPES = {"": "all attacks", "paper_": "the paper's attacks"}
"""Prefix of a verdict's columns to the attacks that it is about."""

SCOPED = {"verdict": Heading("Verdict", "beneath: literal rule"),
          "delta": Heading("Gain over LS ↓", "points [bounds], attack", points)}  # fmt: skip
"""The columns of one verdict."""


def verdict_table(tables: Tables) -> PageTable:
    """One row per teacher: its accuracy, and over all attacks and over the paper's own the verdict with its bounds."""
    verdicts = ranked(tables)
    protected = over_seeds(teachers_of(tables), ["model"], "test_accuracy").set_index("model")["value"]
    rows = [
        {"teacher": v.title, **_scope(tables, v, ""), **_scope(tables, v, "paper_"),
         "accuracy": known(protected.get(v.teacher), absent="not measured")}
        for v in records(verdicts)
    ]  # fmt: skip
    scoped = {f"{prefix}{name}": column for prefix in SCOPES for name, column in SCOPED.items()}
    return PageTable(
        "verdicts",
        f"Can the teacher be distilled by {_thieves(verdicts)}?",
        {
            "teacher": Heading("Teacher", "grade"),
            **scoped,
            "accuracy": Heading("Accuracy ↑", "of the teacher, %", percent),
        },
        rows,
        sample=f" Hardest to steal first; {sample(tables)}, {seeds_of(tables['knockoff'])}",
        spanners={_over(verdicts, prefix): [f"{prefix}{name}" for name in SCOPED] for prefix in SCOPES},
        notes=[
            notes.levels_note(tables),
            "Shown are the bounds that decide, over training seeds on these test images: the largest lower and the "
            "largest upper one over the attacks.",
            "Literal rule, the paper's: distillable as soon as the best attack's mean is above the LS students'; open "
            "while planned networks are missing and no mean is. Strongest attack: the largest mean gain.",
            notes.fewer_note(verdicts),
            grade_note(tables, [*verdicts["defense"], *_strongest(verdicts)]),
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


def _scope(tables: Tables, v: Any, prefix: str) -> dict[str, Content]:  # noqa: ANN401 - a row
    """The cells of one verdict; dashes where none of its attacks was run."""
    answer = getattr(v, f"{prefix}verdict")
    if not isinstance(answer, str):
        gone = int(getattr(v, f"{prefix}missing"))
        why = f"{gone} planned networks are missing" if gone else "none of these attacks was run"
        return {f"{prefix}{name}": Absent(why) for name in SCOPED}
    gain = Measured(*(getattr(v, prefix + name) for name in ("best_delta", "lower", "upper")))
    said = verdict(answer, str(getattr(v, f"{prefix}reason")))
    attack = attack_name(tables, getattr(v, f"{prefix}best_attack"))
    return {
        f"{prefix}verdict": lines(said, quiet(literal_rule(v, prefix))),
        f"{prefix}delta": lines(gain, quiet(attack)),
    }


def _thieves(verdicts: "pd.DataFrame") -> str:
    return " and ".join(thief_title(thief) for thief in verdicts["thief"].unique())


def _strongest(verdicts: "pd.DataFrame") -> list[str]:
    """Keys of the attacks that the verdicts name."""
    named = [name for prefix in SCOPES for name in verdicts[f"{prefix}best_attack"] if isinstance(name, str)]
    return [name.partition(" on ")[0] for name in named]


def _over(verdicts: "pd.DataFrame", prefix: str) -> str:
    """The title over the columns of one verdict, with how many attacks it is about."""
    counts = sorted({int(n) for n in verdicts[f"{prefix}attacks"].dropna()})
    said = f" ({counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''})" if counts else ""
    return f"Over {SCOPES[prefix]}{said}"
