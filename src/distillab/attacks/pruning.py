"""Fewer changed pixels without a gradient: those that an adversarial image does not need are put back."""

from dataclasses import replace

import torch
from torch import Tensor

from distillab.attacks.goal import Goal
from distillab.attacks.projections import CHANGED, NORMS
from distillab.attacks.result import AttackResult, LogitsFn
from distillab.core.shapes import Images
from distillab.losses.margins import is_adversarial

MOST = 100
"""Pixels that are tried, the least changed ones first."""


def snap(logits_fn: LogitsFn, x: Images, goal: Goal, result: AttackResult, *, kappa: float = 0.0) -> AttackResult:
    """``result`` without changes of at most 1e-4, which count as none, where an image stays adversarial without them.

    One forward pass per adversarial image.
    """
    rows = result.success.nonzero().squeeze(1)
    if not len(rows):
        return result
    clean, x_adv = x[rows], result.x_adv[rows]
    snapped = torch.where(_pixels(_change(x_adv, clean) > CHANGED, x_adv), x_adv, clean)
    x_adv = _if_adversarial(logits_fn, goal.take(rows), snapped, x_adv, kappa)
    return _with(result, rows, x_adv, clean, torch.ones_like(rows))


def prune(logits_fn: LogitsFn, x: Images, goal: Goal, result: AttackResult, *, kappa: float = 0.0) -> AttackResult:
    """``result`` with every pixel put back, from the least changed on, without which the image stays adversarial.

    One forward pass per changed pixel, at most 100; L0 never grows.
    """
    rows = result.success.nonzero().squeeze(1)
    if not len(rows):
        return result
    clean, wanted, x_adv = x[rows], goal.take(rows), result.x_adv[rows]
    change = _change(x_adv, clean)
    tried = (change > CHANGED).sum(dim=1).clamp(max=MOST)
    order = torch.where(change > CHANGED, change, torch.inf).argsort(dim=1, stable=True)
    for position in range(int(tried.max())):
        turn = (position < tried)[:, None]  # of images with fewer changed pixels nothing is left to try
        pixel = torch.zeros_like(change, dtype=torch.bool).scatter(1, order[:, position : position + 1], turn)
        candidate = torch.where(_pixels(pixel, x_adv), clean, x_adv)
        x_adv = _if_adversarial(logits_fn, wanted, candidate, x_adv, kappa)
    return _with(result, rows, x_adv, clean, tried)


def _change(x_adv: Images, clean: Images) -> Tensor:
    """Largest change over channels, ``n hw``."""
    return (x_adv - clean).abs().amax(dim=1).flatten(1)


def _if_adversarial(logits_fn: LogitsFn, goal: Goal, candidate: Images, otherwise: Images, kappa: float) -> Images:
    with torch.no_grad():
        survives = is_adversarial(goal.margin(logits_fn(candidate)), kappa)
    return torch.where(survives[:, None, None, None], candidate, otherwise)


def _with(result: AttackResult, rows: Tensor, x_adv: Images, clean: Images, forwards: Tensor) -> AttackResult:
    """``result`` with other images at ``rows``, found with so many more forward passes."""
    found, distance, spent = result.x_adv.clone(), result.distance.clone(), result.forwards.clone()
    found[rows], distance[rows] = x_adv, NORMS["l0"](x_adv - clean)
    spent[rows] += forwards
    return replace(result, x_adv=found, distance=distance, forwards=spent)


def _pixels(flags: Tensor, like: Images) -> Tensor:
    """Flags per pixel, for all channels of images shaped like ``like``."""
    return flags.view(len(like), 1, *like.shape[2:])
