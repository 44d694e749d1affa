"""Small perturbations in few passes: the direction follows a gradient, the length a search of its own.

Each example has a radius. It shrinks while the example is adversarial and grows while it is not, by a factor that
anneals towards one; between, a step goes along the steepest direction of a soft margin and back to the radius. That is
the decoupling of direction and norm of DDN, with three changes: the loss is the C&W margin smoothed over classes and
scaled by the clean margin, so that no scale of the logits changes the search; its sharpness grows, so that early steps
weigh all classes and late ones the boundary at hand; and the first radius is where the linearized margin ends.

Reference: Rony et al. 2019 (DDN), algorithm 1; Pintor et al. 2021 (FMN), section 2, for the annealing.
"""

import math
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.attacks.goal import Goal
from distillab.attacks.projections import NORMS
from distillab.attacks.rest import closing, has_moved, last_tenth
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.shapes import Flags, Images, PerExample
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import Norm

SHARPNESS = (3.0, 30.0)
"""First and last inverse temperature of the soft margin, in units of the clean margin."""

STEP = (1.0, 0.01)
"""First and last step: in L2 in pixel units, in Linf as a share of the radius."""

FACTOR = (0.1, 0.005)
"""First and last relative change of the radius."""

SHORTEST, LONGEST = 1e-3, 5.0
"""Bounds of the first radius, in pixel units."""

TINY = 1e-12


def norm_search(
    logits_fn: LogitsFn, x: Images, goal: Goal, *, norm: Norm, steps: int, kappa: float = 0.0
) -> AttackResult:
    """The closest adversarial point of ``steps + 1``, in L2 or Linf; one forward and one backward pass each."""
    search, ledger = _Search.start(x, goal), Ledger(x)
    late = search.distance
    for step in range(steps + 1):
        share = step / steps
        gradient, margin = soft_margin_gradient(
            logits_fn,
            search.x + search.delta,
            search.goal,
            sharpness=_geometric(SHARPNESS, share),
            unit=search.unit,
            kappa=kappa,
        )
        if search.unit is None:
            search.unit = (margin + kappa).clamp(min=TINY)
            search.first_radius_(gradient, search.unit, norm)
        success = is_adversarial(margin, kappa)
        search.note_(success, norm)
        if step == last_tenth(steps):
            late = search.distance
        if step < steps:
            search.move_(gradient, success, norm, share)
    ledger.spend(search.rows, forwards=steps + 1, backwards=steps + 1)
    ledger.succeed(search.rows, search.x_adv, search.distance)
    ledger.stop(search.rows, which=closing(late, search.distance, has_moved(search.delta)))
    return ledger.result()


@dataclass
class _Search(Rows):
    rows: Int[Tensor, "n"]
    x: Images
    goal: Goal
    delta: Images
    radius: PerExample
    unit: PerExample | None
    """The clean margin: the unit in which logits are measured; None before the first pass."""
    distance: PerExample
    """Of the closest success so far, the point ``x_adv``; inf before the first."""
    x_adv: Images

    @classmethod
    def start(cls, x: Images, goal: Goal) -> Self:
        zeros = x.new_zeros(len(x))
        rows = torch.arange(len(x), device=x.device)
        return cls(rows, x, goal, torch.zeros_like(x), zeros + 1, None, zeros + torch.inf, x.clone())

    def first_radius_(self, gradient: Images, margin: PerExample, norm: Norm) -> None:
        """Where the linearized margin ends: the margin over the gradient's dual norm."""
        slope = NORMS["l2" if norm == "l2" else "l1"](gradient)
        self.radius = (margin / slope.clamp(min=TINY)).clamp(SHORTEST, LONGEST)

    def note_(self, success: Flags, norm: Norm) -> None:
        """Keep the points that succeed and are closer than all before."""
        distance = NORMS[norm](self.delta)
        closer = success & (distance < self.distance)
        self.distance = torch.where(closer, distance, self.distance)
        self.x_adv = torch.where(_per_image(closer), self.x + self.delta, self.x_adv)

    def move_(self, gradient: Images, success: Flags, norm: Norm, share: float) -> None:
        """Step down the margin, then onto the new radius and into [0, 1]."""
        factor, step = _cosine(FACTOR, share), _cosine(STEP, share)
        shrunk = torch.minimum(self.radius, self.distance) * (1 - factor)
        before, self.radius = self.radius, torch.where(success, shrunk, self.radius * (1 + factor))
        if norm == "l2":
            moved = self.delta - step * gradient / _per_image(NORMS["l2"](gradient).clamp(min=TINY))
            moved = moved * _per_image(self.radius / NORMS["l2"](moved).clamp(min=TINY))
        else:
            moved = self.delta - step * _per_image(before) * gradient.sign()
            moved = moved.clamp(-_per_image(self.radius), _per_image(self.radius))
        self.delta = (self.x + moved).clamp(0, 1) - self.x


def soft_margin_gradient(
    logits_fn: LogitsFn, x_adv: Images, goal: Goal, *, sharpness: float, unit: PerExample | None, kappa: float
) -> tuple[Images, PerExample]:
    """The gradient of the soft margin, in logits, and the exact margin.

    Args:
        logits_fn: the model.
        x_adv: where.
        goal: what the margin is about.
        sharpness: of the maximum over classes, relative to ``unit``.
        unit: logits per example that count as one; the margin here where there is none yet.
        kappa: part of the margin where it is its own unit.
    """
    x_adv = x_adv.detach().requires_grad_()
    logits = logits_fn(x_adv)
    margin = goal.margin(logits.detach())
    unit = (margin + kappa).clamp(min=TINY) if unit is None else unit
    scale = sharpness / unit
    soft = goal.soft_margin(logits * scale[:, None]) / scale
    (gradient,) = torch.autograd.grad(soft.sum(), x_adv)
    return gradient, margin


def _cosine(ends: tuple[float, float], share: float) -> float:
    first, last = ends
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * share))


def _geometric(ends: tuple[float, float], share: float) -> float:
    first, last = ends
    return first * math.exp(share * math.log(last / first))


def _per_image(values: Tensor) -> Tensor:
    return values[:, None, None, None]
