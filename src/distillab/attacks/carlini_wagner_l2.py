"""Carlini and Wagner's minimum L2 attack: Adam on an unbounded variable, binary search over the trade-off."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
from jaxtyping import Bool, Int
from pydantic import Field
from torch import Tensor

from distillab.attacks.adam import Adam
from distillab.attacks.goal import Goal
from distillab.attacks.looks import any_of, crowded
from distillab.attacks.norm_search import norm_search
from distillab.attacks.rest import has_moved
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.bounds import Factor, Halvings, Rate, Steps, TradeOff
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels, PerExample
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import AttackSpec, Budget, Mode

SHRINK = 0.999999
"""Keeps pixels at 0 and 1 at a finite variable: without it they could never move."""

UPPER_START = 1e10
UNBOUNDED = 1e9
"""An upper bound at least this large means that no ``const`` has succeeded yet."""

SPENDING: dict[Budget, tuple[int, int]] = {"ci": (200, 5), "default": (1_000, 9), "paper": (10_000, 9)}
"""Strict mode: steps per ``const`` and number of ``const`` values."""

FAST_STEPS: dict[Budget, int] = {"ci": 50, "default": 100, "paper": 300}
"""Fast mode: steps in all."""


class CarliniWagnerL2(AttackSpec):
    """min |x' - x|^2 + const max(margin(x') + kappa, 0) over w, where x' = (1 + tanh w) / 2.

    For each of ``search_steps`` values of ``const``, Adam makes up to ``steps`` steps from the image; every tenth of
    them, an example whose loss has not fallen by 0.01 % stops. A success halves the interval of ``const`` from above, a
    failure from below. The result is the closest adversarial point of all steps. Every decision is the example's own:
    Carlini and Wagner's code stops on the loss of the batch, and agrees with this one for batches of one.

    ``mode: fast`` looks for the same point, the closest where the margin is lost, by a search over the length of the
    perturbation instead of over ``const``; ``steps`` are then its steps in all.

    Reference: Carlini & Wagner 2017, sections V and VI-A, and the defaults of the authors' release.
    """

    name: Literal["carlini_wagner_l2"] = "carlini_wagner_l2"
    norm: Literal["l2"] = Field(default="l2", description="Norm that is minimized")
    mode: Mode = Field(default="strict", description="strict: as published; fast: norm-controlled, a hundred passes")
    budget: Budget = Field(
        default="default",
        description="strict: 200 steps x 5 (ci), 1000 x 9 (default), 10000 x 9 (paper); fast: 50, 100 or 300 steps",
    )
    steps: Steps | None = Field(default=None, ge=1, description="Steps (strict: per const), instead of the budget's")
    search_steps: Halvings | None = Field(default=None, ge=1, description="Values of const, instead of the budget's")
    kappa: Factor = Field(default=0.0, ge=0, description="Logits by which the adversarial class must win")
    initial_const: TradeOff = Field(default=1e-3, gt=0, description="First weight of the classification loss")
    lr: Rate = Field(default=1e-2, gt=0, description="Adam's learning rate")
    abort_early: bool = Field(default=True, description="Stop an example that makes no progress")

    kind: ClassVar = "minimum_norm"
    paper: ClassVar = "Carlini & Wagner, IEEE S&P 2017"
    label: ClassVar = "C&W L2"

    @property
    def passes(self) -> int:
        """Steps times values of const: what is spent if no example stops early."""
        steps, search_steps = self.spending
        if self.mode == "fast":
            return steps + 1
        return steps * search_steps

    @property
    def required_margin(self) -> float:
        """Kappa."""
        return self.kappa

    @property
    def spending(self) -> tuple[int, int]:
        """Steps per ``const`` and number of ``const`` values, from the budget unless set explicitly."""
        if self.mode == "fast":
            return self.steps or FAST_STEPS[self.budget], 1
        steps, search_steps = SPENDING[self.budget]
        return self.steps or steps, self.search_steps or search_steps

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """All examples in one pool; each goes on to its next ``const`` when it is done, and leaves after the last."""
        steps, search_steps = self.spending
        if self.mode == "fast":
            return norm_search(logits_fn, x, Goal.of(y, y_target), norm="l2", steps=steps, kappa=self.kappa)
        ledger, pool = Ledger(x), _Pool.start(x, Goal.of(y, y_target), self.initial_const, steps)
        iterations = 0
        while len(pool.rows):
            stopped = self._iterate(logits_fn, pool, max(1, steps // 10))
            iterations += 1
            done = stopped | (pool.adam.steps >= steps)
            if any_of(done):
                pool.next_const_(done, search_steps)
                pool.leave_(pool.going & (pool.search_steps >= search_steps), ledger, iterations)
            if crowded(pool.going, iterations):
                pool = pool.take(pool.going.nonzero().squeeze(1))
        return ledger.result()

    def _iterate(self, logits_fn: LogitsFn, pool: "_Pool", check_every: int) -> Flags:
        """Evaluate the current points, note the successes, step; which examples make no progress any more."""
        squash = torch.tanh(pool.w_start + pool.w)
        x_adv = (0.5 + 0.5 * squash).requires_grad_()
        margin = pool.goal.margin(logits_fn(x_adv))
        penalty = pool.const * (margin + self.kappa).clamp(min=0)
        (gradient,) = torch.autograd.grad(penalty.sum(), x_adv)
        with torch.no_grad():
            delta = x_adv - pool.x_start
            squared = delta.square().flatten(1).sum(dim=1)
            loss = squared + penalty
            resting = pool.check_progress_(loss, check_every)
            stopped = resting if self.abort_early else torch.zeros_like(resting)
            pool.note_(is_adversarial(margin, self.kappa) & ~stopped, squared, x_adv)
            # the chain rule through x' by hand: autograd would need two more passes over the images
            pool.adam.step_(pool.w, (gradient + 2 * delta) * (0.5 * (1 - squash * squash)), self.lr)
        return stopped


@dataclass
class _Pool(Rows):
    """The examples still under attack; ``rows`` are their positions in the attacked batch."""

    rows: Int[Tensor, "n"]
    x_start: Images
    w_start: Images
    goal: Goal
    w: Images
    adam: Adam
    const: PerExample
    lower: PerExample
    upper: PerExample
    search_steps: Int[Tensor, "n"]
    previous_loss: PerExample
    at_rest: Bool[Tensor, "n"]
    """Whether the last check of the current const's steps saw no progress."""
    hit: Bool[Tensor, "n"]
    """Whether the current const has succeeded."""
    at_limit: Bool[Tensor, "n"]
    """Whether the last const ran out of steps before it came to rest, or no const so far has succeeded."""
    squared: PerExample
    """Smallest squared distance of a success so far, inf before the first; of the point ``x_adv``."""
    x_adv: Images
    going: Flags
    """False of those that have left since the last look."""

    @classmethod
    def start(cls, x: Images, goal: Goal, const: float, steps: int) -> Self:
        w_start = torch.atanh((2 * x - 1) * SHRINK)
        zeros = x.new_zeros(len(x))
        return cls(
            rows=torch.arange(len(x), device=x.device),
            x_start=0.5 + 0.5 * torch.tanh(w_start),
            w_start=w_start,
            goal=goal,
            w=torch.zeros_like(x),
            adam=Adam.start(x, steps),
            const=zeros + const,
            lower=zeros.clone(),
            upper=zeros + UPPER_START,
            search_steps=zeros.to(torch.int64),
            previous_loss=zeros + torch.inf,
            at_rest=zeros.to(torch.bool),
            hit=zeros.to(torch.bool),
            at_limit=zeros.to(torch.bool),
            squared=zeros + torch.inf,
            x_adv=x.clone(),
            going=torch.ones_like(zeros, dtype=torch.bool),
        )

    def check_progress_(self, loss: PerExample, every: int) -> Flags:
        """At every ``every``-th step of an example, whether its loss has not fallen by 0.01 % since the last check."""
        check = self.adam.steps % every == 0
        resting = check & (loss > 0.9999 * self.previous_loss)
        self.at_rest = torch.where(check, resting, self.at_rest)
        self.previous_loss = torch.where(check, loss, self.previous_loss)
        return resting

    def note_(self, success: Flags, squared: PerExample, x_adv: Images) -> None:
        """Keep the points that succeed and are closer than all before."""
        self.hit |= success
        closer = success & (squared < self.squared)
        self.squared = torch.where(closer, squared, self.squared)
        self.x_adv = torch.where(closer[:, None, None, None], x_adv, self.x_adv)

    def next_const_(self, done: Flags, search_steps: int) -> None:
        """Start the finished examples anew with their next const; the last of ten or more is the upper bound."""
        self.upper = torch.where(done & self.hit, torch.minimum(self.upper, self.const), self.upper)
        self.lower = torch.where(done & ~self.hit, torch.maximum(self.lower, self.const), self.lower)
        self.search_steps += done
        following = torch.where(self.upper < UNBOUNDED, (self.lower + self.upper) / 2, self.const * 10)
        if search_steps >= 10:
            following = torch.where(self.search_steps == search_steps - 1, self.upper, following)
        self.const = torch.where(done, following, self.const)
        running = ~self.at_rest | (self.squared.isinf() & has_moved(self.w))
        self.at_limit = torch.where(done, running, self.at_limit)
        self.at_rest = self.at_rest & ~done
        self.previous_loss = self.previous_loss.masked_fill(done, torch.inf)
        self.hit = self.hit & ~done
        self.w.masked_fill_(done[:, None, None, None], 0)
        self.adam.reset_(done)

    def leave_(self, leaving: Flags, ledger: Ledger, iterations: int) -> None:
        """Hand the results of the examples in ``leaving`` to the ledger."""
        if any_of(leaving):
            ledger.spend(self.rows, forwards=iterations, backwards=iterations, which=leaving)
            found = leaving & self.squared.isfinite()
            ledger.succeed(self.rows, self.x_adv, self.squared.sqrt(), which=found)
            ledger.stop(self.rows, which=leaving & self.at_limit)
            self.going = self.going & ~leaving
