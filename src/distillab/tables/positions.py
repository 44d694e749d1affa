"""Numbers of the models of a chain by temperature, step and seed, and what they do along them, seed by seed."""

from collections.abc import Callable, Collection, Container, Mapping
from functools import reduce
from math import log2
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from distillab.metrics.trends import slope_per_doubling

if TYPE_CHECKING:
    import pandas as pd

Position = tuple[float, int, int]
"""Temperature, step and seed."""

ByPosition = dict[Position, float]
Value = TypeVar("Value")


def of_whole_seeds(
    numbers: Mapping[Position, Value], gone: Collection[Position], steps: Container[int] | None = None
) -> dict[Position, Value]:
    """The numbers of these steps, of the seeds of which none of them is gone."""
    seeds = {seed for _, step, seed in gone if steps is None or step in steps}
    return {key: value for key, value in numbers.items() if key[2] not in seeds and (steps is None or key[1] in steps)}


def means_on_common(
    by_image: Mapping[Position, "pd.Series[float]"], compared: Callable[[Position], tuple[float, int]]
) -> tuple[ByPosition, int]:
    """Means over the images that all models which are compared have, and the fewest such images.

    Args:
        by_image: numbers by image id.
        compared: what models that are compared with one another agree in.
    """
    groups: dict[tuple[float, int], list[Position]] = {}
    for position in by_image:
        groups.setdefault(compared(position), []).append(position)
    means: ByPosition = {}
    fewest: list[int] = []
    for positions in groups.values():
        common = reduce(lambda a, b: a.intersection(b), (by_image[position].index for position in positions))
        if len(common):
            fewest.append(len(common))
            means |= {position: float(by_image[position].loc[common].mean()) for position in positions}
    return {position: means[position] for position in by_image if position in means}, min(fewest, default=1)


def over_temperatures(numbers: ByPosition) -> tuple[float, ...]:
    """Per seed, the slope per doubling of T of the mean over the steps that the seed has at every temperature."""
    temperatures = sorted({key[0] for key in numbers})
    if len(temperatures) < 2:
        return ()
    slopes = []
    for seed in _seeds(numbers):
        steps = [s for s in _steps(numbers) if all((t, s, seed) in numbers for t in temperatures)]
        if steps:
            means = [float(np.mean([numbers[t, s, seed] for s in steps])) for t in temperatures]
            slopes.append(slope_per_doubling(temperatures, means))
    return tuple(slopes)


def over_steps(numbers: ByPosition) -> tuple[float, ...]:
    """Per seed, the least-squares slope per step of the mean over temperatures, over the steps that all seeds have."""
    temperatures = sorted({key[0] for key in numbers})
    seeds = _seeds(numbers)
    steps = [s for s in _steps(numbers) if all((t, s, seed) in numbers for t in temperatures for seed in seeds)]
    if len(steps) < 2:
        return ()
    means = [[float(np.mean([numbers[t, s, seed] for t in temperatures])) for s in steps] for seed in seeds]
    return tuple(float(np.polyfit(steps, row, 1)[0]) for row in means)


def later_minus_earlier(numbers: ByPosition, later: int, earlier: int) -> tuple[float, ...]:
    """Per seed, the mean over temperatures of one step's number minus another's."""
    differences: dict[int, list[float]] = {}
    for (temperature, step, seed), value in numbers.items():
        if step == later and (temperature, earlier, seed) in numbers:
            differences.setdefault(seed, []).append(value - numbers[temperature, earlier, seed])
    return tuple(float(np.mean(values)) for values in differences.values())


def doublings(numbers: ByPosition) -> float:
    """Over how many doublings of T these numbers reach, one at least."""
    temperatures = [key[0] for key in numbers]
    return max(1.0, log2(max(temperatures) / min(temperatures))) if temperatures else 1.0


def step_range(numbers: ByPosition) -> int:
    """Over how many steps these numbers reach, one at least."""
    steps = _steps(numbers)
    return max(1, steps[-1] - steps[0]) if steps else 1


def _steps(numbers: ByPosition) -> list[int]:
    return sorted({key[1] for key in numbers})


def _seeds(numbers: ByPosition) -> list[int]:
    return list(dict.fromkeys(key[2] for key in numbers))
