"""Thieves and verdicts: what each thief has and reaches, and whom it can distill."""

from html import escape
from typing import TYPE_CHECKING, Any

import distillab.reporting.verdict_notes as notes
from distillab.reporting.absent import gap_note, gaps, reason
from distillab.reporting.display import Html, chip, header, interval, missing, percent, points, table, table_cell
from distillab.reporting.knockoff_rows import attack_name, sample, seeds_of
from distillab.reporting.names import grade_note
from distillab.reporting.protection_views import worth_cells
from distillab.reporting.summaries import OVER_SEEDS, estimate_cell, over_seeds, seeds_phrase, seeds_range, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import means_lines, thief_title
from distillab.reporting.thief_rows import asking_thieves, controls_of, hardest_first, price_phrase, strongest

if TYPE_CHECKING:
    import pandas as pd


_CONTROL = '<br><span class="cell grade">positive control</span>'


def verdict_matrix(tables: Tables) -> Html:
    """Teachers as rows, thieves as columns: verdict, largest gain with its bounds and attack, price where undecided."""
    import pandas as pd

    verdicts, thieves = hardest_first(tables), asking_thieves(tables)
    means = over_seeds(teachers_of(tables), ["model"], "test_accuracy")
    accuracy = {row.model: estimate_cell(row, percent) for row in records(means)}
    counts = verdicts.groupby("thief")["seeds"].nunique()
    rows, differ = [], set(counts[counts > 1].index)
    for _, group in verdicts.groupby("row", sort=False):
        first, found = records(group)[0], {v.thief: _cell(tables, v, v.thief in differ) for v in records(group)}
        rows.append(
            {"row": first.html + (_CONTROL if first.unprotected else "")}
            | {thief: found.get(thief) or _absent(tables, first, thief) for thief in thieves}
            | {"accuracy": accuracy.get(first.teacher) or missing("not measured")}
        )
    columns = {thief: _title(tables, thief, verdicts[verdicts["thief"] == thief]) for thief in thieves}
    labels = {"row": header("Teacher", "grade"), **columns, "accuracy": header("Accuracy ↑", "of the teacher, %")}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="thieves-verdicts",
        caption=f"<b>Whom can each thief distill?</b> Hardest to steal from first, by the largest gain of any thief; "
        f"beneath each verdict the largest gain in points [bounds that decide] and its attack. {sample(tables)}, "
        f"{seeds_of(verdicts)}.",
        labels=labels,
        notes=[
            escape(notes.control_note(tables)),
            notes.rule_note(tables),
            escape(notes.levels_note(tables)),
            notes.POPULATION,
            notes.PRICE if any(price_phrase(tables, v) for v in records(verdicts)) else "",
            notes.fewer_note(verdicts),
            gap_note(gaps(tables, "knockoff")),
            grade_note(tables, [*verdicts["defense"], *_attacks(verdicts)]),
        ],
    )


def thieves_table(tables: Tables) -> Html:
    """One row per thief and pair of networks: means, answers bought, controls, what it takes from the unprotected."""
    import pandas as pd

    cells = strongest(tables)
    cells = cells[cells["unprotected"]]
    order = asking_thieves(tables)
    shown = sorted(records(cells), key=lambda cell: order.index(cell.thief))
    several = cells["pair"].nunique() > 1
    rows = [
        {
            "thief": escape(thief_title(cell.thief)) + _beneath(escape(cell.pair) if several else ""),
            "means": table_cell("<br>".join(map(escape, means_lines(tables.facts, cell.thief)))),
            "gain": table_cell(interval(*map(points, (cell.best_delta, cell.lower, cell.upper)))),
            "knockoff": _two_lines(
                interval(*map(percent, (cell.knockoff_accuracy, cell.knockoff_low, cell.knockoff_high))),
                f"{escape(cell.row)}, {escape(attack_name(tables, cell.attack))}",
            ),
            "queries": f"{int(cell.queries):,}",
            **worth_cells(tables, cell),
            "ls": _control(tables, cell, "ls_student"),
            "pseudo": _control(tables, cell, "pseudo_student"),
            "seeds": _two_lines(f"{int(cell.seeds)}", f"controls {int(cell.control_seeds)}"),
        }
        for cell in shown
    ]
    labels = {
        "thief": "Thief",
        "means": header("Means", "labels, questions, what it sees"),
        "gain": header("Gain ↑", "points [bounds]"),
        "knockoff": header("Strongest knockoff ↑", "of the unprotected teacher, %"),
        "queries": header("Answers bought", "images asked about"),
        "equivalent": header("Worth ↑", "labels [95 %]"),
        "per_answer": header("An answer ↑", "labels [95 %]"),
        "ls": header("Its labels alone ↑", "LS student, %"),
        "pseudo": header("Its pseudo-labels ↑", "on the same images, %"),
        "seeds": "Seeds",
    }
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="thieves",
        caption=f"<b>What each thief has, and what it takes from the teacher without protection.</b> {sample(tables)}.",
        labels=labels,
        notes=[
            f"Intervals of accuracies: {OVER_SEEDS}, on these test images. Gain: over the mean "
            "of the LS students, and where there is a second control the smaller of both; its bounds are those that "
            "decide the verdict. Worth: with how many labels alone a student is as accurate as this knockoff, read off "
            "the curve of the LS students, beyond whose ends nothing can be read; an answer: what is beyond the labels "
            "that the thief has, over the answers bought; bootstrap over seeds of both.",
            grade_note(tables, [*cells["defense"], *cells["attack"]]),
        ],
    )


def _cell(tables: Tables, v: Any, seeds: bool) -> str:  # noqa: ANN401 - a row
    """One verdict: chip, gain with bounds and attack, price; with its seeds where those of its thief differ."""
    by = f" by {int(v.attacks)} attack{'s' * (int(v.attacks) > 1)}" if v.verdict == "undistillable" else ""
    gain = interval(*map(points, (v.best_delta, v.lower, v.upper)))
    attack = attack_name(tables, v.best_attack) + (f", {seeds_phrase(int(v.seeds))}" if seeds else "")
    price = _beneath(escape(price_phrase(tables, v)))
    beneath = f'{gain} <span class="interval">{escape(attack)}</span>{price}'
    return table_cell(f"{chip(v.verdict, reason=str(v.reason))}{by}<br>{beneath}")


def _attacks(verdicts: "pd.DataFrame") -> list[str]:
    """Keys of the attacks that the verdicts name."""
    return [str(name).partition(" on ")[0] for name in verdicts["best_attack"]]


def _absent(tables: Tables, beside: Any, thief: str) -> str:  # noqa: ANN401 - a row
    found = gaps(tables, "knockoff", thief=thief, teacher=beside.teacher)
    return missing(reason(found, "this thief does not rob this teacher"))


def _title(tables: Tables, thief: str, verdicts: "pd.DataFrame") -> str:
    """A thief with its means, one under another, and the seeds of its verdicts."""
    lines = [*means_lines(tables.facts, thief), seeds_range(int(n) for n in verdicts["seeds"].dropna())]
    return escape(thief_title(thief)) + "".join(f"<span class='unit'>{escape(line)}</span>" for line in lines)


def _control(tables: Tables, cell: Any, role: str) -> str:  # noqa: ANN401 - a row
    """What a thief's students of a role reach without answers."""
    row = controls_of(tables).get((cell.thief, cell.student, role))
    if row is None:
        return missing(reason(gaps(tables, role=role, thief=cell.thief), "this thief holds no unlabeled image"))
    return table_cell(interval(*map(percent, (row.accuracy, row.low, row.high))))


def _two_lines(text: str, beneath: str) -> str:
    return table_cell(text + _beneath(beneath))


def _beneath(text: str) -> str:
    return f'<br><span class="interval">{text}</span>' if text else ""
