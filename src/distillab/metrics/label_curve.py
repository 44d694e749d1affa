"""How many labels a thief's answers are worth: the accuracy of students without answers, read backwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from distillab.core.errors import ContractError
from distillab.metrics.gains import Accuracies, require_accuracies
from distillab.metrics.intervals import LEVEL, MIN_SEEDS, RESAMPLES

Curve = Float[NDArray[np.float64], "*draws points"]
"""Accuracy at each number of labels, in ascending order of labels."""

Draws = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """A number of labels, or of labels per answer, that may lie beyond the ends of the curve."""

    value: float
    """The number itself, or the end of the curve that it is beyond."""
    beyond: int = 0
    """-1 where it is less than the value, 1 where it is more: ``> 1,437``."""

    def per_answer(self, labels: int, queries: int) -> "Reading":
        """The same of labels per answer, beyond the n that the thief had."""
        return Reading((self.value - labels) / queries, self.beyond)


@dataclass(frozen=True)
class LabelWorth:
    """A reading with its 95 % interval over seeds; None below three seeds of any point."""

    value: Reading
    low: Reading | None
    high: Reading | None
    seeds: int
    """Of the knockoff."""


def isotonic(accuracies: Curve, weights: Sequence[float]) -> Curve:
    """The nearest curve that never falls, in weighted least squares: ``max_{i <= j} min_{k >= j}`` of means over i..k.

    Reference: Robertson, Wright & Dykstra 1988, theorem 1.4.4.
    """
    weight = np.concatenate([[0.0], np.cumsum(weights)])
    sums = np.cumsum(accuracies * np.asarray(weights), axis=-1)
    sums = np.concatenate([np.zeros_like(sums[..., :1]), sums], axis=-1)
    points = accuracies.shape[-1]
    fitted = np.empty(accuracies.shape, dtype=np.float64)
    for j in range(points):
        first, last = np.arange(j + 1), np.arange(j + 1, points + 1)
        means = (sums[..., None, last] - sums[..., first, None]) / (weight[last] - weight[first, None])
        fitted[..., j] = means.min(axis=-1).max(axis=-1)
    return fitted


def labels_for(accuracy: Draws, curve: Curve, labels: Sequence[int]) -> Draws:
    """The fewest labels at which a rising curve reaches each accuracy, linear in ``log n`` between its points.

    Minus infinity below the curve's first point, infinity above its last.
    """
    logs, points = np.log(np.asarray(labels, dtype=np.float64)), len(labels)
    curve = np.broadcast_to(curve, (*accuracy.shape, points))
    reached = curve >= accuracy[..., None]
    after = np.where(reached.any(axis=-1), reached.argmax(axis=-1), points)
    right = np.clip(after, 1, max(points - 1, 1)) if points > 1 else np.zeros_like(after)
    left = np.clip(right - 1, 0, None)
    low, high = (np.take_along_axis(curve, side[..., None], axis=-1)[..., 0] for side in (left, right))
    rise = np.where(high > low, high - low, 1.0)
    part = ((accuracy - low) / rise).clip(0.0, 1.0)
    within = np.exp(logs[left] + part * (logs[right] - logs[left]))
    first = curve[..., 0]
    found = np.where(accuracy < first, -inf, np.where(after == points, inf, within))
    return np.where(accuracy == first, labels[0], found)


def equivalent_labels(curve: Mapping[int, Accuracies], knockoff: Accuracies, *, n_test: int, seed: int) -> LabelWorth:
    """Labels with which a student without answers is as accurate as the knockoff: ``E = A_LS^-1(A)``.

    ``A_LS`` is isotonic in the number of labels and linear in its logarithm between the points measured. The interval
    is a bootstrap over seeds, jointly over both: each replicate gives every seed one normal weight, in the curve and in
    the knockoff alike, scaled so that a mean is Student's around the one measured. Spreads are one image at least. It
    is the interval of an estimate and no test.

    Args:
        curve: Per number of labels, at least one, accuracy of the label-smoothing students per seed.
        knockoff: Accuracy of the knockoff per seed; label sets are shared with the curve by seed.
        n_test: Test images behind each accuracy.
        seed: Of the bootstrap.

    Raises:
        ContractError: No point, a number of labels below one, or no accuracies.

    Reference: methods, thieves 3.
    """
    labels = sorted(curve)
    if not labels or labels[0] < 1:
        raise ContractError("no label curve", where="equivalent_labels", expected="labels >= 1", got=str(labels))
    columns = [curve[n] for n in labels]
    for where, runs in [*zip((f"{n} labels" for n in labels), columns, strict=True), ("knockoff", knockoff)]:
        require_accuracies(where, runs)
    counts = [len(runs) for runs in columns]
    means = np.array([float(np.mean(list(runs.values()))) for runs in [*columns, knockoff]])
    value = labels_for(means[-1:], isotonic(means[:-1], counts), labels)[0]
    if min(*counts, len(knockoff)) < MIN_SEEDS:
        return LabelWorth(_reading(value, labels), None, None, len(knockoff))
    draws = _student_weights(columns, knockoff, np.random.default_rng(seed), 1 / n_test)
    replicates = labels_for(draws[:, -1], isotonic(draws[:, :-1], counts), labels)
    tail = (1 - LEVEL) / 2
    # Whole order statistics: between an infinite one and its neighbor there is nothing.
    low, high = np.quantile(replicates, [tail, 1 - tail], method="inverted_cdf")
    return LabelWorth(_reading(value, labels), _reading(low, labels), _reading(high, labels), len(knockoff))


def labels_per_answer(worth: LabelWorth, *, labels: int, queries: int) -> LabelWorth:
    """What each answer was worth in labels, ``(E - n) / q`` of a thief with n labels who bought q answers.

    Raises:
        ContractError: No answer was bought.
    """
    if queries < 1:
        raise ContractError("no answers", where="labels_per_answer", expected="queries >= 1", got=str(queries))
    low, high = (bound and bound.per_answer(labels, queries) for bound in (worth.low, worth.high))
    return LabelWorth(worth.value.per_answer(labels, queries), low, high, worth.seeds)


def _reading(value: float, labels: Sequence[int]) -> Reading:
    if isfinite(value):
        return Reading(float(value))
    return Reading(float(labels[-1]), 1) if value > 0 else Reading(float(labels[0]), -1)


def _student_weights(
    columns: Sequence[Accuracies], knockoff: Accuracies, rng: np.random.Generator, floor: float
) -> Draws:
    """Replicates of the means of all columns and, last, of the knockoff."""
    everything = [*columns, knockoff]
    seeds = list(dict.fromkeys(seed for runs in everything for seed in runs))
    normal = rng.normal(size=(RESAMPLES, len(seeds)))
    fewest = min(len(runs) for runs in columns) - 1
    scales = [np.sqrt(df / rng.chisquare(df, RESAMPLES)) for df in (fewest, len(knockoff) - 1)]
    draws = np.empty((RESAMPLES, len(everything)))
    for column, runs in enumerate(everything):
        values, n = np.array(list(runs.values())), len(runs)
        weights = normal[:, [seeds.index(seed) for seed in runs]]
        noise = weights @ (values - values.mean()) / np.sqrt(n * (n - 1))
        short = max(floor**2 - float(values.var(ddof=1)), 0.0)
        noise += rng.normal(size=RESAMPLES) * np.sqrt(short / n)
        draws[:, column] = values.mean() + scales[column == len(columns)] * noise
    return draws.clip(0.0, 1.0)
