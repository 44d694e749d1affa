"""The pair of features that JSMA changes, exactly, without looking at all pairs."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distillab.core.shapes import Flags

Features = Float[Tensor, "n m"]


def best_pair(towards: Features, away: Features, free: Flags) -> tuple[Int[Tensor, "n 2"], Flags]:
    """Per row, the pair (p, q) with the largest ``(t_p + t_q) (a_p + a_q)``, both sums above 0; whether there is one.

    ``towards`` is the derivative of the target's output, ``away`` minus the sum of the others' derivatives. The
    product grows in both coordinates, so a best pair lies in the first two Pareto layers of the points (t, a): a point
    of a later layer is dominated by two others, one of which can take its place. Ties go to the first pair in
    lexicographic order of the survivors.

    Args:
        towards: a per feature.
        away: minus b per feature.
        free: features that may change, one row of flags per example.

    Reference: Papernot et al. 2016a, algorithm 3; methods, robustness 4.5 (the pruning).
    """
    pairs = [_best_pair(*row) for row in zip(towards, away, free, strict=True)]
    chosen = torch.stack([pair for pair, _ in pairs])
    return chosen, torch.tensor([found for _, found in pairs], device=towards.device)


def top_pair(towards: Features, free: Flags) -> tuple[Int[Tensor, "n 2"], Flags]:
    """The same where ``away`` equals ``towards``, as for probabilities: the two largest, if their sum is above 0."""
    values, chosen = towards.masked_fill(~free, -torch.inf).topk(2, dim=1)
    return chosen, values.sum(dim=1) > 0


def _best_pair(t: Float[Tensor, "m"], a: Float[Tensor, "m"], free: Flags) -> tuple[Int[Tensor, "2"], bool]:
    nothing = torch.zeros(2, dtype=torch.int64, device=t.device)
    features = free.nonzero().squeeze(1)
    if len(features) < 2:
        return nothing, False
    survivors = features[_two_layers(t[features], a[features])]
    sums_t = t[survivors][:, None] + t[survivors]
    sums_a = a[survivors][:, None] + a[survivors]
    admissible = (sums_t > 0) & (sums_a > 0)
    admissible.fill_diagonal_(False)
    if not admissible.any():
        return nothing, False
    best = int(torch.where(admissible, sums_t * sums_a, -torch.inf).argmax())
    return survivors[torch.tensor([best // len(survivors), best % len(survivors)], device=t.device)], True


def _two_layers(t: Float[Tensor, "m"], a: Float[Tensor, "m"]) -> Int[Tensor, "s"]:
    """Positions, ascending, of the points that at most one other point dominates.

    Going down in t, a point is dominated by at most one if fewer than two points before it have an ``a`` as large.
    """
    # by t, then by a, both descending; a stable sort keeps equal points in their order
    order = a.argsort(descending=True, stable=True)
    order = order[t[order].argsort(descending=True, stable=True)]
    ranked = a[order]
    two_before = torch.cat([ranked.new_full((1,), -torch.inf), _second_cummax(ranked)[:-1]])
    return order[ranked > two_before].sort().values


def _second_cummax(values: Float[Tensor, "m"]) -> Float[Tensor, "m"]:
    """The second largest of the first i values, for each i; -inf for the first."""
    running = values.cummax(dim=0).values
    previous = torch.cat([values.new_full((1,), -torch.inf), running[:-1]])
    return torch.minimum(values, previous).cummax(dim=0).values
