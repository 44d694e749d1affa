"""Fewer changed pixels without a gradient: those that an adversarial image does not need are put back."""

import torch

from distillab.attacks.goal import Goal
from distillab.attacks.projections import CHANGED, NORMS
from distillab.attacks.result import AttackResult, LogitsFn
from distillab.core.shapes import Images
from distillab.losses.margins import is_adversarial

MOST = 100
"""Pixels that are tried, the least changed ones first."""


def prune(logits_fn: LogitsFn, x: Images, goal: Goal, result: AttackResult, *, kappa: float = 0.0) -> AttackResult:
    """``result`` with every pixel put back, from the least changed on, without which the image stays adversarial.

    One forward pass per changed pixel of the example with most of them, at most 100; L0 never grows.
    """
    rows = result.success.nonzero().squeeze(1)
    if not len(rows):
        return result
    clean, wanted, x_adv = x[rows], goal.take(rows), result.x_adv[rows]
    change = (x_adv - clean).abs().amax(dim=1).flatten(1)
    x_adv = torch.where(_pixels(change > CHANGED, x_adv), x_adv, clean)
    with torch.no_grad():
        # pixels that count as unchanged go first, all at once, where the image survives that
        survives = is_adversarial(wanted.margin(logits_fn(x_adv)), kappa)
        x_adv = torch.where(survives[:, None, None, None], x_adv, result.x_adv[rows])
        order = torch.where(change > CHANGED, change, torch.inf).argsort(dim=1, stable=True)
        passes = min(MOST, int((change > CHANGED).sum(dim=1).max()))
        for position in range(passes):
            pixel = torch.zeros_like(change, dtype=torch.bool).scatter(1, order[:, position : position + 1], True)
            candidate = torch.where(_pixels(pixel, x_adv), clean, x_adv)
            survives = is_adversarial(wanted.margin(logits_fn(candidate)), kappa)
            x_adv = torch.where(survives[:, None, None, None], candidate, x_adv)
    found, distance, forwards = result.x_adv.clone(), result.distance.clone(), result.forwards.clone()
    found[rows], distance[rows] = x_adv, NORMS["l0"](x_adv - clean)
    forwards[rows] += (change > CHANGED).sum(dim=1).clamp(max=MOST) + 1
    return AttackResult(found, result.success, distance, forwards, result.backwards)


def _pixels(flags: torch.Tensor, like: Images) -> torch.Tensor:
    """Flags per pixel, for all channels of images shaped like ``like``."""
    return flags.view(len(like), 1, *like.shape[2:])
