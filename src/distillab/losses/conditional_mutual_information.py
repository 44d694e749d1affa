"""Conditional mutual information as a training loss: how far a class's outputs scatter about a given centroid."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from distillab.core.shapes import Logits, PerExample
from distillab.losses.classes import counted

LOWEST = -1e4
"""Least log-probability of a centroid, so that a divergence from it is finite whatever the outputs behind it.

It is no floor under probabilities: it stands so far below the least float32 that no power brings it back.
"""

CHUNK = 2**22
"""Entries per temporary: 16 MiB however many powers, classes and outputs there are."""


def soft_maximum(values: Float[Tensor, "*batch a"], *, omega: float) -> Float[Tensor, "*batch"]:
    """``(1/omega) ln( (1/N) sum_i exp(omega v_i) )`` over the last axis: the mean for omega near 0, then the maximum.

    At least the mean, at most the maximum, at least ``max - ln(N)/omega``, and non-decreasing in omega. This is
    logsumexp minus ``ln N`` about the largest value, with differences from 1 kept: no omega above 0 overflows, and
    none is so small that the division by it brings out rounding.

    Reference: CMIM paper, theorem 1, eqs. 20-22, which takes the exponentials as they stand and so overflows.
    """
    top = values.detach().amax(dim=-1, keepdim=True)
    spread = torch.expm1(omega * (values - top)).mean(dim=-1)
    return top.squeeze(-1) + torch.log1p(spread) / omega


def log_centroids(
    log_probs: Float[Tensor, "y m k"], powers: Float[Tensor, "a"], counts: Int[Tensor, "y"] | None = None
) -> Float[Tensor, "y a k"]:
    """``ln s_{y,a}``, the log of the mean of ``q_j^a`` over the m outputs of each class, at least ``LOWEST``.

    Args:
        log_probs: Finite log-probabilities, or logits; a constant per row cancels.
        powers: Non-negative.
        counts: Only the first ``counts[y]`` outputs of class y count; all m if absent. Zero gives ``LOWEST``.

    Reference: CMIM paper, eqs. 16 and 29.
    """
    y, m, _ = log_probs.shape
    counts = torch.full((y,), m, device=log_probs.device) if counts is None else counts
    slots = torch.arange(m, device=log_probs.device)
    weights = torch.where(slots < counts[:, None], -counts[:, None].to(log_probs).log(), -torch.inf)
    parts = []
    for some in powers.split(max(1, CHUNK // max(1, log_probs.numel()))):
        transformed = F.log_softmax(log_probs[:, None] * some[:, None, None], dim=-1)
        parts.append((transformed + weights[:, None, :, None]).logsumexp(dim=2))
    return torch.cat(parts, dim=1).clamp_min(LOWEST)


def class_divergences(
    logits: Logits, rows: Int[Tensor, "n"], log_q: Float[Tensor, "y a k"], powers: Float[Tensor, "a"]
) -> Float[Tensor, "y a"]:
    """``D_{y,i} = mean_j KL(q_j^{a_i}, Q_{y,i})`` over the examples j of each class; 0 for a class without examples.

    Equal to ``mean_j KL(q_j^{a_i}, s) + KL(s, Q_{y,i})`` with the examples' own centroid s, hence least, and equal to
    the conditional mutual information of the class, where Q is that centroid. There is no factor T^2 and none of a.

    Args:
        logits: Unsoftened outputs.
        rows: Which row of ``log_q`` belongs to each example.
        log_q: Logs of the centroids, finite; a constant of the optimization.
        powers: Non-negative.

    Reference: CMIM paper, eqs. 24-28.
    """
    log_p = F.log_softmax(logits[:, None] * powers[:, None], dim=-1)
    divergences = (log_p.exp() * (log_p - log_q[rows])).sum(dim=-1)
    counts = counted(rows, len(log_q)).clamp_min(1)
    return torch.zeros_like(log_q[..., 0]).index_add(0, rows, divergences) / counts[:, None]


def conditional_mutual_information(
    logits: Logits, rows: Int[Tensor, "n"], log_q: Float[Tensor, "y a k"], powers: Float[Tensor, "a"], *, omega: float
) -> PerExample:
    """For each example the soft maximum over powers of its class's divergence; their mean is the regularizer R.

    ``R = sum_y (n_y/n) M_omega(y)``: an example brings the value of its whole class, so the mean over a batch weighs
    classes by their frequency in it. Arguments as in `class_divergences` and `soft_maximum`.

    Reference: CMIM paper, eq. 28, second term without its factor lambda.
    """
    return soft_maximum(class_divergences(logits, rows, log_q, powers), omega=omega)[rows]
