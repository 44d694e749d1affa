"""What the C&W attacks in L0 and Linf share: Adam from a warm start, and a weight that doubles until it succeeds."""

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.attacks.adam import Adam
from distillab.attacks.goal import Goal
from distillab.attacks.looks import EVERY, any_of, crowded
from distillab.attacks.rest import has_moved
from distillab.attacks.result import Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.shapes import Flags, Images, PerExample

SHRINK = 0.9999995
"""Keeps the pixels of a warm start at a finite variable."""


@dataclass
class Doubling(Rows):
    """Examples in one pool, each with a problem of its own: minimize a penalty plus ``const`` times the margin's hinge.

    An example makes ``steps`` steps per ``const``; ``const`` then doubles, and variable and optimizer go on. Whatever
    solves a problem starts the next one from there, with a fresh optimizer and the same ``const``.
    """

    rows: Int[Tensor, "n"]
    """Positions in the attacked batch."""
    x: Images
    x_clean: Images
    """``x`` as the change of variables gives it back."""
    goal: Goal
    w_start: Images
    w: Images
    adam: Adam
    const: PerExample
    steps: Int[Tensor, "n"]
    """Made with the present const."""
    distance: PerExample
    """Of the last problem that was solved, the point ``x_adv``; inf before the first."""
    x_adv: Images
    going: Flags
    """False of those that have left since the last look."""

    @classmethod
    def of(cls, x: Images, goal: Goal, const: float, most_steps: int) -> Self:
        """All examples at the start of their first problem; at most ``most_steps`` steps for each problem."""
        zeros = x.new_zeros(len(x))
        w_start = unsquash(x)
        return cls(
            rows=torch.arange(len(x), device=x.device),
            x=x,
            x_clean=squash(w_start),
            goal=goal,
            w_start=w_start,
            w=torch.zeros_like(x),
            adam=Adam.start(x, most_steps + EVERY),
            const=zeros + const,
            steps=zeros.to(torch.int64),
            distance=zeros + torch.inf,
            x_adv=x.clone(),
            going=torch.ones_like(zeros, dtype=torch.bool),
        )

    def evaluate(self, logits_fn: LogitsFn, x_adv: Images) -> tuple[PerExample, Images]:
        """The margin and its gradient in ``x_adv``, where it is negative too."""
        x_adv = x_adv.detach().requires_grad_()
        margin = self.goal.margin(logits_fn(x_adv))
        (gradient,) = torch.autograd.grad(margin.sum(), x_adv)
        return margin.detach(), gradient

    def hinge_slope(self, slack_margin: PerExample) -> Images:
        """Per image, what turns the margin's gradient into that of ``const max(slack_margin, 0)``."""
        return (self.const * (slack_margin > 0))[:, None, None, None]

    def step_(self, gradient: Images, squashed: Images, lr: float, most: int) -> None:
        """One step against ``gradient`` in the images; ``const`` doubles after ``most`` of them."""
        # d squash / dw = 2 s (1 - s)
        self.adam.step_(self.w, gradient * (2 * squashed * (1 - squashed)), lr)
        self.steps += 1
        full = self.steps >= most
        self.const = torch.where(full, 2 * self.const, self.const)
        self.steps.masked_fill_(full, 0)

    def restart_(self, solved: Flags, x_adv: Images, distance: PerExample) -> None:
        """Keep what the solved examples have found, and start their next problem from it."""
        there = solved[:, None, None, None]
        self.x_adv = torch.where(there, x_adv, self.x_adv)
        self.distance = torch.where(solved, distance, self.distance)
        self.w_start = torch.where(there, unsquash(x_adv), self.w_start)
        self.w.masked_fill_(there, 0)
        self.steps.masked_fill_(solved, 0)
        self.adam.reset_(solved)

    def without(self, leaving: Flags, ledger: Ledger, passes: int) -> Self:
        """The pool without the examples in ``leaving``, whose results go to the ledger; on a GPU after the next look.

        Those whose first problem is still unsolved were stopped by the largest ``const``: steps in other words.
        """
        leaving = leaving & self.going
        if any_of(leaving):
            ledger.spend(self.rows, forwards=passes, backwards=passes, which=leaving)
            found = leaving & self.distance.isfinite()
            ledger.succeed(self.rows, self.x_adv, self.distance, which=found)
            ledger.stop(self.rows, which=leaving & ~found & has_moved(self.w))
            self.going = self.going & ~leaving
        return self.take(self.going.nonzero().squeeze(1)) if crowded(self.going, passes) else self


def squash(w: Images) -> Images:
    """``(1 + tanh w) / 2``."""
    return 0.5 + 0.5 * torch.tanh(w)


def unsquash(x: Images) -> Images:
    """``atanh((2 x - 1) SHRINK)``."""
    return torch.atanh((2 * x - 1) * SHRINK)
