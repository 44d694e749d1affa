"""The pair of features that JSMA changes, exactly, without looking at all pairs."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from distillab.core.shapes import Flags

Features = Float[Tensor, "n m"]
Pairs = Int[Tensor, "n 2"]

FEW = 32
"""Features with the largest t that thin out the rest before anything is sorted."""

TABLE = 2**22
"""Most sums of pairs held at a time, unless one example has more: 32 MB for each of a few tables."""


def best_pair(towards: Features, away: Features, free: Flags) -> tuple[Pairs, Flags]:
    """Per row, the pair (p, q) with the largest ``(t_p + t_q) (a_p + a_q)``, both sums above 0; whether there is one.

    ``towards`` is the derivative of the target's output, ``away`` minus the sum of the others' derivatives. The
    product grows in both coordinates, so a feature that two others equal or exceed in both can be replaced by one of
    them: what is left are the first two Pareto layers of the points (t, a), tens of features where there are hundreds.
    Of equal products, the pair with the largest t counts.

    Args:
        towards: a per feature, finite; float64, or the products underflow.
        away: minus b per feature.
        free: features that may change, one row of flags per example.

    Reference: Papernot et al. 2016a, algorithm 3; methods, robustness 4.5 (the pruning).
    """
    if towards.shape[1] < 2:
        return _no_pair(towards)
    t, a = towards.masked_fill(~free, -torch.inf), away.masked_fill(~free, -torch.inf)
    survivors = _two_layers(t, a)
    rows = max(1, TABLE // survivors.shape[1] ** 2)
    parts = [_best_of(*part) for part in zip(t.split(rows), a.split(rows), survivors.split(rows), strict=True)]
    return torch.cat([pairs for pairs, _ in parts]), torch.cat([found for _, found in parts])


def top_pair(towards: Features, free: Flags) -> tuple[Pairs, Flags]:
    """The same where ``away`` equals ``towards``, as for probabilities: the two largest, if their sum is above 0."""
    if towards.shape[1] < 2:
        return _no_pair(towards)
    values, chosen = towards.masked_fill(~free, -torch.inf).topk(2, dim=1)
    return chosen, values.sum(dim=1) > 0


def _no_pair(towards: Features) -> tuple[Pairs, Flags]:
    """What is left of an image with a single feature."""
    none = torch.zeros(len(towards), 2, dtype=torch.int64, device=towards.device)
    return none, none[:, 0] > 0


def _two_layers(t: Features, a: Features) -> Int[Tensor, "n s"]:
    """Per row, the features that matter by descending t, padded with -1.

    A feature is out if two with at least its ``t`` have at least its ``a``; -inf is always out.
    """
    few = t.topk(min(FEW, t.shape[1]), dim=1).indices
    second = a.gather(1, few).topk(2, dim=1).values[:, 1:]
    near = _packed((a > second).scatter(1, few, True), torch.arange(t.shape[1], device=t.device).expand(t.shape))
    order = _at(t, near).argsort(dim=1, descending=True, stable=True)
    ranked = _at(a, near).gather(1, order)
    return _packed(ranked > _shifted(_second_cummax(ranked)), near.gather(1, order))


def _packed(stays: Bool[Tensor, "n m"], index: Int[Tensor, "n m"]) -> Int[Tensor, "n s"]:
    """The entries of ``index`` that stay, row by row, padded with -1 to the longest row."""
    positions = stays.cumsum(dim=1)
    row, column = stays.nonzero(as_tuple=True)
    packed = index.new_full((len(index), max(2, int(positions[:, -1].max()))), -1)
    packed[row, positions[row, column] - 1] = index[row, column]
    return packed


def _at(values: Features, index: Int[Tensor, "n s"]) -> Float[Tensor, "n s"]:
    """The values at ``index``, -inf where that is -1."""
    return values.gather(1, index.clamp(min=0)).masked_fill(index < 0, -torch.inf)


def _second_cummax(values: Features) -> Features:
    """The second largest of the first i values of a row, for each i; -inf for the first."""
    return torch.minimum(values, _shifted(values.cummax(dim=1).values)).cummax(dim=1).values


def _shifted(values: Features) -> Features:
    """The values before these; -inf for the first."""
    return torch.nn.functional.pad(values[:, :-1], (1, 0), value=-torch.inf)


def _best_of(t: Features, a: Features, survivors: Int[Tensor, "n s"]) -> tuple[Pairs, Flags]:
    """By brute force over the pairs of survivors."""
    sums_t, sums_a = (at[:, :, None] + at[:, None] for at in (_at(t, survivors), _at(a, survivors)))
    admissible = (sums_t > 0) & (sums_a > 0)
    admissible.diagonal(dim1=1, dim2=2).fill_(False)
    best = torch.where(admissible, sums_t * sums_a, -torch.inf).flatten(1).argmax(dim=1)
    width = survivors.shape[1]
    pairs = survivors.clamp(min=0).gather(1, torch.stack([best // width, best % width], dim=1))
    return pairs, admissible.flatten(1).any(dim=1)
