"""APGP: a small network on top of a frozen teacher learns answers that keep the label and mislead a student."""

from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from jaxtyping import Int
from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import BatchSize, Epochs, Factor, Temperature, Units
from distillab.core.errors import ContractError
from distillab.core.generators import forked, generator
from distillab.core.seeds import derive
from distillab.core.shapes import Images, Logits, LogProbs, PerExample
from distillab.data.dataset import batches
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kd_divergence
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain
from distillab.specs.train import AdamSpec, SGDSpec
from distillab.training.optimizers import SGD, Adam, Stepper

if TYPE_CHECKING:
    from distillab.specs.defense import Release, State
    from distillab.training.objective import Task

SMALLEST = -104.0
"""Log-probability below every positive float32: what the perturbation sees of an exact zero."""


class GenerativePerturbation(PostHocDefense):
    """A reconstruction: ``p' = softmax(ln p + f(ln p - mean))`` with a learned residual ``f`` of three dense layers.

    ``f`` maximizes the divergence from a proxy student, which in turn learns from the answers, and keeps the predicted
    class by cross-entropy. Of the publication only this is known: a plug-in of three layers with a residual
    connection on a frozen teacher, and a weight of 0.1, which is read here as that of the divergence.
    """

    name: Literal["apgp"] = "apgp"
    label: ClassVar[str] = "APGP"
    paper: ClassVar[str] = "Cheng & Cheng, ICASSP 2023"
    grade: ClassVar[str] = "R"
    preserves_argmax: ClassVar[bool] = False

    accuracy_weight: Factor = Field(
        default=1.0, ge=0, description="Weight of the cross-entropy with the predicted class"
    )
    divergence_weight: Factor = Field(default=0.1, ge=0, description="Weight of the divergence from the proxy student")
    temperature: Temperature = Field(
        default=4.0, gt=0, description="Softening of answers and student in their divergence"
    )
    epochs: Epochs = Field(default=5, ge=0, description="Passes over the training images; after none p' is p")
    batch_size: BatchSize = Field(default=128, ge=1, description="Images per step of both networks")
    width: Units = Field(default=512, ge=1, description="Units of the two hidden layers")
    optimizer: AdamSpec = Field(default=AdamSpec(), description="Optimizer of the perturbation")
    student_optimizer: SGDSpec = Field(
        default=SGDSpec(lr=0.01, weight_decay=0.0), description="Optimizer of the proxy student, like the teacher built"
    )
    exchange: bool = Field(
        default=False, description="Swap the predicted class's probability with the largest one: accuracy is kept"
    )

    def prepare(self, task: "Task", teacher: nn.Module) -> dict[str, Tensor]:
        """The weights of the perturbation, learned from the training images without their labels.

        Raises:
            ContractError: the training diverged.
        """
        with forked(task.seed, "apgp"):
            perturbation = self._trained(task, teacher)
        if not all(weight.isfinite().all() for weight in perturbation.parameters()):
            raise ContractError(
                "training diverged", where="apgp", expected="finite weights", do="lower divergence_weight"
            )
        return {name: weight.detach() for name, weight in perturbation.state_dict().items()}

    def release(self, state: "State", domain: Domain) -> "Release":
        """The perturbed answers, of which a changed class may be exchanged back."""
        with torch.device("meta"):
            perturbation = Perturbation(domain.classes, self.width)
        perturbation.load_state_dict(state, assign=True)
        perturbation.requires_grad_(False)

        def release(log_probs: LogProbs, _images: Images) -> LogProbs:
            perturbed = perturbation(log_probs).log_softmax(1)
            return exchanged(perturbed, log_probs.argmax(1, keepdim=True)) if self.exchange else perturbed

        return release

    def _trained(self, task: "Task", teacher: nn.Module) -> "Perturbation":
        student = task.network(derive(task.seed, "apgp", "student")).train()
        perturbation = Perturbation(task.classes, self.width).to(next(student.parameters()).device)
        learner = SGD(student.parameters(), self.student_optimizer)
        adversary = Adam(perturbation.parameters(), self.optimizer)
        for epoch in range(self.epochs):
            order = generator(task.seed, "apgp", "order", epoch)
            for batch in batches(task.images, task.train, batch_size=self.batch_size, order=order):
                with torch.no_grad():
                    log_probs = teacher(batch.x).float().log_softmax(1)
                    answers = perturbation(log_probs)
                _descend(learner, self._divergence(answers, student(batch.x)), self.student_optimizer.lr)
                with torch.no_grad():
                    student_logits = student(batch.x)
                _descend(adversary, self._loss(perturbation(log_probs), student_logits, log_probs), self.optimizer.lr)
        return perturbation

    def _loss(self, answers: Logits, student_logits: Logits, log_probs: LogProbs) -> PerExample:
        kept = cross_entropy(answers, log_probs.argmax(1))
        return self.accuracy_weight * kept - self.divergence_weight * self._divergence(answers, student_logits)

    def _divergence(self, answers: Logits, student_logits: Logits) -> PerExample:
        return kd_divergence(answers, student_logits, temperature=self.temperature)


class Perturbation(nn.Module):
    """``ln p + f(ln p - mean)``: three dense layers of ReLU units around which ``ln p`` passes unchanged.

    The last layer is zero at first, and ``p'`` is ``p``. An exact zero of ``p`` stays one.
    """

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        last = nn.Linear(width, classes)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.residual = nn.Sequential(nn.Linear(classes, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), last)

    def forward(self, log_probs: LogProbs) -> Logits:
        """Logits of the perturbed answers."""
        seen = log_probs.clamp_min(SMALLEST)
        perturbed: Tensor = log_probs + self.residual(seen - seen.mean(1, keepdim=True))
        return perturbed


def exchanged(log_probs: LogProbs, predicted: Int[Tensor, "n 1"]) -> LogProbs:
    """The same values, of which the largest and that of the ``predicted`` class have changed places."""
    largest = log_probs.argmax(1, keepdim=True)
    top, own = log_probs.gather(1, largest), log_probs.gather(1, predicted)
    return log_probs.scatter(1, largest, own).scatter(1, predicted, top)


def _descend(optimizer: Stepper, losses: PerExample, lr: float) -> None:
    optimizer.zero_grad()
    losses.mean().backward()
    optimizer.step(lr)
