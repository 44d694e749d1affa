"""Differences of accuracy as of other seeds and other images: both are samples, crossed with each other."""

from math import sqrt

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray
from scipy.special import stdtrit

from distillab.core.errors import ContractError
from distillab.metrics.intervals import LEVEL, MIN_SEEDS, Estimate

CorrectBySeed = Bool[NDArray[np.bool_], "seeds images"]
"""Whether each test image was classified correctly by the model of each seed."""


def crossed_interval(correct_a: CorrectBySeed, correct_b: CorrectBySeed) -> Estimate:
    """Mean of ``a - b``, in [-1, 1], with an interval over training seeds and test images together.

    ``d = mean + seed + image + rest``, seeds and images both random: the variance of the mean over S seeds and I images
    is ``v_S / S + v_I / I``, with ``v_S`` the variance of the seeds' means (the rest over images is part of it, and it
    is that of one image at least) and ``v_I = (MS_images - MS_rest) / S``, or 0. The half width is ``sqrt(t_{S - 1}^2
    v_S / S + t_{I - 1}^2 v_I / I)``, each part with its own quantile, which is rather too wide than too narrow. The
    bounds are those of I + 2 images, of which one more is right in a alone and one more in b alone: a few images that
    differ say little of those that were not drawn. The value is that of the images that there are.

    Below three seeds no interval is claimed.

    Args:
        correct_a: Of the first model, one row per seed.
        correct_b: Of the second model, the same seeds and images in the same order.

    Raises:
        ContractError: The shapes differ, or there are fewer than two images or no seed.

    Reference: Searle, Casella & McCulloch 1992, chapter 4 (crossed components); Bonett & Price 2012 (one more image of
    either kind); methods, thieves 5.
    """
    a, b = np.asarray(correct_a), np.asarray(correct_b)
    if a.shape != b.shape or a.ndim != 2 or a.shape[0] < 1 or a.shape[1] < 2:
        expected, got = "one shape (seeds, images)", f"{a.shape} and {b.shape}"
        raise ContractError("models do not pair up", where="crossed_interval", expected=expected, got=got)
    differences = a.astype(np.float64) - b
    seeds, images = differences.shape
    value = float(differences.mean())
    if seeds < MIN_SEEDS:
        return Estimate(value, None, None, seeds, "points")
    one = np.ones((seeds, 1))
    center, of_seeds, of_images = _components(np.concatenate([differences, one, -one], axis=1))
    quantiles = stdtrit(np.array([seeds - 1, images - 1]), (1 + LEVEL) / 2)
    variances = np.array([max(of_seeds, 1 / images**2) / seeds, of_images / (images + 2)])
    half = sqrt(float((np.square(quantiles) * variances).sum()))
    return Estimate(value, max(-1.0, center - half), min(1.0, center + half), seeds, "seeds and images")


def _components(differences: NDArray[np.float64]) -> tuple[float, float, float]:
    """The mean, the variance of the seeds' means, and the component of images by moments."""
    seeds, images = differences.shape
    by_seed, by_image, mean = differences.mean(axis=1), differences.mean(axis=0), float(differences.mean())
    rest = np.square(differences - by_seed[:, None] - by_image + mean).sum() / ((seeds - 1) * (images - 1))
    of_images = float(by_image.var(ddof=1)) - float(rest) / seeds
    return mean, float(by_seed.var(ddof=1)), max(of_images, 0.0)
