"""Carlini and Wagner's minimum L0 attack: an L2 attack that loses its least useful pixels until it fails."""

from dataclasses import dataclass
from math import ceil, log2
from typing import ClassVar, Literal, Self

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from distillab.attacks.doubling import Doubling, squash
from distillab.attacks.goal import Goal
from distillab.attacks.looks import any_of
from distillab.attacks.projections import CHANGED, NORMS
from distillab.attacks.pruning import MOST, prune, snap
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.sparse_search import sparse_search
from distillab.core.bounds import Rate, Steps, TradeOff
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels
from distillab.specs.attack import AttackSpec, Budget, Mode

MARGIN, TOLERANCE = 0.01, 1e-4
"""A problem is solved where the margin is lost by 0.01 logits, up to the tolerance."""

USEFUL = 0.01
"""No pixel with a larger score is followed by another elimination in the same round."""

SHARE = 0.3
"""Pixels that one round may eliminate, as a multiple of the root of the number of changed ones."""

ROUNDS = 2_000
"""Iterations for all rounds beyond those of the doublings; MNIST and CIFAR have about 100 rounds."""

STRICT: dict[Budget, tuple[int, float]] = {"ci": (100, 10.0), "default": (300, 1e3), "paper": (1_000, 2e6)}
"""Steps per const, and the const that gives up."""

FAST_STEPS: dict[Budget, int] = {"ci": 50, "default": 100, "paper": 300}

Mask = Float[Tensor, "n 1 h w"]


class CarliniWagnerL0(AttackSpec):
    """min |x' - x|^2 + const max(margin(x') + 0.01, 0) over the pixels still allowed, fewer from round to round.

    ``const`` doubles after every ``steps`` steps until the margin is lost. Then the pixels with the smallest score are
    fixed to the image, at most 0.3 times the root of the number of changed ones, and the next round starts from the
    solution, until ``const`` reaches ``largest_const`` or the passes are used up. The last solution is the result,
    without changes of at most 1e-4 where it can do without. ``score: release`` is the release's |change| x |gradient
    of the loss|, in which the classification loss has no part any more, and which vanishes for pixels at 0 and 1;
    ``margin`` is the paper's intent, |change x gradient of the margin|.

    ``mode: fast`` descends on a smooth count of changed pixels instead; ``steps`` are then its steps in all. ``prune``
    puts back, one by one, every pixel that is not needed; fast mode always does.

    Reference: Carlini & Wagner 2017, section VI-B, with absolute values and the bound 2e6 of the release.
    """

    name: Literal["carlini_wagner_l0"] = "carlini_wagner_l0"
    norm: Literal["l0"] = Field(default="l0", description="Norm that is minimized: changed pixels")
    mode: Mode = Field(default="strict", description="strict: as published; fast: a hundred passes and a few more")
    budget: Budget = Field(
        default="default",
        description="strict: 100, 300 or 1000 steps per const, up to const 10, 1e3 or 2e6; fast: 50, 100 or 300 steps",
    )
    steps: Steps | None = Field(default=None, ge=1, description="Steps (strict: per const), instead of the budget's")
    initial_const: TradeOff = Field(default=1e-3, gt=0, description="First weight of the classification loss")
    largest_const: TradeOff | None = Field(default=None, gt=0, description="Gives up there, instead of the budget's")
    lr: Rate = Field(default=1e-2, gt=0, description="Adam's learning rate")
    score: Literal["release", "margin"] = Field(default="release", description="What makes a pixel useful")
    prune: bool = Field(default=False, description="Put back every pixel that the result does not need")

    kind: ClassVar = "minimum_norm"
    paper: ClassVar = "Carlini & Wagner, IEEE S&P 2017"
    label: ClassVar = "C&W L0"

    @property
    def passes(self) -> int:
        """Fast: one a point. Strict: as the rounds are bounded. One more at the end, and one per pixel tried."""
        if self.mode == "fast":
            return self.made_steps + 1 + MOST + 1
        return self._most_iterations + 1 + (MOST if self.prune else 0)

    @property
    def made_steps(self) -> int:
        """Steps per const, or in all, from the budget unless set explicitly."""
        return self.steps or (FAST_STEPS[self.budget] if self.mode == "fast" else STRICT[self.budget][0])

    @property
    def last_const(self) -> float:
        """The const that gives up, from the budget unless set explicitly."""
        return self.largest_const or STRICT[self.budget][1]

    @property
    def _doublings(self) -> int:
        return max(1, ceil(log2(self.last_const / self.initial_const)))

    @property
    def _most_iterations(self) -> int:
        """Twice the steps of all doublings, and ``ROUNDS``: what warm rounds take in all is short, but has no bound."""
        return 2 * self.made_steps * self._doublings + ROUNDS

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """All examples in one pool; each goes on with fewer pixels when it has succeeded with the present ones."""
        goal = Goal.of(y, y_target)
        if self.mode == "fast":
            found = snap(logits_fn, x, goal, sparse_search(logits_fn, x, goal, steps=self.made_steps))
            return prune(logits_fn, x, goal, found)
        ledger, pool = Ledger(x), _Pool.start(x, goal, self.initial_const, self.made_steps * self._doublings)
        for passes in range(1, self._most_iterations + 1):
            leaving = self._iterate(logits_fn, pool)
            if passes == self._most_iterations:
                ledger.stop(pool.rows, which=pool.going & ~leaving)
                leaving = torch.ones_like(leaving)
            pool = pool.without(leaving, ledger, passes)
            if not len(pool.rows):
                break
        found = snap(logits_fn, x, goal, ledger.result())
        return prune(logits_fn, x, goal, found) if self.prune else found

    def _iterate(self, logits_fn: LogitsFn, pool: "_Pool") -> Flags:
        """Evaluate, take pixels from the examples that succeed, step the others; which ones are finished."""
        squashed = squash(pool.w_start + pool.w)
        x_adv = pool.mask * squashed + (1 - pool.mask) * pool.x
        margin, gradient = pool.evaluate(logits_fn, x_adv)
        solved = margin + MARGIN < TOLERANCE
        full = gradient * pool.hinge_slope(margin + MARGIN) + 2 * (x_adv - pool.x_clean)
        pool.step_(full * pool.mask, squashed, self.lr, self.made_steps)
        if any_of(solved):
            delta = x_adv - pool.x
            if self.score == "margin":
                score = (delta * gradient).abs().sum(dim=1)
            else:
                score = delta.sum(dim=1).abs() * (full * (2 * squashed * (1 - squashed))).abs().sum(dim=1)
            pool.eliminate_(solved, x_adv, score.flatten(1))
        empty = (pool.mask == 0).flatten(1).all(dim=1)
        return empty | (~solved & (pool.const >= self.last_const))


@dataclass
class _Pool(Doubling):
    mask: Mask
    """1 where a pixel may change."""

    @classmethod
    def start(cls, x: Images, goal: Goal, const: float, most_steps: int) -> Self:
        """Every pixel allowed."""
        shared = Doubling.of(x, goal, const, most_steps)
        return cls(**vars(shared), mask=torch.ones_like(x[:, :1]))

    def eliminate_(self, solved: Flags, x_adv: Images, score: Float[Tensor, "n hw"]) -> None:
        """Take the pixels with the smallest score from the solved examples; the step just made is taken back."""
        delta = x_adv - self.x
        changed = (delta.abs() >= CHANGED).any(dim=1).flatten(1).sum(dim=1)
        left = self.mask.flatten(1)
        ranked, order = torch.where(left > 0, score, torch.inf).sort(dim=1, stable=True)
        count = torch.arange(1, score.shape[1] + 1, device=score.device)
        # the pixel that breaks a rule is still eliminated: what counts is whether an earlier one broke it
        broken = (ranked > USEFUL) | (count >= SHARE * changed[:, None].sqrt())
        taken = (broken.cumsum(dim=1) - broken.to(torch.int64) == 0) & ranked.isfinite() & solved[:, None]
        removed = torch.zeros_like(left).scatter(1, order, taken.to(left.dtype))
        self.const = torch.where(solved & (self.steps == 0), self.const / 2, self.const)
        self.mask = (left - removed).view_as(self.mask)
        self.restart_(solved, x_adv, NORMS["l0"](delta))
