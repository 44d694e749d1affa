"""Carlini and Wagner's minimum Linf attack: changes beyond a threshold are penalized, and the threshold falls."""

from dataclasses import dataclass
from math import ceil, log, log2
from typing import ClassVar, Literal, Self

import torch
from pydantic import Field

from distillab.attacks.doubling import Doubling, squash
from distillab.attacks.goal import Goal
from distillab.attacks.looks import any_of
from distillab.attacks.norm_search import norm_search
from distillab.attacks.projections import NORMS
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.core.bounds import Rate, Steps, TradeOff
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels, PerExample
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import AttackSpec, Budget, Mode

SMALLEST = 1 / 256
"""The search ends below this threshold: less than a step of an 8-bit image."""

SOLVED = 1e-4
"""A problem is solved where its loss is below this share of const."""

STRICT_STEPS: dict[Budget, int] = {"ci": 100, "default": 300, "paper": 1_000}
FAST_STEPS: dict[Budget, int] = {"ci": 50, "default": 100, "paper": 300}


class CarliniWagnerLinf(AttackSpec):
    """min const max(margin(x'), 0) + sum_i max(|x'_i - x_i| - tau, 0) over w, where x' = (1 + tanh w) / 2.

    ``const`` doubles after every ``steps`` steps until the loss is below 0.01 % of it. Then ``tau`` becomes 0.9 of the
    smaller of itself and the largest change, and the search goes on from there with the same ``const``, until ``tau``
    is below 1/256 or ``const`` above ``largest_const``. The last solution is the result, and there is none if there
    was none: the release returns the clean image then.

    ``mode: fast`` searches over the length of the perturbation instead; ``steps`` are then its steps in all.

    Reference: Carlini & Wagner 2017, section VI-C, with the absolute change that its equation leaves out.
    """

    name: Literal["carlini_wagner_linf"] = "carlini_wagner_linf"
    norm: Literal["linf"] = Field(default="linf", description="Norm that is minimized")
    mode: Mode = Field(default="strict", description="strict: as published; fast: norm-controlled, a hundred passes")
    budget: Budget = Field(
        default="default",
        description="strict: 100 (ci), 300 (default), 1000 (paper) steps per const; fast: 50, 100 or 300 steps",
    )
    steps: Steps | None = Field(default=None, ge=1, description="Steps (strict: per const), instead of the budget's")
    initial_const: TradeOff = Field(default=1e-5, gt=0, description="First weight of the classification loss")
    largest_const: TradeOff = Field(default=20.0, gt=0, description="An example gives up where const reaches this")
    lr: Rate = Field(default=5e-3, gt=0, description="Adam's learning rate")
    shrink: float = Field(default=0.9, gt=0, lt=1, description="Factor of the threshold after a success")

    kind: ClassVar = "minimum_norm"
    paper: ClassVar = "Carlini & Wagner, IEEE S&P 2017"
    label: ClassVar = "C&W Linf"

    @property
    def passes(self) -> int:
        """Fast: one a point. Strict: ``steps`` for every doubling of const and for every threshold."""
        if self.mode == "fast":
            return self.made_steps + 1
        return self.made_steps * (self._doublings + ceil(log(SMALLEST) / log(self.shrink)))

    @property
    def made_steps(self) -> int:
        """Steps per const, or in all, from the budget unless set explicitly."""
        return self.steps or (FAST_STEPS if self.mode == "fast" else STRICT_STEPS)[self.budget]

    @property
    def _doublings(self) -> int:
        return max(1, ceil(log2(self.largest_const / self.initial_const)))

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """All examples in one pool; each goes on to its next threshold when it has met the present one."""
        goal, steps = Goal.of(y, y_target), self.made_steps
        if self.mode == "fast":
            return norm_search(logits_fn, x, goal, norm="linf", steps=steps)
        ledger, pool = Ledger(x), _Pool.start(x, goal, self.initial_const, steps * self._doublings)
        passes = 0
        while len(pool.rows):
            leaving = self._iterate(logits_fn, pool, steps)
            passes += 1
            pool = pool.without(leaving, ledger, passes)
        return ledger.result()

    def _iterate(self, logits_fn: LogitsFn, pool: "_Pool", steps: int) -> Flags:
        """Evaluate, let the solved examples go on to their next threshold, step the others; which ones are finished."""
        squashed = squash(pool.w_start + pool.w)
        margin, gradient = pool.evaluate(logits_fn, squashed)
        delta = squashed - pool.x_clean
        excess = (delta.abs() - pool.tau[:, None, None, None]).clamp(min=0)
        loss = pool.const * margin.clamp(min=0) + excess.flatten(1).sum(dim=1)
        solved = (loss < SOLVED * pool.const) & is_adversarial(margin)
        full = gradient * pool.hinge_slope(margin) + delta.sign() * (excess > 0)
        pool.step_(full, squashed, self.lr, steps)
        if any_of(solved):
            pool.lower_(solved, squashed, self.shrink)
        return (pool.tau <= SMALLEST) | (~solved & (pool.const >= self.largest_const))


@dataclass
class _Pool(Doubling):
    tau: PerExample

    @classmethod
    def start(cls, x: Images, goal: Goal, const: float, most_steps: int) -> Self:
        """Every example at the threshold 1, which penalizes nothing."""
        shared = Doubling.of(x, goal, const, most_steps)
        return cls(**vars(shared), tau=torch.ones_like(shared.const))

    def lower_(self, solved: Flags, x_adv: Images, shrink: float) -> None:
        """The next threshold of the solved examples; the step and the doubling just made are taken back."""
        distance = NORMS["linf"](x_adv - self.x)
        self.const = torch.where(solved & (self.steps == 0), self.const / 2, self.const)
        self.tau = torch.where(solved, shrink * torch.minimum(self.tau, distance), self.tau)
        self.restart_(solved, x_adv, distance)
