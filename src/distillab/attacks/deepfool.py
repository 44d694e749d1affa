"""DeepFool: steps to the nearest boundary of a linearized network, then back towards the image."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from distillab.attacks.jacobian import jacobian
from distillab.attacks.looks import crowded, parted
from distillab.attacks.projections import NORMS
from distillab.attacks.rest import has_moved
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.bounds import ClassCount, Halvings, Steps
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels, PerExample
from distillab.specs.attack import AttackSpec

SLACK = 1e-4
"""Logits beyond the linearized boundary."""

TINY = 1e-12

ROUNDING = 1e-6
"""Share of the largest logit that a crossing must exceed: another batch may round a smaller one away."""


class DeepFool(AttackSpec):
    """x <- x_0 + (1 + overshoot) sum of steps, each to the nearest linearized boundary of another class.

    For class i with f_i = Z_i - Z_y and w_i its gradient, the nearest has the smallest |f_i| / |w_i|_q (q dual to the
    norm); the step is (|f_i| + 1e-4) / |w_i|_2^2 w_i in L2 and (|f_i| + 1e-4) / |w_i|_1 sign w_i in Linf. It ends where
    the label changes. With ``refine`` bisections between the image and the result, the overshoot is taken back.

    Targeted, only the target's boundary counts. Reference: Moosavi-Dezfooli et al. 2016, algorithm 2.
    """

    name: Literal["deepfool"] = "deepfool"
    norm: Literal["l2", "linf"] = Field(default="l2", description="Norm that is minimized")
    steps: Steps = Field(default=50, ge=1, description="Most steps")
    overshoot: float = Field(default=0.02, ge=0, le=1, description="Share by which the sum of steps is lengthened")
    candidates: ClassCount = Field(
        default=4, ge=2, description="Only this many classes with the largest logits are tried; more are hardly closer"
    )
    refine: Halvings = Field(default=10, ge=0, description="Bisections between the image and the result; forward only")

    kind: ClassVar = "minimum_norm"
    paper: ClassVar = "Moosavi-Dezfooli et al., CVPR 2016"
    label: ClassVar = "DeepFool"

    @property
    def passes(self) -> int:
        """A backward pass per candidate and step, and the bisections."""
        return self.steps * self.candidates + self.refine + 1

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """Step the examples that keep their label; those that lose it are refined and leave."""
        ledger = Ledger(x)
        with torch.no_grad():
            classes = _classes(logits_fn(x), y, y_target, self.candidates)
        left = _Batch.start(x, classes, targeted=y_target is not None)
        for step in range(1, self.steps + 2):
            logits, gradients = jacobian(logits_fn, left.x_adv(self.overshoot), left.classes)
            found = left.reached(logits) & left.going
            ledger.spend(left.rows, forwards=step, backwards=step * classes.shape[1], which=found)
            left.going = left.going & ~found
            if step > self.steps or crowded(left.going, step):
                reached, rows = parted(left.going)
                self._settle(logits_fn, left.take(reached), ledger)
                left, logits, gradients = left.take(rows), logits[rows], gradients[rows]
            if step > self.steps or not len(left.rows):
                break
            left.move_(_step(logits.gather(1, left.classes), gradients, self.norm, targeted=left.targeted))
        ledger.spend(left.rows, forwards=self.steps + 1, backwards=(self.steps + 1) * classes.shape[1])
        ledger.stop(left.rows, which=has_moved(left.total))
        return ledger.result()

    def _settle(self, logits_fn: LogitsFn, batch: "_Batch", ledger: Ledger) -> None:
        """Bisect between the image, which keeps the label, and the point found, which does not."""
        if not len(batch.rows):
            return
        found = batch.x_adv(self.overshoot)
        delta = found - batch.x
        inside, outside = torch.zeros_like(delta[:, 0, 0, 0]), torch.ones_like(delta[:, 0, 0, 0])
        with torch.no_grad():
            for _ in range(self.refine):
                middle = (inside + outside) / 2
                reached = batch.reached(logits_fn(batch.x + _per_image(middle) * delta))
                inside, outside = torch.where(reached, inside, middle), torch.where(reached, middle, outside)
        closest = torch.where(_per_image(outside) < 1, batch.x + _per_image(outside) * delta, found)
        ledger.spend(batch.rows, forwards=self.refine, backwards=0)
        ledger.succeed(batch.rows, closest, NORMS[self.norm](closest - batch.x))


@dataclass
class _Batch(Rows):
    rows: Int[Tensor, "n"]
    x: Images
    classes: Int[Tensor, "n m"]
    """The class to leave (or, targeted, to reach first), then its rivals."""
    total: Images
    """Sum of the steps."""
    targeted: bool
    going: Flags
    """False where the label is lost, or the target won, since the last look."""

    @classmethod
    def start(cls, x: Images, classes: Int[Tensor, "n m"], *, targeted: bool) -> Self:
        """All examples at their images."""
        rows = torch.arange(len(x), device=x.device)
        return cls(rows, x, classes, torch.zeros_like(x), targeted, torch.ones_like(rows, dtype=torch.bool))

    def move_(self, step: Images) -> None:
        """One step of those that are going on; the others stay where they are."""
        self.total = torch.where(_per_image(self.going), self.total + step, self.total)

    def x_adv(self, overshoot: float) -> Images:
        """The present point."""
        return (self.x + (1 + overshoot) * self.total).clamp(0, 1)

    def reached(self, logits: Float[Tensor, "n k"]) -> Flags:
        """Where the label is lost, or the target is won; a tie, up to rounding, is neither."""
        first = self.classes[:, :1]
        others = logits.scatter(1, first, -torch.inf).amax(dim=1)
        ahead, least = logits.gather(1, first).squeeze(1) - others, ROUNDING * logits.abs().amax(dim=1)
        return ahead > least if self.targeted else ahead < -least


def _classes(logits: Float[Tensor, "n k"], y: Labels, y_target: Labels | None, candidates: int) -> Int[Tensor, "n m"]:
    """The class to leave, or to reach, and the largest other logits."""
    first = (y if y_target is None else y_target)[:, None]
    others = logits.scatter(1, first, -torch.inf)
    count = min(candidates, logits.shape[1]) - 1
    return torch.cat([first, others.topk(count, dim=1).indices], dim=1)


def _step(logits: Float[Tensor, "n m"], gradients: Float[Tensor, "n m c h w"], norm: str, *, targeted: bool) -> Images:
    """To the linearized boundary between the first class and another: the nearest, or to reach it the farthest."""
    gap, w = logits[:, 1:] - logits[:, :1], gradients[:, 1:] - gradients[:, :1]
    flat = w.flatten(2)
    length = (flat.square().sum(dim=2).sqrt() if norm == "l2" else flat.abs().sum(dim=2)).clamp(min=TINY)
    rows = torch.arange(len(gap), device=gap.device)
    chosen = (gap / length).argmax(dim=1) if targeted else (gap.abs() / length).argmin(dim=1)
    direction, length = w[rows, chosen] * (-1 if targeted else 1), length[rows, chosen]
    far = gap[rows, chosen].abs() + SLACK
    return (
        direction * _per_image(far / (length * length)) if norm == "l2" else direction.sign() * _per_image(far / length)
    )


def _per_image(values: PerExample) -> Tensor:
    return values[:, None, None, None]
