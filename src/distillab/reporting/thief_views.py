"""Thieves and verdicts: what each thief has and reaches, and whom it can distill."""

from typing import TYPE_CHECKING, Any

import distillab.reporting.verdict_notes as notes
from distillab.reporting.absent import gap_note, gaps, reason
from distillab.reporting.cells import Absent, Content, Measured, beside, lines, quiet, verdict
from distillab.reporting.columns import Heading, declared, rows_of, whole
from distillab.reporting.display import percent, points
from distillab.reporting.grades import GRADE_NOTE
from distillab.reporting.kit import PageTable
from distillab.reporting.knockoff_rows import attack_name, sample, seeds_of
from distillab.reporting.protection_views import WORTH, worth_cells
from distillab.reporting.summaries import estimates, seeds_phrase, seeds_range, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import means_lines, means_phrase, thief_title
from distillab.reporting.thief_rows import asking_thieves, controls_of, hardest_first, price_phrase, strongest

if TYPE_CHECKING:
    import pandas as pd

NO_KNOCKOFF = "No knockoff was trained."

ACCURACY = Heading("Accuracy ↑", "of the teacher, %", percent)

THIEVES = {
    "thief": Heading("Thief"),
    "gain": Heading("Gain ↑", "points [bounds]", points),
    "knockoff": Heading("Strongest knockoff ↑", "of the unprotected teacher, %", percent),
    "queries": declared("knockoff", "queries", "Answers bought", "images asked about"),
    **WORTH,
    "ls": Heading("Its labels alone ↑", "LS student, %", percent),
    "pseudo": Heading("Its pseudo-labels ↑", "on the same images, %", percent),
    "seeds": Heading("Seeds"),
}


def verdict_matrix(tables: Tables) -> PageTable:
    """Teachers as rows, thieves as columns: verdict, largest gain with its bounds and attack, price where undecided."""
    verdicts, thieves = hardest_first(tables), asking_thieves(tables)
    accuracy = estimates(teachers_of(tables), ["model"], "test_accuracy")
    counts = verdicts.groupby("thief")["seeds"].nunique()
    differ, columns = set(counts[counts > 1].index), {}
    for thief in thieves:
        seeds = seeds_range(int(n) for n in verdicts.loc[verdicts["thief"] == thief, "seeds"].dropna())
        columns[thief] = Heading(thief_title(thief), "\n".join([*means_lines(tables.facts, thief), seeds]), points)
    rows = []
    for _, group in verdicts.groupby("row", sort=False):
        first, found = records(group)[0], {v.thief: _verdict(tables, v, v.thief in differ) for v in records(group)}
        rows.append(
            {"row": lines(first.title, quiet("positive control" if first.unprotected else ""))}
            | {thief: found.get(thief) or _absent(tables, first, thief) for thief in thieves}
            | {"accuracy": accuracy.get(first.teacher) or Absent("not measured")}
        )
    return PageTable(
        "thieves-verdicts",
        "Whom can each thief distill?",
        {"row": Heading("Teacher"), **columns, "accuracy": ACCURACY},
        rows,
        sample=" Hardest to steal from first, by the largest gain of any thief; beneath each verdict the largest gain "
        f"in points [bounds that decide] and its attack. {sample(tables)}, {seeds_of(verdicts)}",
        notes=_verdict_notes(tables, verdicts) if rows else (),
        otherwise=NO_KNOCKOFF,
    )


def thieves_table(tables: Tables) -> PageTable:
    """One row per thief and pair of networks: means, answers bought, controls, what it takes from the unprotected."""
    cells = strongest(tables)
    cells = cells[cells["unprotected"].astype(bool)]
    order, several = asking_thieves(tables), cells["pair"].nunique() > 1
    return PageTable(
        "thieves",
        "What each thief has, and what it takes from the teacher without protection.",
        THIEVES,
        [_thief(tables, cell, several) for cell in sorted(records(cells), key=lambda cell: order.index(cell.thief))],
        sample=f" {sample(tables)}",
        notes=[
            "Worth: with how many labels alone a student is as accurate, read off the curve of the LS students, beyond "
            "whose ends nothing can be read; an answer: what is beyond the thief's labels, over the answers bought; "
            "bootstrap over seeds of both.",
            GRADE_NOTE,
        ],
    )


def controls_table(tables: Tables) -> PageTable:
    """Whatever has labels: what they alone are worth to a student."""
    frame = tables["labels"].sort_values("labels", kind="stable")
    kinds = {"ls_student": "its labels alone", "pseudo_student": "its pseudo-labels"}
    frame = frame.assign(
        thief=frame["thief"].map(thief_title),
        means=[means_phrase(tables.facts, thief) for thief in frame["thief"]],
        role=frame["role"].map(kinds),
    )
    columns = {
        "thief": Heading("Thief"),
        "means": Heading("Means"),
        "student": Heading("Student"),
        "role": Heading("Learns from"),
        "accuracy": Heading("Accuracy ↑", "%", percent, ("low", "high")),
        "seeds": declared("labels", "seeds", "Seeds"),
    }
    return PageTable("controls", "What labels are worth without answers", columns, rows_of(frame, columns),
                 sample=f", {sample(tables)}")  # fmt: skip


def _verdict_notes(tables: Tables, verdicts: "pd.DataFrame") -> list[str]:
    return [
        notes.control_note(tables),
        notes.rule_note(tables),
        notes.levels_note(tables),
        notes.POPULATION,
        notes.PRICE if any(price_phrase(tables, v) for v in records(verdicts)) else "",
        notes.fewer_note(verdicts),
        gap_note(gaps(tables, "knockoff")),
        GRADE_NOTE,
    ]


def _verdict(tables: Tables, v: Any, seeds: bool) -> Content:  # noqa: ANN401 - a row
    """One verdict: chip, gain with bounds and attack, price; with its seeds where those of its thief differ."""
    by = f"by {int(v.attacks)} attack{'s' * (int(v.attacks) > 1)}" if v.verdict == "undistillable" else ""
    attack = attack_name(tables, v.best_attack) + (f", {seeds_phrase(int(v.seeds))}" if seeds else "")
    gain = beside(Measured(v.best_delta, v.lower, v.upper), quiet(attack))
    return lines(beside(verdict(v.verdict, str(v.reason)), by), gain, quiet(price_phrase(tables, v)))


def _absent(tables: Tables, first: Any, thief: str) -> Absent:  # noqa: ANN401 - a row
    found = gaps(tables, "knockoff", thief=thief, teacher=first.teacher)
    return Absent(reason(found, "this thief does not rob this teacher"))


def _thief(tables: Tables, cell: Any, several: bool) -> dict[str, Content]:  # noqa: ANN401 - a row
    """What one thief has, pays and takes."""
    attacked = f"{cell.row}, {attack_name(tables, cell.attack)}"
    return {
        "thief": lines(thief_title(cell.thief), quiet(cell.pair if several else "")),
        "gain": Measured(cell.best_delta, cell.lower, cell.upper),
        "knockoff": lines(
            Measured(cell.knockoff_accuracy, cell.knockoff_low, cell.knockoff_high), quiet(attacked)
        ),
        "queries": cell.queries,
        **worth_cells(tables, cell),
        "ls": _control(tables, cell, "ls_student"),
        "pseudo": _control(tables, cell, "pseudo_student"),
        "seeds": lines(whole(cell.seeds), quiet(f"controls {int(cell.control_seeds)}")),
    }  # fmt: skip


def _control(tables: Tables, cell: Any, role: str) -> Content:  # noqa: ANN401 - a row
    """What a thief's students of a role reach without answers."""
    row = controls_of(tables).get((cell.thief, cell.student, role))
    if row is None:
        return Absent(reason(gaps(tables, role=role, thief=cell.thief), "this thief holds no unlabeled image"))
    return Measured(row.accuracy, row.low, row.high)
