"""What defenses take from thieves, and what answers are worth in labels: as tables and as cells of tables."""

from html import escape
from math import isfinite
from typing import Any

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
from distillab.reporting.knockoff_rows import sample
from distillab.reporting.names import grade_note
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title
from distillab.reporting.thief_rows import asking_thieves, hardest_first
from distillab.reporting.verdict_notes import margin_phrase

_SIDES = {-1: "< ", 0: "", 1: "> "}
"""On which side of a number of labels the true one lies, where the curve ends there."""


def protection_table(tables: Tables) -> Html:
    """Defended teachers as rows, thieves as columns: share of the leak removed, whether it protects; and its cost.

    Nothing where no defended teacher stands beside an unprotected one.
    """
    import pandas as pd

    verdicts = hardest_first(tables)
    verdicts = verdicts[verdicts["protects"].notna()]
    if verdicts.empty:
        return Html("")
    thieves = [thief for thief in asking_thieves(tables) if thief in set(verdicts["thief"])]
    rows = []
    for _, group in verdicts.groupby("row", sort=False):
        first, found = records(group)[0], {v.thief: _shielded(v) for v in records(group)}
        cells = {thief: found.get(thief) or missing("this thief does not rob this teacher") for thief in thieves}
        rows.append({"row": first.html} | cells | {"cost": _points(first.cost, first.cost_low, first.cost_high)})
    titles = {thief: header(thief_title(thief), "% removed [95 %]") for thief in thieves}
    labels = {"row": header("Teacher", "grade"), **titles, "cost": header("Cost ↓", "points of accuracy [95 %]")}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="protection",
        caption="<b>What does each defense take from a thief?</b> Share of the unprotected teacher's leak that is gone "
        "for the attack that loses least: 100 % leaves nothing, 0 % is no defense. Intervals over training seeds on "
        f"these test images; {sample(tables)}, seeds as in the table of verdicts.",
        labels=labels,
        notes=[
            "A defense protects if every attack surely keeps less than half of the leak and the teacher's accuracy is "
            f"surely less than the margin of {margin_phrase(tables)} below that of the unprotected one; corrected for "
            "the number of teachers (Holm) and of looks. Point at the words for what speaks most against it.",
            "The leak is measured by an attack that was fixed beforehand. No share where the leak is not surely above "
            "the margin. Shares: by Fieller, several attacks together; costs: all teachers together (Dunnett).",
            grade_note(tables, list(verdicts["defense"])),
        ],
    )


def worth_cells(tables: Tables, cell: Any) -> dict[str, str]:  # noqa: ANN401 - a row
    """Equivalent labels and labels per answer of a knockoff, as table cells by column; dashes without a curve."""
    worth = tables["worth"]
    named = ["thief", "teacher", "student", "attack"]
    found = records(worth[(worth[named] == [getattr(cell, name) for name in named]).all(axis=1)])
    if not found:
        return dict.fromkeys(("equivalent", "per_answer"), missing("one number of labels is no curve to read"))
    return {"equivalent": _worth(found[0], "equivalent", 3), "per_answer": _worth(found[0], "per_answer", 2)}


def _worth(row: Any, name: str, digits: int) -> str:  # noqa: ANN401 - a row
    """A number of labels with its interval, each with its side where the curve ends before it."""
    value, *bounds = [_reading(row, f"{name}{end}", digits) for end in ("", "_low", "_high")]
    return table_cell(value if bounds == [value, value] else interval(value, *bounds))


def _reading(row: Any, name: str, digits: int) -> str:  # noqa: ANN401 - a row
    value, side = getattr(row, name), getattr(row, f"{name}_beyond")
    if not isfinite(_float(value)):
        return number(value)
    whole = side and name.startswith("equivalent")  # the curve ends at a number of labels
    return escape(_SIDES[int(side)]) + (f"{value:,.0f}" if whole else number(value, digits=digits))


def _shielded(v: Any) -> str:  # noqa: ANN401 - a row
    """The share of the leak that a defense removes, and whether it protects."""
    low, high = (f"{percent(bound)}" if isfinite(_float(bound)) else "" for bound in (v.share_low, v.share_high))
    bounds = f"[{low}, {high}]" if low and high else f"at least {low}" if low else ""
    share = f'{percent(v.share_removed)} <span class="interval">{bounds}</span>'
    known = share if isfinite(_float(v.share_removed)) else missing("no leak surely above the margin is shown")
    return table_cell(f"{chip('protects' if v.protects else 'not shown', reason=str(v.protection_reason))}<br>{known}")


def _points(value: float, low: float, high: float) -> str:
    return table_cell(interval(points(value), points(low), points(high)))


def _float(value: float | None) -> float:
    return float("nan") if value is None else float(value)
