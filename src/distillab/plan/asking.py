"""Which open cells of the knockoff matrix get seeds next, and up to which look."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import Any

from distillab.core.errors import SpecError
from distillab.core.job import Plan
from distillab.metrics.decisions import OPEN
from distillab.params.asked import AskedCell
from distillab.params.root import Params
from distillab.plan.effort import Effort
from distillab.plan.seeds import cell_seeds, cells_of
from distillab.studies import STUDIES
from distillab.tables.tuning import KnockoffCell

Row = dict[str, Any]

NO_CONTROL = "no control"


@dataclass(frozen=True)
class Allowance:
    """What one call may ask for; None is no limit."""

    knockoffs: int | None = None
    """Trainings of knockoffs."""
    hours: float | None = None
    """Of all further trainings on one core or device."""

    def allows(self, effort: Effort) -> bool:
        """Whether so much can be asked for; not what takes nobody knows how long, where hours are limited."""
        if self.knockoffs is not None and effort.knockoffs > self.knockoffs:
            return False
        return self.hours is None or (effort.seconds is not None and effort.seconds <= 3600 * self.hours)

    def less(self, effort: Effort) -> "Allowance":
        """What is left after it was spent."""
        knockoffs = None if self.knockoffs is None else max(0, self.knockoffs - effort.knockoffs)
        return Allowance(knockoffs, None if self.hours is None else self.hours - (effort.seconds or 0) / 3600)


@dataclass(frozen=True)
class OpenTeacher:
    """A defense's teachers, of which it is not decided whether a thief can distill them."""

    thief: str
    defense: str
    looks: dict[AskedCell, int]
    """Its open cells that can have more seeds, and the seeds of their next looks."""
    stopped: dict[AskedCell, str]
    """Those that cannot, and why."""


def page_of_verdicts(plan: Plan) -> str | None:
    """The first chosen study whose page shows verdicts; None if there is none."""
    return next((study for study in plan.studies if "verdicts" in STUDIES[study].tables), None)


def page_to_decide(plan: Plan) -> str:
    """The page whose open verdicts can be decided.

    Raises:
        SpecError: No chosen study has any, or no looks are stated.
    """
    page = page_of_verdicts(plan)
    if page is None:
        known = ", ".join(name for name, study in STUDIES.items() if "verdicts" in study.tables)
        raise SpecError(
            "no study with verdicts", where="params: studies", expected=f"one of {known}", got=", ".join(plan.studies)
        )
    if not plan.params["decide"]["looks"]:
        raise SpecError(
            "no looks",
            where="params: decide.looks",
            expected="numbers of seeds at which open cells are looked at, stated before the numbers are seen",
            do="write e.g. `decide: {looks: [4, 8, 16, 32]}` into the override of params.yaml",
        )
    return page


def open_teachers(params: Params, knockoff: Iterable[Row], verdicts: Iterable[Row]) -> list[OpenTeacher]:
    """The teachers with open cells, the nearest to a decision first.

    Nearest is whose verdict has the lowest price in trainings; those without a control come after the others, as more
    of their seeds can only show a leak.

    Args:
        params: What is asked for so far.
        knockoff: Rows of the table ``knockoff``.
        verdicts: Rows of the table ``verdicts``.
    """
    distances = _distances(verdicts)
    missing: dict[AskedCell, int] = {}
    for row in knockoff:
        if row["open"]:
            cell = _cell_of(params, row)
            missing[cell] = missing.get(cell, 0) + row["missing"]
    order = [AskedCell(thief, *cell) for thief in params.thieves for cell in cells_of(params, thief)]
    teachers = dict.fromkeys((cell.thief, cell.defense) for cell in order if cell in missing)
    found = list[OpenTeacher]()
    for thief, defense in teachers:
        cells = [cell for cell in order if cell in missing and cell[:2] == (thief, defense)]
        stopped = {cell: why for cell in cells if (why := _stopped(params, cell, missing[cell]))}
        looks = {cell: look for cell in cells if cell not in stopped and (look := next_look(params, cell))}
        found.append(OpenTeacher(thief, defense, looks, stopped))
    return sorted(found, key=lambda teacher: distances.get((teacher.thief, teacher.defense), (True, inf)))


def within(
    budget: Allowance, teachers: Sequence[OpenTeacher], effort_of: Callable[[Iterable[AskedCell]], Effort]
) -> dict[AskedCell, int]:
    """The cells to ask for, with the seeds of their next looks: all of a teacher or none, as far as a budget goes.

    Args:
        budget: What may be spent.
        teachers: The nearest to a decision first.
        effort_of: What the next looks of some cells cost together.
    """
    chosen: dict[AskedCell, int] = {}
    for teacher in teachers:
        if teacher.looks and budget.allows(effort_of([*chosen, *teacher.looks])):
            chosen |= teacher.looks
    return chosen


def next_look(params: Params, cell: AskedCell) -> int | None:
    """The seeds at which a cell is to be looked at next; None after the last look."""
    have = len(cell_seeds(params, *cell))
    return next((look for look in params.decide.looks if look > have), None)


def _stopped(params: Params, cell: AskedCell, missing: int) -> str:
    """Why a cell cannot have more seeds; empty if it can."""
    look, cap = next_look(params, cell), params.rows[cell.defense].seeds
    if missing:
        return "networks are missing, and more of them would be, too"
    if look is None:
        return f"they had their last look; decide.looks ends at {params.decide.looks[-1]}"
    if cap is not None and look > cap:
        return f"defenses.{cell.defense}.seeds is {cap}, and the next look is at {look}"
    return ""


def _cell_of(params: Params, row: Row) -> AskedCell:
    """The cell that a row rests on; a tuned attack is the attack whose trials it chooses from."""
    attacks = params.knockoff.attacks
    named = {KnockoffCell("", "", attack, tuned).name: attack for tuned in (True, False) for attack in attacks}
    return AskedCell(row["thief"], row["defense"], named[row["attack"]])


def _distances(verdicts: Iterable[Row]) -> dict[tuple[str, str], tuple[bool, float]]:
    """Thief and defense to how far the nearest of their open verdicts is from a decision."""
    found: dict[tuple[str, str], tuple[bool, float]] = {}
    for row in verdicts:
        if row["verdict"] in OPEN:
            key, price = (row["thief"], row["defense"]), row["price_runs"]
            distance = row["verdict"] == NO_CONTROL, inf if price is None or isnan(price) else float(price)
            found[key] = min(found.get(key, distance), distance)
    return found
