"""What a run could find, said before it runs: the smallest gain that its seeds would probably show."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import fsum, sqrt
from typing import Any

from scipy.special import stdtrit

from distillab.metrics.intervals import LEVEL, MIN_SEEDS
from distillab.metrics.levels import Levels
from distillab.metrics.moderated import PRIOR_CAP
from distillab.metrics.planning import POWER, detectable_gain
from distillab.tables.cells import planned_cells
from distillab.tables.looks import thief_levels
from distillab.tables.results import Results
from distillab.tables.thefts import further_looks
from distillab.tables.tuning import KnockoffCell

Row = dict[str, Any]

ASSUMED_SD = 0.02
"""Standard deviation over seeds where no table tells it: that of thieves with few labels on digits.

Reference: methods, thieves 1.
"""


def power_text(results: Results, knockoff: Iterable[Row]) -> str:
    """Per thief the smallest gain over its controls that would be called distillable with `POWER`; empty without any.

    At the seeds that most of its cells have, and at the last look; at one look and over one control. From where all
    cells of an attack have one variance, of which they know as much as they may borrow, to where each has its own.

    Args:
        results: The plan, of which nothing needs to be made.
        knockoff: Rows of the finished table ``knockoff``, which tell the spread; none if there are none.
    """
    levels, rows = planned_levels(results), list(knockoff)
    lines = [_line(results, thief, levels[thief], [row for row in rows if row["thief"] == thief]) for thief in levels]
    if not lines:
        return ""
    head = f"gains that would be called distillable with {100 * POWER:.0f} % power, where the cells of an attack have"
    return "\n".join([f"{head} one spread to where each has its own", *lines])


def planned_levels(results: Results) -> dict[str, Levels]:
    """Thief to the error rates of its verdicts, as the page shares them out; of the teacher with most attacks.

    Reference: methods, thieves 5.
    """
    found = thief_levels(results)
    counts = {thief: _counts(planned_cells(results, thief)) for thief in found}
    return {
        thief: replace(found[thief], teachers=teachers, attacks=attacks)
        for thief, (teachers, attacks) in counts.items()
    }


def spread(means: Iterable[tuple[float, float | None, float | None, int]], step: float = 0.0) -> float | None:
    """The standard deviation over seeds that mean shares with Wilson's intervals had, pooled; None where none has any.

    The interval's ends are the p with ``(m - p)^2 = h^2 p (1 - p) / (m (1 - m))``, with h Student's half width, and m
    in the last term not closer to 0 and 1 than a step.

    Args:
        means: Value, bounds and seeds.
        step: What one test image is worth.

    Reference: `distillab.metrics.intervals.seed_interval`.
    """
    squares = list[float]()
    for value, low, high, n in means:
        if low is not None and high is not None:
            bound = low if value > 0.5 else high  # the one that is farther from its end
            inner = min(max(value, step), 1 - step)
            square = (value - bound) ** 2 / (bound * (1 - bound)) * inner * (1 - inner)
            squares.append(square * n / float(stdtrit(n - 1, (1 + LEVEL) / 2)) ** 2)
    return sqrt(fsum(squares) / len(squares)) if squares else None


def _line(results: Results, thief: str, levels: Levels, rows: list[Row]) -> str:
    sd, control_sd = _spread_of(rows, "knockoff", "seeds"), _spread_of(rows, "ls", "control_seeds")
    known = "of the finished tables" if sd else "assumed"
    sd = sd or ASSUMED_SD
    seeds, controls = _planned(results, thief)
    alike = len({cell.teacher for cell in planned_cells(results, thief)})
    last = max(further_looks(results, thief), default=seeds)
    designs = [(seeds, controls), *([(last, max(last, controls))] if last > seeds else [])]
    found = [
        f"{_gains(n, sd, n_control, control_sd, levels, alike)} with {n} seeds and {n_control} controls"
        for n, n_control in designs
    ]
    counts = ((levels.teachers, "verdict"), (levels.attacks, "attack"), (levels.looks, "look"))
    family = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts)
    return f"  {thief}: {', '.join(found)} ({family}; standard deviation {_points(sd)} points, {known})"


def _spread_of(rows: Sequence[Row], name: str, seeds: str) -> float | None:
    step = 1 / max(1, min((row["test_n"] for row in rows), default=1))
    means = ((row[f"{name}_accuracy"], row[f"{name}_low"], row[f"{name}_high"], row[seeds]) for row in rows)
    return spread(means, step)


def _gains(  # noqa: PLR0917 - a design is this many numbers
    n: int, sd: float, n_control: int, control_sd: float | None, levels: Levels, alike: int
) -> str:
    """The smallest gain with what an attack's cells, ``alike``, may borrow from each other, and with nothing."""
    if min(n, n_control) < MIN_SEEDS:
        return "none"
    weights = min(PRIOR_CAP, (n - 1) * (alike - 1)), 0.0
    gains = (detectable_gain(n, sd, n_control, levels, control_sd=control_sd, prior_df=weight) for weight in weights)
    return f"{' to '.join(dict.fromkeys(_points(min(gain, 1.0)) for gain in gains))} points"


def _counts(cells: Iterable[KnockoffCell]) -> tuple[int, int]:
    """Verdicts about these cells, and the most attacks that one is over: on all students together, if several."""
    attacks = Counter((cell.teacher, cell.student) for cell in cells)
    students: dict[str, list[int]] = defaultdict(list)
    for (teacher, _), count in attacks.items():
        students[teacher].append(count)
    verdicts = sum(len(counts) + (len(counts) > 1) for counts in students.values())
    return verdicts, max(map(sum, students.values()), default=0)


def _planned(results: Results, thief: str) -> tuple[int, int]:
    """Seeds that most cells of a thief have, and the fewest controls of a student network."""
    cells = planned_cells(results, thief)
    controls: dict[str, set[int]] = {cell.student: set() for cell in cells}
    for run in results.planned:
        if run.role == "ls_student" and run.thief == thief and run.arch in controls:
            controls[run.arch].add(run.seed)
    ((seeds, _),) = Counter(len({run.seed for run in runs}) for runs in cells.values()).most_common(1)
    return seeds, min(map(len, controls.values()))


def _points(share: float) -> str:
    return f"{100 * share:.2f}"
