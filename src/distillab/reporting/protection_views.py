"""What defenses take from thieves, and what answers are worth in labels."""

from math import isfinite, nan
from typing import Any

from distillab.reporting.cells import Absent, Content, Measured, beside, known, lines, quiet, verdict
from distillab.reporting.columns import Heading, declared
from distillab.reporting.display import number, percent, points
from distillab.reporting.kit import PageTable
from distillab.reporting.knockoff_rows import sample
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title
from distillab.reporting.thief_rows import asking_thieves, hardest_first
from distillab.reporting.verdict_notes import margin_phrase

_SIDES = {-1: "< ", 0: "", 1: "> "}
"""On which side of a number of labels the true one lies, where the curve ends there."""

_NO_SEED = "no seed in common with the unprotected teacher"

WORTH = {
    "equivalent": declared("worth", "equivalent", "Worth ↑", "labels [95 %]"),
    "per_answer": declared("worth", "per_answer", "An answer ↑", "labels [95 %]"),
}


def protection_table(tables: Tables) -> PageTable:
    """Defended teachers as rows, thieves as columns: share of the leak removed, whether it protects; and its cost.

    Nothing where no defended teacher stands beside an unprotected one.
    """
    verdicts = hardest_first(tables)
    verdicts = verdicts[verdicts["protects"].notna()]
    if len(verdicts) and not verdicts["share_removed"].astype("float64").notna().any():
        verdicts = verdicts.iloc[:0]
    thieves = [thief for thief in asking_thieves(tables) if thief in set(verdicts["thief"])]
    rows = []
    for _, group in verdicts.groupby("row", sort=False):
        first, found = records(group)[0], {v.thief: _shielded(v) for v in records(group)}
        cells = {thief: found.get(thief) or Absent("this thief does not rob this teacher") for thief in thieves}
        rows.append(
            {"row": first.title} | cells | {"cost": known(first.cost, first.cost_low, first.cost_high, absent=_NO_SEED)}
        )
    removed = {thief: Heading(thief_title(thief), "% removed [95 %]", percent) for thief in thieves}
    cost = Heading("Cost ↓", "points of accuracy [95 %]", points)
    return PageTable(
        "protection",
        "What does each defense take from a thief?",
        {"row": Heading("Teacher"), **removed, "cost": cost},
        rows,
        sample=" Share of the unprotected teacher's leak that is gone for the attack that loses least: 100 % leaves "
        "nothing, 0 % is no defense. Intervals over training seeds on these test images; "
        f"{sample(tables)}, seeds as in the table of verdicts",
        notes=[
            "A defense protects if every attack surely keeps less than half of the leak and the teacher's accuracy is "
            f"surely less than the margin of {margin_phrase(tables)} below that of the unprotected one; corrected for "
            "the number of teachers (Holm) and of looks. The leak is measured by an attack that was fixed beforehand. "
            "Shares: by Fieller, several attacks together; costs: all teachers together (Dunnett).",
        ],
    )


def worth_cells(tables: Tables, cell: Any) -> dict[str, Content]:  # noqa: ANN401 - a row
    """Equivalent labels and labels per answer of a knockoff by column; dashes without a curve."""
    worth = tables["worth"]
    named = ["thief", "teacher", "student", "attack"]
    found = records(worth[(worth[named] == [getattr(cell, name) for name in named]).all(axis=1)])
    if not found:
        return dict.fromkeys(WORTH, Absent("one number of labels is no curve to read"))
    return {"equivalent": _worth(found[0], "equivalent", 3), "per_answer": _worth(found[0], "per_answer", 2)}


def _worth(row: Any, name: str, digits: int) -> Content:  # noqa: ANN401 - a row
    """A number of labels with its interval, each with its side where the curve ends before it."""
    value, *bounds = [_reading(row, f"{name}{end}", digits) for end in ("", "_low", "_high")]
    return value if bounds == [value, value] else beside(value, quiet(f"[{', '.join(bounds)}]"))


def _reading(row: Any, name: str, digits: int) -> str:  # noqa: ANN401 - a row
    value, side = getattr(row, name), getattr(row, f"{name}_beyond")
    if not isfinite(_float(value)):
        return number(value)
    whole = side and name.startswith("equivalent")  # the curve ends at a number of labels
    return _SIDES[int(side)] + (f"{value:,.0f}" if whole else number(value, digits=digits))


def _shielded(v: Any) -> Content:  # noqa: ANN401 - a row
    """The share of the leak that a defense removes, and whether it protects."""
    said = verdict("protects" if v.protects else "not shown", str(v.protection_reason))
    share, low, high = (_float(each) for each in (v.share_removed, v.share_low, v.share_high))
    if not isfinite(share):
        return lines(said, Absent("no leak surely above the margin is shown"))
    at_least = quiet(f"at least {percent(low)}") if isfinite(low) and not isfinite(high) else ""
    return lines(said, beside(Measured(share, low, high), at_least))


def _float(value: float | None) -> float:
    return nan if value is None else float(value)
