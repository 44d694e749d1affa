"""What the answers to one class's images say together, from answers that come in parts and are never all held."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from distillab.core.errors import ContractError
from distillab.metrics.arrays import Classes, LogProbs, Numbers
from distillab.metrics.concentration import Concentration, class_centroids, concentration


@dataclass(frozen=True, eq=False)
class ClassStatistics(Concentration):
    """Curves over powers, and the mean answer of every class; NaN for classes without examples."""

    centroids: Float[NDArray[np.float64], "k k"]


def class_statistics(parts: Iterable[LogProbs], labels: Classes, powers: Numbers) -> ClassStatistics:
    """`concentration` and `class_centroids` of all parts together; in memory stand one class and one part.

    Args:
        parts: Log-probabilities, one row per label all together, cut anywhere.
        labels: True classes of all rows, in increasing order.
        powers: As of `concentration`.

    Raises:
        ContractError: As `concentration`; or labels fall, or there are more or fewer rows than labels.
    """
    if (np.diff(labels) < 0).any():
        raise ContractError("labels are not sorted", where="class_statistics", expected="one class after the other")
    joined: ClassStatistics | None = None
    for log_probs, of_rows in _whole_classes(parts, labels):
        curves = concentration(log_probs, of_rows, powers)
        found = ClassStatistics(**vars(curves), centroids=class_centroids(log_probs, of_rows))
        if joined is None:
            joined = found
        else:
            _add(joined, found)
    if joined is None:
        raise ContractError("no answers", where="class_statistics", expected="at least one row", got="none")
    return joined


def _whole_classes(parts: Iterable[LogProbs], labels: Classes) -> Iterator[tuple[LogProbs, Classes]]:
    """The rows and labels of classes of which no row is missing, as soon as another class has begun."""
    waiting: list[LogProbs] = []
    first = seen = 0
    for part in parts:
        waiting.append(part)
        seen += len(part)
        if seen > len(labels):
            break
        whole = seen if seen == len(labels) else int(np.searchsorted(labels, labels[seen - 1]))
        if whole > first:
            rows = np.concatenate(waiting)
            yield rows[: whole - first], labels[first:whole]
            # A copy, so that the rows of finished classes can go.
            waiting, first = [rows[whole - first :].copy()], whole
    if seen != len(labels):
        raise ContractError(
            "answers and labels do not pair up",
            where="class_statistics",
            expected=f"{len(labels)} rows",
            got=str(seen) if seen < len(labels) else f"at least {seen}",
        )


def _add(joined: ClassStatistics, found: ClassStatistics) -> None:
    """Fill in the classes of another part."""
    present = found.counts > 0
    for name in ("counts", "per_class", "per_class_corrected", "centroids"):
        getattr(joined, name)[present] = getattr(found, name)[present]
