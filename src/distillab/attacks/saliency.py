"""The pair of features that JSMA changes, exactly, without looking at all pairs."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distillab.core.shapes import Flags

Features = Float[Tensor, "n m"]
Pairs = Int[Tensor, "n 2"]

TABLE = 2**22
"""Most sums of pairs held at a time, unless one example has more: 32 MB for each of a few tables."""


def best_pair(towards: Features, away: Features, free: Flags) -> tuple[Pairs, Flags]:
    """Per row, the pair (p, q) with the largest ``(t_p + t_q) (a_p + a_q)``, both sums above 0; whether there is one.

    ``towards`` is the derivative of the target's output, ``away`` minus the sum of the others' derivatives. The
    product grows in both coordinates, so a feature that two others equal or exceed in both can be replaced by one of
    them: what is left are the first two Pareto layers of the points (t, a), dozens of hundreds of features. Of equal
    products, the pair with the largest t counts.

    Args:
        towards: a per feature, finite; float64, or the products underflow.
        away: minus b per feature.
        free: features that may change, one row of flags per example.

    Reference: Papernot et al. 2016a, algorithm 3; methods, robustness 4.5 (the pruning).
    """
    survivors = _two_layers(towards, away, free)
    rows = max(1, TABLE // survivors.shape[1] ** 2)
    parts = [_best_of(*part) for part in zip(towards.split(rows), away.split(rows), survivors.split(rows), strict=True)]
    return torch.cat([pairs for pairs, _ in parts]), torch.cat([found for _, found in parts])


def top_pair(towards: Features, free: Flags) -> tuple[Pairs, Flags]:
    """The same where ``away`` equals ``towards``, as for probabilities: the two largest, if their sum is above 0."""
    values, chosen = towards.masked_fill(~free, -torch.inf).topk(2, dim=1)
    return chosen, values.sum(dim=1) > 0


def _two_layers(towards: Features, away: Features, free: Flags) -> Int[Tensor, "n s"]:
    """Per row, the features that matter by descending t, padded with -1.

    Going down in t, a feature is out if two before it have an ``a`` as large. Features that are not free come last,
    and have no ``a`` to speak of.
    """
    order = towards.masked_fill(~free, -torch.inf).argsort(dim=1, descending=True, stable=True)
    ranked = away.masked_fill(~free, -torch.inf).gather(1, order)
    stays = ranked > _shifted(_second_cummax(ranked))
    positions = stays.cumsum(dim=1)
    row, column = stays.nonzero(as_tuple=True)
    survivors = order.new_full((len(order), max(2, int(positions[:, -1].max()))), -1)
    survivors[row, positions[row, column] - 1] = order[row, column]
    return survivors


def _second_cummax(values: Features) -> Features:
    """The second largest of the first i values of a row, for each i; -inf for the first."""
    return torch.minimum(values, _shifted(values.cummax(dim=1).values)).cummax(dim=1).values


def _shifted(values: Features) -> Features:
    """The values before these; -inf for the first."""
    return torch.nn.functional.pad(values[:, :-1], (1, 0), value=-torch.inf)


def _best_of(towards: Features, away: Features, survivors: Int[Tensor, "n s"]) -> tuple[Pairs, Flags]:
    """By brute force over the pairs of survivors."""
    absent, index = survivors < 0, survivors.clamp(min=0)
    t, a = (values.gather(1, index).masked_fill(absent, -torch.inf) for values in (towards, away))
    sums_t, sums_a = t[:, :, None] + t[:, None], a[:, :, None] + a[:, None]
    admissible = (sums_t > 0) & (sums_a > 0)
    admissible.diagonal(dim1=1, dim2=2).fill_(False)
    best = torch.where(admissible, sums_t * sums_a, -torch.inf).flatten(1).argmax(dim=1)
    width = survivors.shape[1]
    pairs = index.gather(1, torch.stack([best // width, best % width], dim=1))
    return pairs, admissible.flatten(1).any(dim=1)
