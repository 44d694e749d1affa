"""What MAD maximizes, in closed form, and the answers that come out of it; rows are independent, in float64.

The gradient of ``-ln q_k`` in the last weight matrix of a surrogate is ``(q - e_k) h^T`` with its features ``h``, so
that an answer ``p'`` induces ``(q - p') h^T``. Of two such gradients the features cancel in the angle between them:
nothing of the surrogate is needed but its output ``q``.
"""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distillab.core.shapes import PerExample, Probs

EXTRA = 1e-5
"""Weight of the predicted class beyond the others of its set, which keeps it first."""

ENUMERATED = 10
"""Most classes at which all sets are tried."""

EVALUATIONS = 1024
"""Sets that are tried with more classes."""

ROUNDING = 1e-7
"""Distance below which two float32 distributions are the same: no direction is left between them."""

TIE = 1e-9
"""Difference below which two deviations are equal: which of them is larger would depend on the batch."""


def most_deviating(probs: Probs, surrogate_probs: Probs, *, eps: float, variant: Literal["argmax", "extreme"]) -> Probs:
    """The released answers: from ``p`` towards the oracle's ``p*``, as far as ``|p' - p|_1 <= eps`` allows.

    ``p' = (1 - a) p + a p*`` with ``a = min(1, eps / |p - p*|_1)``; ``p`` itself where the surrogate answers ``p``.

    Reference: Orekondy et al. 2020, released code; methods section 3.3.
    """
    p, q = probs.double(), surrogate_probs.double()
    gap = torch.linalg.vector_norm(q - p, dim=1, keepdim=True)
    direction = (q - p) / gap.clamp_min(ROUNDING)
    target = extreme_oracle(q, direction) if variant == "extreme" else argmax_oracle(p, q, direction)
    distance = (p - target).abs().sum(1, keepdim=True)
    share = (eps / (distance + ROUNDING)).clamp_max(1.0)
    return torch.where(gap > ROUNDING, (1 - share) * p + share * target, p)


def deviation(answer: Probs, surrogate_probs: Probs, direction: Probs) -> PerExample:
    """Squared distance in [0, 4] of the unit gradients that ``answer`` and the true output induce.

    Args:
        answer: the candidate ``p'``.
        surrogate_probs: ``q``; zeros give the objective with the identity in place of the Jacobian.
        direction: the unit vector of ``q - p``.
    """
    q = surrogate_probs
    return _deviation(q, direction, (answer * direction).sum(1), (answer * q).sum(1), answer.square().sum(1))


def extreme_oracle(surrogate_probs: Probs, direction: Probs) -> Probs:
    """The vertex of the simplex that deviates most."""
    q, ones = surrogate_probs, torch.ones_like(surrogate_probs)
    best = _first_largest(_deviation(q, direction, direction, q, ones))
    return torch.nn.functional.one_hot(best, q.shape[1]).to(q)


def argmax_oracle(probs: Probs, surrogate_probs: Probs, direction: Probs) -> Probs:
    """The most deviating of the answers that are uniform on a set of classes around the predicted one.

    The predicted class has ``1e-5`` extra, before normalization. Up to 10 classes all sets are tried; else classes
    are added one by one, each the best at its turn, and the best set on the way is returned.
    """
    search = _all_sets if probs.shape[1] <= ENUMERATED else _growing_sets
    return search(probs.argmax(1, keepdim=True), surrogate_probs, direction)


def _all_sets(predicted: Tensor, q: Probs, direction: Probs) -> Probs:
    k = q.shape[1]
    # The predicted class comes first, so that all rows share their candidates.
    order = torch.zeros_like(q).scatter(1, predicted, 1.0).argsort(dim=1, descending=True, stable=True)
    bits = torch.arange(2 ** (k - 1), device=q.device)[:, None] >> torch.arange(k - 1, device=q.device)
    candidates = torch.cat([q.new_full((len(bits), 1), 1 + EXTRA), (bits % 2).to(q)], dim=1)
    candidates = candidates / candidates.sum(1, keepdim=True)
    along, inside = direction.gather(1, order) @ candidates.T, q.gather(1, order) @ candidates.T
    best = _first_largest(_deviation(q, direction, along, inside, candidates.square().sum(1)))
    return torch.zeros_like(q).scatter(1, order, candidates[best])


def _growing_sets(predicted: Tensor, q: Probs, direction: Probs) -> Probs:
    k = q.shape[1]
    weights = torch.zeros_like(q).scatter(1, predicted, 1 + EXTRA)
    best = weights / weights.sum(1, keepdim=True)
    best_value, evaluated = deviation(best, q, direction), 1
    for size in range(1, k):
        if evaluated >= EVALUATIONS:
            break
        total = size + 1 + EXTRA
        along = ((weights * direction).sum(1, keepdim=True) + direction) / total
        inside = ((weights * q).sum(1, keepdim=True) + q) / total
        squares = ((1 + EXTRA) ** 2 + size) / total**2
        values = _deviation(q, direction, along, inside, torch.full_like(q, squares))
        added = _first_largest(values.masked_fill(weights > 0, -1.0))[:, None]
        value = values.gather(1, added).squeeze(1)
        weights = weights.scatter(1, added, 1.0)
        best = torch.where((value > best_value + TIE)[:, None], weights / total, best)
        best_value = torch.maximum(value, best_value)
        evaluated += k - size
    return best


def _deviation(
    q: Probs,
    direction: Probs,
    along: Float[Tensor, "n *candidates"],
    inside: Float[Tensor, "n *candidates"],
    squares: Float[Tensor, "..."],
) -> Float[Tensor, "n *candidates"]:
    """``deviation`` of answers known by their products with ``direction`` and ``q`` and their squared norms."""
    shape = (-1,) + (1,) * (along.dim() - 1)
    product = (q * direction).sum(1).view(shape) - along
    norm = (q.square().sum(1).view(shape) - 2 * inside + squares).clamp_min(0).sqrt()
    # An answer equal to q induces no gradient: its unit vector is zero, one apart from any other.
    return torch.where(norm > ROUNDING, 2 - 2 * product / norm.clamp_min(ROUNDING), 1.0)


def _first_largest(values: Float[Tensor, "n candidates"]) -> Int[Tensor, "n"]:
    """The first of the values that are the largest up to rounding: with two classes, most of them are."""
    return (values >= values.amax(1, keepdim=True) - TIE).int().argmax(1)
