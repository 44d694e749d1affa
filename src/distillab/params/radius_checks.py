"""Radii that no two images are apart, found before any job exists: in such a ball every attack succeeds."""

from collections.abc import Iterator
from math import prod, sqrt

from distillab.params.root import Params
from distillab.specs.model import ImageShape


def too_wide(params: Params) -> Iterator[str]:
    """One line per radius that is beyond the largest distance of two images, whose pixels are in [0, 1]."""
    for where, norm, eps in _balls(params):
        largest = largest_distance(norm, params.data.facts.shape)
        if eps > largest:
            yield (
                f"{where}: expected at most {largest:.6g}, the largest {norm} distance of two images; got {eps:g}; "
                "pixels are in [0, 1]"
            )


def largest_distance(norm: str, shape: ImageShape) -> float:
    """The distance of an image of zeros from one of ones, in a norm."""
    entries = prod(shape)
    return {"linf": 1.0, "l2": sqrt(entries), "l1": float(entries), "l0": float(prod(shape[1:]))}[norm]


def _balls(params: Params) -> Iterator[tuple[str, str, float]]:
    """Where a radius stands, its norm, and the radius itself."""
    tables = (("robustness.attacks", params.robustness.attacks), ("defenses", params.defenses))
    for place, methods in tables:
        for key, method in methods.items():
            norm, eps = getattr(method, "norm", None), getattr(method, "eps", None)
            if norm is not None and eps is not None:
                yield f"{place}.{key}.eps", norm, eps
    for key, certifier in params.certification.certifiers.items():
        for position, eps in enumerate(params.certification.eps):
            yield f"certification.eps[{position}] with certifiers.{key}", certifier.norm, eps
