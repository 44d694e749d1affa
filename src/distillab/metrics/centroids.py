"""What a class's mean output still tells about other classes when its examples do not scatter at all."""

from math import log

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.special import entr

from distillab.core.errors import ContractError

Centroids = Float[NDArray[np.float64], "k k"]
"""Row y is the mean output of class y; NaN rows are classes without examples."""


def similarity_information(centroids: Centroids) -> float:
    """Mean over classes of ``KL(off-diagonal of the centroid, uniform)`` in nats, in [0, ln(k - 1)].

    The off-diagonal is renormalized; a centroid with all mass on its class has none and counts as 0.

    Reference: methods section 6, M10.
    """
    rows = _off_diagonal(centroids)
    mass = rows.sum(axis=1, keepdims=True)
    shares = np.divide(rows, mass, out=np.full_like(rows, 1 / rows.shape[1]), where=mass > 0)
    return float((log(rows.shape[1]) - entr(shares).sum(axis=1)).mean())


def similarity_correlation(centroids: Centroids, reference: Centroids) -> float:
    """Spearman correlation, over all off-diagonal entries, of two models' centroids; NaN if one is constant.

    Raises:
        ContractError: The two cover different classes.

    Reference: methods section 6, M10, with a model trained by cross-entropy as the reference.
    """
    first, second = _off_diagonal(centroids), _off_diagonal(reference)
    if first.shape != second.shape:
        raise ContractError("centroids of different classes", where="similarity_correlation")
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    # Late, because scipy.stats costs half a second that training processes need not pay.
    from scipy.stats import spearmanr

    return float(spearmanr(first.ravel(), second.ravel()).statistic)


def _off_diagonal(centroids: Centroids) -> Float[NDArray[np.float64], "present others"]:
    k = len(centroids)
    present = ~np.isnan(centroids).any(axis=1)
    return centroids[~np.eye(k, dtype=bool)].reshape(k, k - 1)[present]
