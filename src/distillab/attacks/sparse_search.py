"""Few changed pixels in few passes: descent on a smooth count of them, with a threshold that adapts.

Each example moves along its normalized gradient of a hinge on the margin plus a smooth count of changed pixels; pixels
that moved less than the example's threshold are put back. The threshold rises while the example is adversarial and
falls while it is not, by amounts that anneal. As in ``norm_search``, the margin is measured in units of the clean one.

Reference: Cina et al. 2025 (sigma-zero), algorithm 1; pixels are counted over channels here.
"""

import math
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.attacks.adam import Adam
from distillab.attacks.goal import Goal
from distillab.attacks.projections import NORMS
from distillab.attacks.rest import closing, has_moved, last_tenth
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.shapes import Flags, Images, PerExample
from distillab.losses.margins import is_adversarial

SMOOTHNESS = 1e-3
"""A pixel that moved by the root of this counts half."""

FIRST_THRESHOLD = 0.3
THRESHOLD_STEP = 0.01
LEARNING_RATE = (1.0, 0.1)
"""First and last, annealed along a cosine."""

TINY = 1e-12


def sparse_search(logits_fn: LogitsFn, x: Images, goal: Goal, *, steps: int, kappa: float = 0.0) -> AttackResult:
    """The adversarial point of ``steps + 1`` with the fewest changed pixels; one forward and backward pass each."""
    search, ledger = _Search.start(x, goal, steps + 1), Ledger(x)
    late = search.distance
    for step in range(steps + 1):
        gradient, margin = search.gradient(logits_fn, kappa)
        success = is_adversarial(margin, kappa)
        search.note_(success)
        if step == last_tenth(steps):
            late = search.distance
        if step < steps:
            search.move_(gradient, success, _annealed(step / steps))
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
    adam: Adam
    threshold: PerExample
    unit: PerExample | None
    """The clean margin; None before the first pass."""
    distance: PerExample
    """Fewest changed pixels of a success so far, of the point ``x_adv``; inf before the first."""
    x_adv: Images

    @classmethod
    def start(cls, x: Images, goal: Goal, steps: int) -> Self:
        zeros = x.new_zeros(len(x))
        rows = torch.arange(len(x), device=x.device)
        delta, adam = torch.zeros_like(x), Adam.start(x, steps)
        return cls(rows, x, goal, delta, adam, zeros + FIRST_THRESHOLD, None, zeros + torch.inf, x.clone())

    def gradient(self, logits_fn: LogitsFn, kappa: float) -> tuple[Images, PerExample]:
        """The loss's gradient over its largest entry, and the margin."""
        x_adv = (self.x + self.delta).requires_grad_()
        margin = self.goal.margin(logits_fn(x_adv))
        if self.unit is None:
            self.unit = (margin.detach() + kappa).clamp(min=TINY)
        (gradient,) = torch.autograd.grad(((margin + kappa).clamp(min=0) / self.unit).sum(), x_adv)
        squared = self.delta.square().sum(dim=1, keepdim=True)
        count_gradient = 2 * self.delta * SMOOTHNESS / (squared + SMOOTHNESS).square()
        gradient = gradient + count_gradient / squared[0].numel()
        return gradient / _per_image(NORMS["linf"](gradient).clamp(min=TINY)), margin.detach()

    def note_(self, success: Flags) -> None:
        """Keep the points that succeed with fewer pixels than all before."""
        distance = NORMS["l0"](self.delta)
        fewer = success & (distance < self.distance)
        self.distance = torch.where(fewer, distance, self.distance)
        self.x_adv = torch.where(_per_image(fewer), self.x + self.delta, self.x_adv)

    def move_(self, gradient: Images, success: Flags, lr: float) -> None:
        """One Adam step into [0, 1], then back with the pixels below the new threshold."""
        self.adam.step_(self.delta, gradient, lr)
        self.delta = (self.x + self.delta).clamp(0, 1) - self.x
        change = torch.where(success, THRESHOLD_STEP * lr, -THRESHOLD_STEP * lr)
        self.threshold = (self.threshold + change).clamp(0, 1)
        moved = self.delta.abs().amax(dim=1, keepdim=True) > _per_image(self.threshold)
        self.delta = self.delta * moved


def _annealed(share: float) -> float:
    first, last = LEARNING_RATE
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * share))


def _per_image(values: Tensor) -> Tensor:
    return values[:, None, None, None]
