"""A number with its interval: over test images, over training seeds, or honestly without one."""

from dataclasses import dataclass
from math import fsum, inf, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from distillab.core.errors import ContractError
from distillab.metrics.arrays import Numbers, paired

MIN_SEEDS = 3
"""Below this many seeds the points are shown and no interval is claimed."""

LEVEL = 0.95
"""Two-sided confidence of every interval."""

RESAMPLES, ENTRIES = 1999, 2**22
"""Bootstrap replicates, and how many numbers are drawn at a time: 32 MiB."""

Kind = Literal["images", "seeds", "seeds and images", "points"]
"""What was resampled: test images of one model, training seeds, both, or nothing (no interval)."""


@dataclass(frozen=True)
class Estimate:
    """A value, its two-sided interval (None where none is claimed), and the n it rests on."""

    value: float
    low: float | None
    high: float | None
    n: int
    kind: Kind


def wilson(successes: int, n: int) -> Estimate:
    """A share in [0, 1] with Wilson's score interval over n images.

    Raises:
        ContractError: Not 0 <= successes <= n with n >= 1.

    Reference: Wilson 1927; without continuity correction.
    """
    if not 0 <= successes <= n or n == 0:
        raise ContractError("not a share", where="wilson", expected="0 <= successes <= n", got=f"{successes} of {n}")
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share, shrink = successes / n, 1 + z**2 / n
    center = (share + z**2 / (2 * n)) / shrink
    half = z * sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / shrink
    # The bounds are exactly 0 and 1 at the ends; rounding would leave them beside the value.
    low = 0.0 if successes == 0 else center - half
    high = 1.0 if successes == n else center + half
    return Estimate(share, low, high, n, "images")


def seed_interval(values: Numbers, *, within: tuple[float, float] = (-inf, inf), resolution: float = 0.0) -> Estimate:
    """Mean over training seeds with Student's t interval; no interval below three seeds.

    The standard deviation is never taken to be below the resolution: accuracies over n images are multiples of 1/n,
    and a few seeds that agree by chance prove no precision that one more image would end.

    Of a share, within (0, 1), the interval is Wilson's: those p from which the mean m of n seeds is no farther than t
    standard errors, ``(m - p)^2 <= t^2 f p (1 - p) / n``, with ``f = sd^2 / (m (1 - m))`` from the seeds and m taken to
    be one step away from 0 and 1 at least. In the middle that is Student's; near the ends it leans away from them, and
    it ends at them only where the mean does.

    Args:
        values: One finite number per seed.
        within: What the quantity cannot leave, e.g. ``(0, 1)`` for an accuracy; bounds are cut there.
        resolution: The step in which the quantity is counted, in its own unit: one test image.

    Raises:
        ContractError: No value, or one that is not finite.

    Reference: Wilson 1927, with a variance from the seeds; methods, thieves 5 (floor, shares).
    """
    n = paired("seed_interval", values)
    row = np.asarray(values, dtype=np.float64)
    if not np.isfinite(row).all():
        raise ContractError("a seed's value is not finite", where="seed_interval", got=str(row.tolist()))
    mean = fsum(row) / n
    if n < MIN_SEEDS:
        return Estimate(mean, None, None, n, "points")
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * max(float(np.std(row, ddof=1)), resolution) / sqrt(n)
    low, high = _share_bounds(mean, half, resolution) if within == (0, 1) else (mean - half, mean + half)
    return Estimate(mean, max(low, within[0]), min(high, within[1]), n, "seeds")


def _share_bounds(mean: float, half: float, step: float) -> tuple[float, float]:
    """Wilson's bounds of a share whose Student's interval is ``mean +- half``."""
    step = min(step, 0.5)
    inner = min(max(mean, step), 1 - step)
    if inner * (1 - inner) <= 0:
        return mean, mean
    factor = half**2 / (inner * (1 - inner))
    center = (mean + factor / 2) / (1 + factor)
    reach = sqrt(factor * mean * (1 - mean) + factor**2 / 4) / (1 + factor)
    # Rounding would leave a bound beside the end that it is.
    return center - reach if mean > 0 else 0.0, center + reach if mean < 1 else 1.0


def seed_difference(
    a: Numbers, b: Numbers, *, within: tuple[float, float] = (-inf, inf), resolution: float = 0.0
) -> Estimate:
    """Mean of ``a - b`` over seeds that pair up, with Student's t interval of the differences.

    Args:
        a: One finite number per seed.
        b: The same of what it is compared with.
        within: What the difference cannot leave, e.g. ``(-1, 1)`` for accuracies; bounds are cut there.
        resolution: As of `seed_interval`.

    Raises:
        ContractError: The seeds do not pair up, or a value is not finite.
    """
    paired("seed_difference", a, b)
    return seed_interval(np.subtract(a, b, dtype=np.float64), within=within, resolution=resolution)


def image_difference(a: Numbers, b: Numbers, *, seed: int) -> Estimate:
    """Mean of ``a - b`` over images that pair up, with the bias-corrected and accelerated bootstrap interval.

    Where every difference is the same there is nothing to resample, and no interval is claimed.

    Args:
        a: Per image: correctness, or a finite distance, of the first model.
        b: The same of the second model, on the same images in the same order.
        seed: Of the resampling; equal seeds give equal bounds.

    Raises:
        ContractError: The images do not pair up, or a value is not finite.

    Reference: Efron 1987.
    """
    n = paired("image_difference", a, b)
    differences = np.subtract(a, b, dtype=np.float64)
    if not np.isfinite(differences).all():
        raise ContractError("an image's difference is not finite", where="image_difference", do="compare finite pairs")
    mean = fsum(differences) / n
    if np.ptp(differences) == 0:
        return Estimate(mean, None, None, n, "points")
    # Late, because scipy.stats costs half a second that training processes need not pay.
    from scipy.stats import bootstrap

    low, high = bootstrap(
        (differences,),
        np.mean,
        confidence_level=LEVEL,
        n_resamples=RESAMPLES,
        batch=1 + ENTRIES // n,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(mean, float(low), float(high), n, "images")
