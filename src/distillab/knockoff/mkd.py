"""MKD: Markov distillation, the student learns together with what it makes of the answers."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import Rate, Temperature, Units
from distillab.core.generators import generator
from distillab.core.shapes import Labels, Probs
from distillab.data.dataset import Batch
from distillab.knockoff.avg import class_means
from distillab.knockoff.kd import soft_target_divergence
from distillab.knockoff.softened import SoftenedKnockoff
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.power import power_transform
from distillab.specs.train import AdamSpec
from distillab.training.objective import Objective, Task, Terms
from distillab.training.optimizers import Adam

SHARE = 0.9
"""Mass that an initial row of a matrix puts on one entry; the rest is spread."""

NOISE = 0.01
"""Standard deviation of the noise on the initial parameters."""


class MKD(SoftenedKnockoff):
    """``w H(y, q_s) + (1 - w) T^2 KL(p^(1/T) M_y, q_s^(1/T))``; ``M_y`` is a Markov matrix learned for class ``y``.

    Known second-hand: the class's matrix multiplies the power-transformed answer, student and matrices learn jointly
    (Adam, rate 1e-3), and an intrinsic dimension n trades cost for accuracy. Reconstruction: ``M_y = A_y B_y`` of
    rank n, both factors row softmaxes of free parameters, with A mostly sending class y to the first of n prototypes
    and each other class to one of the others; or one near-identity factor of full rank. The matrices rest in the last
    tenth of the training.

    Reference: Yang & Ye 2024; methods section 4.2.
    """

    name: Literal["mkd"] = "mkd"
    label: ClassVar[str] = "MKD"
    paper: ClassVar[str] = "Yang & Ye, ECCV 2024"
    grade: ClassVar[str] = "S"
    in_paper: ClassVar[bool] = True
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {
        "temperature": (1.0, 2.0, 4.0, 8.0, 20.0),
        "rank": (3, 1, 8, None),
        "hard_weight": (0.5, 0.1, 0.01),
    }

    rank: Units | None = Field(
        default=3, ge=1, description="Prototypes per class (n); null is full rank, for up to some 200 classes"
    )
    matrix_lr: Rate = Field(default=1e-3, ge=0, description="Rate at which Adam moves the matrices")
    student_temperature: Temperature | None = Field(default=None, gt=0, description="Softening of the student instead")

    def queries(self, images: int, views: int) -> int:
        """Where views are answered, the survey that starts the matrices comes on top."""
        return super().queries(images, views) + (images if self.responses == "live" else 0)

    def objective(self, task: Task, answers: Answers) -> Objective:
        """The objective, its matrices initialized from one pass over the answers."""
        return MKDObjective(self, task, answers)


class MKDObjective(Objective):
    """Distillation from transformed answers; the parameters of the transform learn from the same loss."""

    def __init__(self, spec: MKD, task: Task, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers
        self.epochs = task.epochs
        self.resting = False
        self.factors = [nn.Parameter(factor) for factor in _initial_factors(spec, task, answers)]
        self.adam = Adam(self.factors, AdamSpec())

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:  # noqa: ARG002 - the student is not prepared
        """Freeze the matrices for the last tenth."""
        self.resting = 10 * epoch >= 9 * self.epochs

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Two terms, ``cross_entropy`` and ``mkd``; the second one reaches the matrices."""
        self.adam.zero_grad()
        logits = model(batch.x)
        weight, temperature = self.spec.hard_weight, self.spec.temperature
        softened = power_transform(self.answers(batch), 1 / temperature)
        divergence = soft_target_divergence(
            transformed(softened, batch.y, self.factors).log(),
            logits,
            temperature=self.spec.student_temperature or temperature,
        )
        return {"cross_entropy": weight * cross_entropy(logits, batch.y), "mkd": (1 - weight) * divergence}

    def end_step(self) -> None:
        """Move the matrices by the gradient of the step."""
        if not self.resting:
            self.adam.step(self.spec.matrix_lr)

    def state(self) -> dict[str, Tensor]:
        """The parameters of the matrices, and Adam's moments."""
        factors = {f"factor.{i}": factor.detach() for i, factor in enumerate(self.factors)}
        return factors | {f"adam.{name}": tensor for name, tensor in self.adam.state().items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore parameters and moments."""
        for i, factor in enumerate(self.factors):
            factor.data.copy_(state[f"factor.{i}"])
        moments = {name.removeprefix("adam."): tensor for name, tensor in state.items() if name.startswith("adam.")}
        self.adam.load_state(moments)


def transformed(probs: Probs, y: Labels, factors: Sequence[Tensor]) -> Probs:
    """``p M_y`` per example, ``M_y`` the product of the factors of class y; on the simplex as p is.

    Args:
        probs: The distributions p.
        y: Which matrix each example takes.
        factors: ``(k, rows, columns)`` each, the first with k rows and the last with k columns; the softmax of a row
            is a row of the Markov matrix.
    """
    for factor in factors:
        probs = torch.bmm(probs[:, None], factor[y].softmax(dim=2)).squeeze(1)
    return probs


def _initial_factors(spec: MKD, task: Task, answers: Answers) -> list[Tensor]:
    pairs = ((batch.y, log_probs.exp()) for batch, log_probs in answers.over(task.images, task.train))
    means = class_means(pairs, task.classes)
    if spec.rank is None:
        initial = [_near_identity(means)]
    else:
        initial = [_mixing(means, spec.rank), _prototypes(means, spec.rank)]
    stream = generator(task.seed, "markov")
    return [probs.log() + NOISE * torch.randn(probs.shape, generator=stream).to(probs) for probs in initial]


def _near_identity(means: Float[Tensor, "k k"]) -> Float[Tensor, "k k k"]:
    return _peaked(torch.eye(len(means)).to(means)).expand(len(means), -1, -1)


def _mixing(means: Float[Tensor, "k k"], rank: int) -> Float[Tensor, "k k n"]:
    """Class y goes to prototype 0; the others, the likeliest in the mean of y first, to the other ones in turn."""
    if rank == 1:
        return torch.ones(*means.shape, 1).to(means)
    own = torch.eye(len(means)).to(means).bool()
    places = means.masked_fill(own, -1.0).argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    prototype = F.one_hot((1 + places % (rank - 1)).masked_fill(own, 0), rank)
    return SHARE * prototype + (1 - SHARE) / (rank - 1) * (1 - prototype)


def _prototypes(means: Float[Tensor, "k k"], rank: int) -> Float[Tensor, "k n k"]:
    """Prototype 0 is nearly the label; the others are half of it and half the class's mean output without the label."""
    label = torch.eye(len(means)).to(means)
    # where answers are one-hot nothing is left without the label, and a trace of every class makes that uniform
    rest = (means + 1e-12) * (1 - label)
    other = 0.5 * _peaked(label) + 0.5 * rest / rest.sum(dim=1, keepdim=True)
    return torch.stack([_peaked(label)] + [other] * (rank - 1), dim=1)


def _peaked(one_hot: Float[Tensor, "k k"]) -> Float[Tensor, "k k"]:
    return SHARE * one_hot + (1 - SHARE) / len(one_hot)
