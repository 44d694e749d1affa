"""Conditional mutual information: how far a class's outputs scatter around their centroid, at every power."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.special import entr

from distillab.core.errors import ContractError
from distillab.metrics.arrays import Classes, LogProbs, Numbers, checked_labels, checked_log_probs, paired

CHUNK = 2**17
"""Float64 entries per temporary (1 MiB): memory stays flat in the number of powers; larger blocks are not faster."""

Array = NDArray[np.float64]


class Peak(NamedTuple):
    """Where a curve is largest."""

    power: float
    value: float


@dataclass(frozen=True, eq=False)
class Concentration:
    """Curves over powers, in nats; NaN for classes without examples.

    ``per_class`` is the plug-in estimate, low by about a factor ``1 - 1/n_y`` because centroid and divergence share the
    n_y examples; ``per_class_corrected`` removes that bias by the jackknife and may be slightly negative (NaN for a
    class of one example, which says nothing about scatter).
    """

    powers: Float[Array, "a"]
    counts: Int[NDArray[np.int64], "k"]
    per_class: Float[Array, "k a"]
    per_class_corrected: Float[Array, "k a"]

    @property
    def overall(self) -> Float[Array, "a"]:
        """Class curves averaged by class frequency."""
        return self._averaged(self.per_class)

    @property
    def overall_corrected(self) -> Float[Array, "a"]:
        """Jackknife-corrected class curves averaged by class frequency."""
        return self._averaged(self.per_class_corrected)

    @property
    def peak(self) -> Peak:
        """Largest overall value on the grid and the smallest power that reaches it."""
        at = int(np.argmax(self.overall))
        return Peak(float(self.powers[at]), float(self.overall[at]))

    def _averaged(self, curves: Array) -> Array:
        present = self.counts > 0
        return np.asarray(self.counts[present] / self.counts.sum() @ curves[present])


def concentration(log_probs: LogProbs, labels: Classes, powers: Numbers) -> Concentration:
    """Conditional mutual information of input and output given the label, at each power.

    Per class, ``I_y(a) = mean_j KL(q_j^a, s_{y,a})`` with the centroid ``s_{y,a} = mean_j q_j^a``, computed as the
    generalized Jensen-Shannon divergence ``H(s) - mean_j H(q_j^a)``. ``0 <= I_y(a) <= min(ln k, ln n_y)``.

    Args:
        log_probs: Outputs as released by the model, exact zeros as ``-inf``.
        labels: True classes.
        powers: Non-negative; 1 is the output itself, ``1/T`` the output at temperature T.

    Raises:
        ContractError: Rows are not log-probabilities, a label is out of range, or a power is negative.

    Reference: "Towards Undistillable Models by Minimizing Conditional Mutual Information" 2025, eqs. 6-16.
    """
    wide, grid = _checked("concentration", log_probs, labels, powers)
    k = wide.shape[1]
    plugin, corrected = np.full((2, k, len(grid)), np.nan)
    for y in np.unique(labels):
        plugin[y], corrected[y] = _cluster_curves(wide[labels == y], grid)
    return Concentration(grid, np.bincount(labels, minlength=k), plugin, corrected)


def class_centroids(log_probs: LogProbs, labels: Classes, *, power: float = 1.0) -> Float[Array, "k k"]:
    """Row y: the mean of ``q_j^power`` over the examples of class y; NaN for classes without examples.

    Raises:
        ContractError: As `concentration`.

    Reference: "Towards Undistillable Models by Minimizing Conditional Mutual Information" 2025, eqs. 8, 13, 16.
    """
    wide, grid = _checked("class_centroids", log_probs, labels, [power])
    centroids = np.full((wide.shape[1], wide.shape[1]), np.nan)
    for y in np.unique(labels):
        ((_, q, _),) = _powered(*_shifted(wide[labels == y]), grid)
        centroids[y] = q[0].mean(axis=0)
    return centroids


def _checked(where: str, log_probs: LogProbs, labels: Classes, powers: Numbers) -> tuple[Array, Array]:
    paired(where, log_probs, labels)
    checked_labels(where, labels, log_probs.shape[1])
    grid = np.asarray(powers, dtype=np.float64)
    if not (np.isfinite(grid) & (grid >= 0)).all():
        raise ContractError("a power is not usable", where=where, expected="finite and >= 0", got=str(grid.tolist()))
    return checked_log_probs(where, log_probs), grid


def _shifted(cluster: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Logs with each row's largest at 0 (exact zeros replaced by 0, a finite stand-in), and the support."""
    support = np.isfinite(cluster)
    return np.where(support, cluster - cluster.max(axis=1, keepdims=True), 0.0), support


def _powered(logs: Array, support: NDArray[np.bool_], powers: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Chunks of powers (a,), the transformed outputs (a, n, k), and the logs of their normalizers (a, n)."""
    full = bool(support.all())
    wanted = -(-len(powers) * logs.size // CHUNK)
    for chunk in np.array_split(powers, max(1, min(wanted, len(powers)))):
        q = np.exp(chunk[:, None, None] * logs)
        if not full:
            q *= support
        totals = q.sum(axis=2)
        q /= totals[:, :, None]
        yield chunk, q, np.log(totals)


def _cluster_curves(cluster: Array, powers: Array) -> tuple[Array, Array]:
    """One class's plug-in and jackknife-corrected curves."""
    logs, support = _shifted(cluster)
    parts = [_divergences(logs, *part) for part in _powered(logs, support, powers)]
    plugin, corrected = np.concatenate(parts, axis=1)
    return plugin, corrected


def _divergences(logs: Array, powers: Array, q: Array, log_totals: Array) -> tuple[Array, Array]:
    n = q.shape[1]
    mean_entropy = (log_totals - powers[:, None] * np.einsum("ank,nk->an", q, logs)).mean(axis=1)
    centroid = q.mean(axis=1)
    centroid_entropy = entr(centroid).sum(axis=1)
    # The difference of two entropies of order 1 rounds to either side of zero.
    plugin = (centroid_entropy - mean_entropy).clip(min=0.0)
    if n == 1:
        return plugin, np.full(len(powers), np.nan)
    # The mean entropy is unbiased: only the centroid's entropy is re-estimated without each example in turn.
    without = (n * centroid[:, None] - q).clip(min=0.0) / (n - 1)
    corrected = n * centroid_entropy - (n - 1) * entr(without).sum(axis=2).mean(axis=1) - mean_entropy
    return plugin, corrected
