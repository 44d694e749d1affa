"""Evidence on a claim: one difference per seed, or a bound that was corrected for chance before."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sample:
    """One difference per seed, in the unit of the claim."""

    context: str
    """What else it depends on: thief, networks, attack, radius."""
    values: tuple[float, ...]
    n: int
    """Test images of a seed's number."""
    resolution: float = 0.0
    """The step in which the values are counted."""


@dataclass(frozen=True)
class Bounded:
    """A largest gain over several attacks, with bounds that are corrected for chance over all that were tried."""

    context: str
    value: float
    low: float | None
    high: float | None
    seeds: int
    n: int


ClaimEvidence = Sample | Bounded


def compared(
    context: str,
    of: "pd.DataFrame",
    against: "pd.DataFrame",
    column: str,
    *,
    within: tuple[str, ...] = (),
    scale: float = 1.0,
    counted: bool = True,
    relative: bool = False,
) -> list[Sample]:
    """One difference per seed of the means of a column; no sample where no seed has both sides.

    Rows pair up by seed and by what they are alike ``within``: a mean is over the same temperatures, steps or attacks
    on both sides. A seed that lacks a pair which another one has counts for nothing.

    Args:
        context: What else the difference depends on.
        of: One side, with ``seed`` and its number of images ``n``.
        against: The other side.
        column: What is compared.
        within: Columns by which rows pair up besides the seed.
        scale: What the numbers are multiplied by, 100 for points.
        counted: Whether a number counts images, so that it moves in steps of one of them.
        relative: Whether the difference is in percent of the other side's mean.
    """
    on, other = ["seed", *within], f"{column}_against"
    pairs = of[[*on, column, "n"]].merge(against[[*on, column, "n"]], on=on, suffixes=("", "_against"))
    pairs = pairs[np.isfinite(pairs[[column, other]].astype(float)).all(axis=1)]
    # Without any column to pair by, a seed is one pair.
    each = len(pairs[[*within]].drop_duplicates()) if within else 1
    pairs = pairs[pairs.groupby("seed")[column].transform("size") == each]
    means = scale * pairs.groupby("seed")[[column, other]].mean()
    means = means[means[other] != 0] if relative else means
    if means.empty:
        return []
    values = 100 * (means[column] / means[other] - 1) if relative else means[column] - means[other]
    n = int(pairs[["n", "n_against"]].to_numpy().min())
    return [Sample(context, tuple(map(float, values)), n, scale / n if counted else 0.0)]
