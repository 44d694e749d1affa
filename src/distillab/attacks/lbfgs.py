"""The box-constrained L-BFGS attack: the oldest one, one image at a time."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field

from distillab.attacks.goal import Goal
from distillab.attacks.projections import NORMS
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.core.bounds import Halvings, Steps, TradeOff
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Images, Labels
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import AttackSpec

SMALLEST_CONST = 1e-10

RAN_OUT = 1
"""SciPy's status of a minimization that its largest number of iterations or evaluations ended."""


class LBFGS(AttackSpec):
    """min const |x' - x|^2 + H(t, softmax Z(x')) over x' in [0, 1] with SciPy's L-BFGS-B, in float64.

    ``const`` falls by tenths from ``initial_const`` until the target is reached; bisection (in the logarithm) between
    the last two values then looks for the largest one that still reaches it. Meant for few and small images.

    The method needs a target. Untargeted, it aims at the runner-up of the clean image. Its cross-entropy saturates on
    distilled networks: read it on logits over the temperature.

    Reference: Szegedy et al. 2014, section 4.1.
    """

    name: Literal["lbfgs"] = "lbfgs"
    norm: Literal["l2"] = Field(default="l2", description="Norm that is minimized")
    steps: Steps = Field(default=100, ge=1, description="L-BFGS iterations per const")
    search_steps: Halvings = Field(
        default=10, ge=0, description="Bisections between a const that fails and one that works"
    )
    initial_const: TradeOff = Field(default=1e-2, gt=0, description="First weight of the squared distance")

    kind: ClassVar = "minimum_norm"
    paper: ClassVar = "Szegedy et al., ICLR 2014"
    label: ClassVar = "L-BFGS"

    @property
    def passes(self) -> int:
        """Iterations for ten powers of ten and all bisections, with a quarter more evaluations for line searches."""
        return self.steps * (10 + self.search_steps) * 5 // 4

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """One image after the other."""
        ledger = Ledger(x)
        with torch.no_grad():
            runner_up = logits_fn(x).scatter(1, y[:, None], -torch.inf).argmax(dim=1)
        target = runner_up if y_target is None else y_target
        for row in range(len(x)):
            wanted = Goal.of(y[row : row + 1], None if y_target is None else y_target[row : row + 1])
            problem = _Problem(logits_fn, x[row : row + 1], target[row : row + 1], wanted, self.steps)
            self._search(problem)
            one = torch.tensor([row], device=x.device)
            ledger.spend(one, forwards=problem.passes, backwards=problem.passes)
            if problem.closest is not None:
                ledger.succeed(one, problem.closest, problem.distance)
            if problem.at_limit:
                ledger.stop(one)
        return ledger.result()

    def _search(self, problem: "_Problem") -> None:
        const = self.initial_const
        failing = None
        while not problem.solve(const):
            failing, const = const, const / 10
            if const < SMALLEST_CONST:
                return
        upper = failing if failing is not None else const * 10
        low, high = np.log(const), np.log(upper)
        for _ in range(self.search_steps):
            middle = (low + high) / 2
            low, high = (middle, high) if problem.solve(float(np.exp(middle))) else (low, middle)


class _Problem:
    """One image: the objective, and the closest adversarial point of all solutions."""

    def __init__(self, logits_fn: LogitsFn, x: Images, target: Labels, goal: Goal, steps: int) -> None:
        self.logits_fn, self.x, self.target, self.goal, self.steps = logits_fn, x, target, goal, steps
        self.passes = 0
        self.closest: Images | None = None
        self.distance = x.new_full((1,), torch.inf)
        self.at_limit = False
        """Whether the closest point, or without one the last point, is where the iterations ran out."""

    def solve(self, const: float) -> bool:
        """Minimize for one ``const`` from the image; whether the goal is reached."""
        from scipy.optimize import minimize

        start = self.x.double().flatten().cpu().numpy()
        found = minimize(
            self._objective,
            start,
            args=(const, start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * len(start),
            options={"maxiter": self.steps},
        )
        x_adv = torch.from_numpy(found.x).to(self.x).view_as(self.x).clamp(0, 1)
        with torch.no_grad():
            reached = bool(is_adversarial(self.goal.margin(self.logits_fn(x_adv))))
        self.passes += 1
        distance = NORMS["l2"](x_adv - self.x)
        closer = reached and bool(distance < self.distance)
        if closer or self.closest is None:
            self.at_limit = found.status == RAN_OUT
        if closer:
            self.closest, self.distance = x_adv, distance
        return reached

    def _objective(self, point: np.ndarray, const: float, start: np.ndarray) -> tuple[float, np.ndarray]:
        x_adv = torch.from_numpy(point).to(self.x).view_as(self.x).requires_grad_()
        loss = cross_entropy(self.logits_fn(x_adv), self.target).sum()
        (gradient,) = torch.autograd.grad(loss, x_adv)
        self.passes += 1
        delta = point - start
        value = const * float(delta @ delta) + float(loss.detach())
        return value, 2 * const * delta + gradient.double().flatten().cpu().numpy()
