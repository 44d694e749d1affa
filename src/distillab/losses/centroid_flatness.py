"""What a class's mean output tells about the other classes, as a training loss."""

from math import log

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from distillab.core.shapes import Labels, Logits
from distillab.losses.classes import counted


def off_diagonal_divergence(log_s: Float[Tensor, "y a k"], classes: Int[Tensor, "y"]) -> Float[Tensor, "y a"]:
    """``KL(u, offdiag(s_y))`` in nats: how unevenly a centroid spreads what it does not give to its own class.

    ``u`` is uniform over the k - 1 other classes, ``offdiag`` leaves the entry of class y out and renormalizes.

    Args:
        log_s: Logs of the centroids, finite; a constant per row cancels.
        classes: The class y of each row.

    Reference: methods section 10, D3; the first argument, which averages, is the uniform distribution.
    """
    own = classes[:, None, None].expand(*log_s.shape[:2], 1)
    others = log_s.shape[2] - 1
    log_mass = log_s.scatter(2, own, -torch.inf).logsumexp(dim=2)
    return log_mass - log_s.scatter(2, own, 0.0).sum(dim=2) / others - log(others)


def joined_log_centroids(
    logits: Logits,
    rows: Labels,
    log_q: Float[Tensor, "y a k"],
    counts: Int[Tensor, "y"],
    powers: Float[Tensor, "a"],
) -> Float[Tensor, "y a k"]:
    """Log of the mean of ``q^a`` over the outputs behind ``log_q`` and the batch's, class by class.

    Only the batch's outputs carry a gradient, and it is multiplied by (all outputs) / (batch's outputs): those behind
    ``log_q`` move with the parameters just as the batch's do. A loss of the centroid so has the gradient it would
    have if the centroid were the batch's own, whatever the number of outputs that steady its value.

    Args:
        logits: Unsoftened outputs of the batch.
        rows: Which row of ``log_q`` belongs to each example; each row has at least one.
        log_q: Logs of centroids, finite.
        counts: How many outputs each of them is the mean of.
        powers: Non-negative.
    """
    log_p = F.log_softmax(logits[:, None] * powers[:, None], dim=-1)
    kept = log_q + counts.to(log_q).log()[:, None, None]
    index = rows[:, None, None].expand_as(log_p)
    top = kept.scatter_reduce(0, index, log_p.detach(), "amax")
    batch = counted(rows, len(log_q))
    scale = ((counts + batch) / batch).to(log_q)[rows, None, None]
    shares = (log_p - top[rows]).exp()
    # The value of the share, and its gradient times the scale.
    scaled = shares.detach() + scale * (shares - shares.detach())
    total = (kept - top).exp().index_add(0, rows, scaled)
    return top + total.log() - (counts + batch).to(log_q).log()[:, None, None]
