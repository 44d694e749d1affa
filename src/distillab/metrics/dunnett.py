"""Several models against one, paired over seeds: which of them differ, all at one error rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr

from distillab.core.errors import ContractError
from distillab.metrics.gains import Accuracies
from distillab.metrics.intervals import LEVEL, MIN_SEEDS
from distillab.metrics.moderated import moderate

CORRELATION = 0.5
"""Of two differences from the same model, all models having the same variance."""

NODES = 64
"""Points of each of the two quadratures; probabilities are good to six digits."""


@dataclass(frozen=True)
class Difference:
    """Mean accuracy less that of the model all are compared with, paired over seeds."""

    value: float
    error: float
    """Standard error over seeds; nan below two."""
    df: float
    """0 where no interval is claimed."""
    n: int
    low: float | None
    high: float | None
    """Two-sided simultaneous 95 % interval, for all models together."""
    p: float | None
    """Two-sided, adjusted for all models."""


def dunnett_p(statistic: float, comparisons: int, df: float) -> float:
    """Probability that the largest of k equal-variance statistics ``|T|`` exceeds this one, if nothing differs.

    The T are equicorrelated (1/2) Student variables with a common denominator S of ``df`` degrees of freedom, so the
    complement is the mean over S and a standard normal z of ``(Phi(sqrt(2) t S - z) - Phi(-sqrt(2) t S - z))^k``.

    Reference: Dunnett 1955; Dunnett 1964 (two-sided).
    """
    normal, normal_weights, uniform, uniform_weights = _nodes()
    scale = np.sqrt(chdtri(df, uniform) / df)[:, None]
    reach = abs(statistic) * scale / sqrt(1 - CORRELATION)
    within = (ndtr(reach - normal) - ndtr(-reach - normal)) ** comparisons
    return float(np.clip(1 - uniform_weights @ within @ normal_weights, 0.0, 1.0))


@cache
def _nodes() -> tuple[NDArray[np.float64], ...]:
    """Points and weights of the means over a standard normal and over a uniform variable."""
    normal, normal_weights = np.polynomial.hermite_e.hermegauss(NODES)
    uniform, uniform_weights = np.polynomial.legendre.leggauss(NODES)
    return normal, normal_weights / normal_weights.sum(), (1 + uniform) / 2, uniform_weights / 2


@cache
def dunnett_quantile(comparisons: int, df: float, alpha: float) -> float:
    """The ``|T|`` that the largest of k exceeds with probability alpha, see `dunnett_p`."""
    top = 4.0
    while dunnett_p(top, comparisons, df) > alpha:
        top *= 2
    return float(brentq(lambda t: dunnett_p(t, comparisons, df) - alpha, 0.0, top))


def differences_from(reference: Accuracies, others: Mapping[str, Accuracies], *, n_test: int) -> dict[str, Difference]:
    """Each model's accuracy against the reference's over the seeds they share, by Dunnett's rule.

    The variances of the paired differences are moderated over the models as one group (methods, thieves 5), which
    pools them as far as they are alike; their own degrees of freedom enter Dunnett's distribution. Below three common
    seeds a difference has no interval, and is not counted among the comparisons.

    Args:
        reference: Accuracy in [0, 1] per seed of the unprotected model.
        others: The same per model.
        n_test: Images behind each accuracy: a standard deviation is one image at least.

    Raises:
        ContractError: A model that shares no seed with the reference.
    """
    paired = {
        name: [runs[seed] - reference[seed] for seed in runs if seed in reference] for name, runs in others.items()
    }
    for name, values in paired.items():
        if not values:
            raise ContractError("no seed in common", where=name, expected=str(sorted(map(str, reference))))
    if not paired:
        return {}
    counts = np.array([len(values) for values in paired.values()])
    squares = [float(np.square(np.subtract(values, np.mean(values))).sum()) for values in paired.values()]
    spread = moderate(squares, counts - 1, ["all"] * len(paired), floor=1 / n_test, correlation=CORRELATION**2)
    errors, dfs = np.sqrt(spread.variances / counts), np.where(counts >= MIN_SEEDS, spread.dfs, 0.0)
    comparisons = int((dfs > 0).sum())
    return {
        name: _difference(float(np.mean(values)), float(error), float(df), len(values), comparisons)
        for (name, values), error, df in zip(paired.items(), errors, dfs, strict=True)
    }


def _difference(value: float, error: float, df: float, n: int, comparisons: int) -> Difference:
    if df == 0:
        return Difference(value, error, 0.0, n, None, None, None)
    half = dunnett_quantile(comparisons, df, 1 - LEVEL) * error
    p = dunnett_p(value / error, comparisons, df)
    return Difference(value, error, df, n, max(-1.0, value - half), min(1.0, value + half), p)
