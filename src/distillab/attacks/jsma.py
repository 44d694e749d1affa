"""The Jacobian-based saliency map attack: two features at a time, those that raise the target and lower the rest."""

from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float, Int
from pydantic import Field
from torch import Tensor

from distillab.attacks.jacobian import Jacobian, jacobian
from distillab.attacks.projections import NORMS
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.attacks.saliency import best_pair, top_pair
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels, Logits
from distillab.specs.attack import AttackSpec

MOST_FEATURES = 3 * 32 * 32
"""For the estimate of passes: features of the largest images that the papers attack."""


class JSMA(AttackSpec):
    """Add theta to the two features with the largest -(a_p + a_q)(b_p + b_q), until the target class wins.

    a is the gradient of the target's output and b the sum of the others', with a_p + a_q > 0 and b_p + b_q < 0.
    Outputs are probabilities or logits (``variant``). A feature at its bound is not used again; an example ends without
    success where no pair is left or a share ``gamma`` of its features has changed.

    The method needs a target. Untargeted, it aims at the runner-up of the clean image.

    ``precision: float64`` takes probabilities' gradients up to the factor p_t, which orders no pair, so they never
    vanish; ``float32`` computes them as they stand, and gives up where they underflow, which is how distilled networks
    once seemed to resist.

    Reference: Papernot et al. 2016a, algorithms 2 and 3; Papernot et al. 2016b, section V, for gamma of MNIST.
    """

    name: Literal["jsma"] = "jsma"
    norm: Literal["l0"] = Field(default="l0", description="Changed pixels; the attack itself counts features")
    variant: Literal["probabilities", "logits"] = Field(default="probabilities", description="Outputs that are derived")
    theta: float = Field(default=1.0, gt=0, le=1, description="Change of a feature, in pixel units")
    gamma: float = Field(default=0.1429, gt=0, le=1, description="Largest share of changed features")
    precision: Literal["float64", "float32"] = Field(
        default="float64", description="Of probabilities' gradients; float32 underflows on saturated networks"
    )

    kind: ClassVar = "minimum_norm"
    paper: ClassVar = "Papernot et al., EuroS&P 2016"
    label: ClassVar = "JSMA"

    @property
    def passes(self) -> int:
        """Two backward passes per pair at most of the features of a CIFAR image, and the look at the result."""
        return 2 * (ceil(self.gamma * MOST_FEATURES / 2) + 1)

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """Change pairs in all examples at once; each leaves when it has reached its target or has nothing left."""
        ledger, most = Ledger(x), int(self.gamma * x[0].numel())
        with torch.no_grad():
            logits = logits_fn(x)
        untargeted = y_target is None
        target = logits.scatter(1, y[:, None], -torch.inf).argmax(dim=1) if y_target is None else y_target
        batch = _Batch.start(x, y, target)
        for step in range(most // 2 + 1):
            logits, gradients = jacobian(logits_fn, batch.x_adv)
            won = batch.won(logits, untargeted=untargeted)
            pairs, found = self._pairs(batch, logits, gradients)
            leaving = won | ~found | (batch.features_changed() + 2 > most)
            ledger.spend(batch.rows[leaving], forwards=step + 1, backwards=step + 1)
            ledger.succeed(batch.rows[won], batch.x_adv[won], NORMS["l0"](batch.x_adv - batch.x)[won])
            left = (~leaving).nonzero().squeeze(1)
            if not len(left):
                break
            batch = batch.take(left)
            batch.change_(pairs[left], self.theta)
        return ledger.result()

    def _pairs(self, batch: "_Batch", logits: Logits, gradients: Jacobian) -> tuple[Int[Tensor, "n 2"], Flags]:
        if self.variant == "probabilities":
            slope = _exact_slope if self.precision == "float64" else _float32_slope
            return top_pair(slope(logits, gradients.flatten(2), batch.target), batch.free)
        rows = torch.arange(len(logits), device=logits.device)
        flat = gradients.flatten(2).double()
        towards = flat[rows, batch.target]
        return best_pair(towards, towards - flat.sum(dim=1), batch.free)


@dataclass
class _Batch(Rows):
    rows: Int[Tensor, "n"]
    x: Images
    y: Labels
    target: Labels
    x_adv: Images
    free: Bool[Tensor, "n m"]
    """Features below their bound."""

    @classmethod
    def start(cls, x: Images, y: Labels, target: Labels) -> "_Batch":
        return cls(torch.arange(len(x), device=x.device), x, y, target, x.clone(), (x < 1).flatten(1))

    def won(self, logits: Logits, *, untargeted: bool) -> Flags:
        """Where the label is lost, or the target strictly ahead of all others."""
        first = (self.y if untargeted else self.target)[:, None]
        ahead = logits.gather(1, first).squeeze(1) - logits.scatter(1, first, -torch.inf).amax(dim=1)
        return ahead < 0 if untargeted else ahead > 0

    def features_changed(self) -> Int[Tensor, "n"]:
        """Features that differ from the image's."""
        return (self.x_adv != self.x).flatten(1).sum(dim=1)

    def change_(self, pairs: Int[Tensor, "n 2"], theta: float) -> None:
        """Raise both features by theta, up to 1."""
        flat = self.x_adv.flatten(1)
        raised = (flat.gather(1, pairs) + theta).clamp(max=1)
        self.x_adv = flat.scatter(1, pairs, raised).view_as(self.x_adv)
        self.free = self.free.scatter(1, pairs, raised < 1)


def _exact_slope(logits: Logits, gradients: Float[Tensor, "n k m"], target: Labels) -> Float[Tensor, "n m"]:
    """``dF_t / dx`` over p_t, float64: ``G_t - sum_l p_l G_l``, whose largest entries are those of the gradient."""
    p = torch.softmax(logits.double(), dim=1)
    rows = torch.arange(len(logits), device=logits.device)
    return gradients[rows, target].double() - (p[:, :, None] * gradients.double()).sum(dim=1)


def _float32_slope(logits: Logits, gradients: Float[Tensor, "n k m"], target: Labels) -> Float[Tensor, "n m"]:
    """``dF_t / dx`` in float32: all zeros where p_t underflows."""
    p = torch.softmax(logits, dim=1)
    rows = torch.arange(len(logits), device=logits.device)
    slope = gradients[rows, target] - (p[:, :, None] * gradients).sum(dim=1)
    return p[rows, target][:, None] * slope
