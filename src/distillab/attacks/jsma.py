"""The Jacobian-based saliency map attack: two features at a time, those that raise the target and lower the rest."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
from jaxtyping import Bool, Int
from pydantic import Field
from torch import Tensor

from distillab.attacks.goal import Goal
from distillab.attacks.looks import any_of, crowded
from distillab.attacks.projections import NORMS
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.attacks.saliency import Pairs, best_pair, top_pair
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels, Logits
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import AttackSpec

MOST_FEATURES = 3 * 32 * 32
"""For the estimate of passes: features of the largest images that the papers attack."""

MOST_TARGETS = 9
"""For the same estimate: wrong classes of the papers' data."""


class JSMA(AttackSpec):
    """Add theta to the two features with the largest -(a_p + a_q)(b_p + b_q), until the target class wins.

    a is the gradient of the target's output and b the sum of the others', with a_p + a_q > 0 and b_p + b_q < 0.
    Outputs are probabilities or logits (``variant``). A feature at its bound is not used again; an example ends without
    success where no pair is left or another might change more than a share ``gamma`` of its features.

    The method needs a target. Untargeted, it aims at the runner-up of the clean image, or at each wrong class in turn
    and keeps the result with the fewest changed pixels (``targets``); to lose the label counts, to whatever class.

    Probabilities sum to 1, so b = -a and one gradient decides. ``precision: float64`` takes it up to the factor p_t,
    which orders no pair, so it never vanishes; ``float32`` computes it as it stands, and gives up where it underflows,
    which is how distilled networks once seemed to resist.

    Reference: Papernot et al. 2016a, algorithms 2 and 3; Papernot et al. 2016b, section V, for gamma of MNIST.
    """

    name: Literal["jsma"] = "jsma"
    norm: Literal["l0"] = Field(default="l0", description="Changed pixels; the attack itself counts features")
    variant: Literal["probabilities", "logits"] = Field(default="probabilities", description="Outputs that are derived")
    theta: float = Field(default=1.0, gt=0, le=1, description="Change of a feature, in pixel units")
    gamma: float = Field(default=0.1429, gt=0, le=1, description="Largest share of changed features")
    targets: Literal["runner_up", "all"] = Field(
        default="runner_up", description="Classes that it aims at, one after the other, where no target is given"
    )
    precision: Literal["float64", "float32"] = Field(
        default="float64", description="Of probabilities' gradients; float32 underflows on saturated networks"
    )

    kind: ClassVar = "minimum_norm"
    paper: ClassVar = "Papernot et al., EuroS&P 2016"
    label: ClassVar = "JSMA"

    @property
    def passes(self) -> int:
        """Gradients for as many pairs as the features of a CIFAR image allow, and the looks at image and results."""
        tries = MOST_TARGETS if self.targets == "all" else 1
        return tries * self._gradients * (self._most_pairs(MOST_FEATURES) + 1) + 1

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """Aim at the target, or at one wrong class after another; the best result of each example counts."""
        ledger, goal = Ledger(x), Goal.of(y, y_target)
        if y_target is not None:
            self._aim(logits_fn, _Batch.start(x, goal, y_target), ledger)
            return ledger.result()
        with torch.no_grad():
            wrong = logits_fn(x).scatter(1, y[:, None], -torch.inf)
        ledger.forwards += 1
        ranked = wrong.argsort(dim=1, descending=True, stable=True)
        for target in ranked[:, : 1 if self.targets == "runner_up" else -1].unbind(1):
            self._aim(logits_fn, _Batch.start(x, goal, target), ledger)
        return ledger.result()

    def _aim(self, logits_fn: LogitsFn, batch: "_Batch", ledger: Ledger) -> None:
        """Change pairs in all examples at once; each leaves when it is adversarial or has nothing left."""
        last = self._most_pairs(batch.x[0].numel())
        for step in range(last + 1):
            logits, pairs, found = self._look(logits_fn, batch)
            won = is_adversarial(batch.goal.margin(logits)) & batch.going
            leaving = (won | ~found | (step == last)) & batch.going
            if any_of(leaving):
                ledger.spend(batch.rows, forwards=step + 1, backwards=self._gradients * (step + 1), which=leaving)
                _keep_closest(ledger, batch, won)
                batch.going = batch.going & ~leaving
            if crowded(batch.going, step + 1):
                left = batch.going.nonzero().squeeze(1)
                batch, pairs = batch.take(left), pairs[left]
                if not len(left):
                    return
            batch.change_(pairs, self.theta)

    def _look(self, logits_fn: LogitsFn, batch: "_Batch") -> tuple[Logits, Pairs, Flags]:
        """The logits, the pair to change, and whether there is one."""
        x = batch.x_adv.detach().requires_grad_()
        logits, column = logits_fn(x), batch.target[:, None]
        if self.variant == "logits":
            target = logits.gather(1, column)
            (towards,) = torch.autograd.grad(target.sum(), x, retain_graph=True)
            (others,) = torch.autograd.grad((logits.sum(dim=1, keepdim=True) - target).sum(), x)
            pairs, found = best_pair(towards.flatten(1).double(), -others.flatten(1).double(), batch.free)
        else:
            exact = self.precision == "float64"
            outputs = torch.log_softmax(logits.double(), dim=1) if exact else torch.softmax(logits.float(), dim=1)
            (towards,) = torch.autograd.grad(outputs.gather(1, column).sum(), x)
            pairs, found = top_pair(towards.flatten(1), batch.free)
        return logits.detach(), pairs, found

    def _most_pairs(self, features: int) -> int:
        # rounded first: 0.58 of 100 features would be 57
        return int(round(self.gamma * features, 6)) // 2

    @property
    def _gradients(self) -> int:
        return 2 if self.variant == "logits" else 1


@dataclass
class _Batch(Rows):
    rows: Int[Tensor, "n"]
    x: Images
    goal: Goal
    target: Labels
    x_adv: Images
    free: Bool[Tensor, "n m"]
    """Features below their bound."""
    going: Flags
    """False of those that have left since the last look."""

    @classmethod
    def start(cls, x: Images, goal: Goal, target: Labels) -> Self:
        rows = torch.arange(len(x), device=x.device)
        return cls(rows, x, goal, target, x.clone(), (x < 1).flatten(1), torch.ones_like(rows, dtype=torch.bool))

    def change_(self, pairs: Pairs, theta: float) -> None:
        """Raise both features by theta, up to 1."""
        flat = self.x_adv.flatten(1)
        raised = (flat.gather(1, pairs) + theta).clamp(max=1)
        self.x_adv = flat.scatter(1, pairs, raised).view_as(self.x_adv)
        self.free = self.free.scatter(1, pairs, raised < 1)


def _keep_closest(ledger: Ledger, batch: _Batch, won: Flags) -> None:
    """Note the images of those that have won, where they are closer than what an earlier target gave."""
    distance = NORMS["l0"](batch.x_adv - batch.x)
    ledger.succeed(batch.rows, batch.x_adv, distance, which=won & (distance < ledger.distance[batch.rows]))
