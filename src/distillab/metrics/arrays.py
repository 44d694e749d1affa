"""Shapes of the arrays that metrics take, and the checks that all of them share."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from distillab.core.errors import ContractError

LogProbs = Float[NDArray[np.floating], "n k"]
"""Natural logarithms of distributions, ``-inf`` for exact zeros; float32 or float64."""

Classes = Int[NDArray[np.integer], "n"]
"""Labels or predictions, 0 to k - 1."""

PerExample = Float[NDArray[np.floating], "n"]
Flags = Bool[NDArray[np.bool_], "n"]

Numbers = Sequence[float] | NDArray[np.generic]
"""One row of numbers: a grid of powers or radii, one value per seed or per image."""


BLOCK = 2**20
"""Entries of a block."""


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices that cut rows into pieces of about a million entries, one row at least, for sums over rows in float64."""
    step = max(1, BLOCK // columns)
    return (slice(start, start + step) for start in range(0, rows, step))


def paired(where: str, *arrays: Numbers) -> int:
    """The common length n >= 1 of arrays that describe the same examples.

    Raises:
        ContractError: The lengths differ, or there is no example.
    """
    lengths = [len(array) for array in arrays]
    if min(lengths) == 0 or len(set(lengths)) != 1:
        raise ContractError("arrays do not pair up", where=where, expected="equal lengths >= 1", got=str(lengths))
    return lengths[0]


def checked_log_probs(where: str, log_probs: LogProbs) -> Float[NDArray[np.float64], "n k"]:
    """The log-probabilities in float64, once their rows are known to be distributions.

    Raises:
        ContractError: A row's probabilities do not sum to one within 1e-3: logits or probabilities were passed.
    """
    wide = np.asarray(log_probs, dtype=np.float64)
    with np.errstate(over="ignore"):
        totals = np.exp(wide).sum(axis=1)
    if not (np.abs(totals - 1.0) <= 1e-3).all():
        got = f"a row that sums to {totals[np.argmax(np.nan_to_num(np.abs(totals - 1.0), nan=np.inf))]:.4g}"
        raise ContractError("rows are not log-probabilities", where=where, expected="exp(row) summing to 1", got=got)
    return wide


def checked_labels(where: str, labels: Classes, classes: int) -> None:
    """Refuse labels outside 0 to ``classes - 1``, which numpy would read from the end or from a neighbor.

    Raises:
        ContractError: A label is out of range.
    """
    low, high = int(np.min(labels)), int(np.max(labels))
    if low < 0 or high >= classes:
        raise ContractError("label out of range", where=where, expected=f"0..{classes - 1}", got=f"{low}..{high}")
