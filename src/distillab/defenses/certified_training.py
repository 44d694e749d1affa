"""What trainings against a certified bound share: a radius that grows, the robust loss, and cascades of networks."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from distillab.certify.decision import certify, smallest_margin
from distillab.certify.dual import Dual
from distillab.certify.graph import Graph
from distillab.certify.trace import trace
from distillab.core.bounds import PixelLength, Ramp
from distillab.core.errors import SpecError
from distillab.core.seeds import derive
from distillab.core.shapes import Flags, Images, Labels, Logits, PerExample
from distillab.data.dataset import Batch, batches
from distillab.losses.cross_entropy import cross_entropy
from distillab.models.modes import evaluating
from distillab.specs.certifier import BallNorm, CertifierSpec
from distillab.specs.defense import TrainedDefense
from distillab.training.fit import network_of
from distillab.training.objective import Objective, Task, Terms

WATCHED = 200
"""Training images on which the certified error is watched."""

TOGETHER = 100
"""Images certified at a time."""


CleanWeight = Annotated[
    float,
    Field(ge=0, le=1, description="Weight of the clean cross-entropy after the ramp; the bound's has the rest"),
]
CleanWeightStart = Annotated[float, Field(ge=0, le=1, description="That weight at the first batch")]
RadiusStart = Annotated[PixelLength, Field(ge=0, description="Radius at the first batch")]


@dataclass(frozen=True)
class Moment:
    """Where a training is when it takes a step."""

    epochs: float
    """Epochs that are behind, the part of the running one included."""
    share: float
    """Share of the ramp that is behind, in [0, 1]."""
    seed: int
    """Of random directions, if there are any."""


class CertifiedTrainingSpec(TrainedDefense):
    """Cross-entropy of the worst logits that a bound allows, over a ball that grows to ``eps``."""

    kind: ClassVar = "certified"
    norms: ClassVar[tuple[BallNorm, ...]] = ("linf", "l2", "l1")
    """Balls that the bound covers."""

    norm: BallNorm = Field(default="linf", description="Norm of the ball")
    eps: PixelLength = Field(default=0.1, ge=0, description="Radius of the ball after the ramp, in pixel units")
    eps_start: RadiusStart = 0.0
    ramp: Ramp | None = Field(
        default=None, ge=0, description="Epochs over which eps and clean_weight move linearly; half of all if absent"
    )
    input_box: bool = Field(default=True, description="Perturbed pixels stay in [0, 1]; off in Wong & Kolter 2018")
    clean_weight: CleanWeight = 0.0
    clean_weight_start: CleanWeightStart = 0.0
    after: str | None = Field(
        default=None,
        description="The defense before it in a cascade: learn only from images that it, and those before it, do not "
        "certify",
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.eps_start > self.eps:
            raise ValueError(f"expected eps_start <= eps; got {self.eps_start:g} and {self.eps:g}")
        if self.norm not in self.norms:
            raise ValueError(f"norm: expected {' or '.join(self.norms)}; got {self.norm!r}")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """The network before it in a cascade."""
        return (self.after,) if self.after else ()

    def ramped(self, epochs: float, of: int) -> float:
        """Share of the ramp that is behind after some of all ``of`` epochs, in [0, 1]."""
        ramp = of / 2 if self.ramp is None else self.ramp
        return min(1.0, epochs / ramp) if ramp else 1.0

    def eps_at(self, share: float) -> float:
        """The radius at a share of the ramp."""
        return self.eps_start + (self.eps - self.eps_start) * share

    def clean_weight_at(self, share: float) -> float:
        """The weight of the clean cross-entropy at a share of the ramp."""
        return self.clean_weight_start + (self.clean_weight - self.clean_weight_start) * share

    @property
    @abstractmethod
    def certifier(self) -> CertifierSpec:
        """The certifier whose bound is trained once the ramp is over."""

    @property
    def filtered_by(self) -> Dual:
        """The certifier of a cascade's networks, whose open images are left to learn from."""
        return Dual(norm=self.norm, input_box=self.input_box)

    @abstractmethod
    def margins(self, graph: Graph, x: Images, y: Labels, at: Moment) -> Logits:
        """What training takes for lower bounds of Z_y - Z_j, (n, k); differentiable in the weights.

        Args:
            graph: the network, which shares its weights.
            x: images in [0, 1].
            y: their labels.
            at: what the radius, and the bound itself, may depend on.
        """

    def objective(self, task: Task) -> Objective:
        """Cross-entropy of the bound, and of clean images where they have a weight."""
        return CertifiedObjective(self, task)


class CertifiedObjective(Objective):
    """Right labels for everything in the ball.

    The bound is that of the network in evaluation mode and in float32, whatever the recipe's precision: training
    sees what is certified later. It never drops units out.
    """

    def __init__(self, spec: CertifiedTrainingSpec, task: Task) -> None:
        self.spec, self.task = spec, task
        self.count = len(task.train)

    def positions(self, train: Tensor) -> Tensor:
        """In a cascade, the images that no network before this one certifies.

        Raises:
            SpecError: no image is left.
        """
        networks = self.task.needed.values()
        kept = train[self._open(list(networks), train)] if networks else train
        if not len(kept):
            raise SpecError(
                "the networks before it certify every training image", where=f"after: {self.spec.after}",
                expected="images to learn from", got="none", do="end the cascade one network earlier",
            )  # fmt: skip
        self.count = len(kept)
        return kept

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:
        """Read the network's layers.

        Raises:
            SpecError: it has layers that certifiers do not know, or batch normalization.
        """
        network = network_of(model)
        if any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in network.modules()):
            raise SpecError(
                "a certificate knows no batch statistics", where=self.spec.name,
                expected="a network without batch normalization", do="choose another network",
            )  # fmt: skip
        with evaluating(network):
            self.graph = trace(network, self.task.domain.shape)
        self.epoch, self.seen = epoch, 0

    def terms(self, model: nn.Module, batch: Batch) -> Terms:  # noqa: ARG002 - the graph has the model's weights
        """``robust_cross_entropy``, and ``cross_entropy`` of the clean images; only what has a weight."""
        at = self._moment()
        self.seen += len(batch.y)
        clean, terms = self.spec.clean_weight_at(at.share), {}
        if clean < 1:
            margins = self.spec.margins(self.graph, batch.x, batch.y, at)
            terms["robust_cross_entropy"] = (1 - clean) * robust_cross_entropy(margins, batch.y)
        if clean > 0:
            terms["cross_entropy"] = clean * cross_entropy(self.graph(batch.x), batch.y)
        return terms

    def diagnostics(self, model: nn.Module) -> dict[str, float]:  # noqa: ARG002 - the graph has the model's weights
        """Errors on some training images: clean, and certified at the final radius, where ties count as errors."""
        errors = []
        for batch in batches(self.task.images, self.task.train[:WATCHED], batch_size=TOGETHER):
            with torch.no_grad():
                margins = self.spec.certifier.margins(self.graph, batch.x, batch.y, self.spec.eps)
                wrong = self.graph(batch.x).argmax(dim=1) != batch.y
            errors.append(torch.stack([wrong, robust_errors(margins, batch.y)]))
        clean, robust = torch.cat(errors, dim=1).double().mean(dim=1).tolist()
        return {"error": clean, "robust_error": robust}

    def _moment(self) -> Moment:
        epochs = self.epoch + self.seen / self.count
        share = self.spec.ramped(epochs, self.task.epochs)
        return Moment(epochs, share, derive(self.task.seed, "directions", self.epoch, self.seen))

    def _open(self, networks: list[nn.Module], train: Tensor) -> Flags:
        """Images of which no network certifies its own prediction, by the exact dual at the final radius."""
        graphs = [trace(network, self.task.domain.shape) for network in networks]
        left = []
        for batch in batches(self.task.images, train, batch_size=TOGETHER):
            open_ = torch.ones_like(batch.y, dtype=torch.bool)
            for graph in graphs:
                open_ &= ~certifies_itself(self.spec.filtered_by, graph, batch.x, self.spec.eps)
            left.append(open_.cpu())
        return torch.cat(left)


def robust_cross_entropy(margins: Logits, y: Labels) -> PerExample:
    """Cross-entropy -ln softmax(f)_y of f_j = -J(e_y - e_j), with f_y = 0; above that of every point of the ball.

    Args:
        margins: lower bounds J of Z_y - Z_j, 0 at j = y.
        y: the labels.

    Reference: Wong & Kolter 2018, equation 14.
    """
    return cross_entropy(-margins, y)


def robust_errors(margins: Logits, y: Labels) -> Flags:
    """Images with a margin bound of at most 0: a tie is an error."""
    return smallest_margin(margins, y) <= 0


def certifies_itself(certifier: CertifierSpec, graph: Graph, x: Images, eps: float) -> Flags:
    """Images on which no perturbation changes the network's own prediction, right or wrong."""
    with torch.no_grad():
        predicted = graph(x).argmax(dim=1)
    return certify(certifier, graph, x, predicted, eps)
