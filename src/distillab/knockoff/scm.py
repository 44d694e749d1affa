"""SCM: a sequence of auxiliary students between the teacher and the knockoff."""

import math
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import Held, Rate, Temperature
from distillab.core.seeds import derive
from distillab.core.shapes import Labels, Logits, LogProbs, PerExample
from distillab.data.dataset import Batch
from distillab.knockoff.kd import soft_target_divergence
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.power import log_power_transform
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.train import SGDSpec
from distillab.training.objective import Objective, Task, Terms
from distillab.training.optimizers import SGD


class SCM(KnockoffSpec):
    """``w H(y, q) + (1 - w) T^2 KL(t, q^(1/T))`` for each network of a sequence; an exploratory reconstruction.

    Known is the idea of a sequence of models, no formula. Here the first auxiliary student learns from the teacher,
    each further one from the mean of the teacher's and its predecessor's softened outputs, and the knockoff from the
    last auxiliary alone. All learn in the same steps. The auxiliaries are float32 networks like the knockoff, moved by
    their own SGD (momentum 0.9, weight decay 5e-4), because an objective does not know the recipe.

    Reference: Jandial et al. 2022; methods section 4.5.
    """

    name: Literal["scm"] = "scm"
    label: ClassVar[str] = "SCM"
    paper: ClassVar[str] = "Jandial et al., ECCV 2022"
    grade: ClassVar[str] = "R"
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {
        "temperature": (1.0, 4.0, 20.0),
        "hard_weight": (0.5, 0.1, 0.01),
        "models": (1, 2, 3),
    }

    models: Held = Field(default=2, ge=1, description="Auxiliary students")
    temperature: Temperature = Field(default=4.0, gt=0, description="Softening of all distributions; 4 is power 0.25")
    hard_weight: float = Field(default=0.1, ge=0, le=1, description="Weight of the hard-label term in every network")
    lr: Rate = Field(default=0.05, gt=0, description="The auxiliaries' first rate; half a cosine takes it to zero")

    def objective(self, task: Task, answers: Answers) -> Objective:
        """The objective with fresh auxiliary students."""
        return SCMObjective(self, task, answers)


class SCMObjective(Objective):
    """Distillation from the last of a sequence of students, which learn beside the knockoff."""

    def __init__(self, spec: SCM, task: Task, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers
        self.epochs = task.epochs
        seeds = [derive(task.seed, "auxiliary", number) for number in range(spec.models)]
        self.models = nn.ModuleList(task.network(seed) for seed in seeds).train()
        self.sgd = SGD(self.models.parameters(), SGDSpec())
        self.lr = spec.lr

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:  # noqa: ARG002 - the student is not prepared
        """Set the auxiliaries' rate."""
        self.lr = self.spec.lr * (1 + math.cos(math.pi * epoch / self.epochs)) / 2

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Three terms: the knockoff's ``cross_entropy`` and ``kd``, and ``auxiliary``, all losses of the others."""
        self.sgd.zero_grad()
        student = model(batch.x)
        target, auxiliary = self._last_auxiliary(batch)
        hard, soft = self._losses(target, student, batch.y)
        return {"cross_entropy": hard, "kd": soft, "auxiliary": auxiliary}

    def end_step(self) -> None:
        """Move the auxiliary students by the gradient of the step."""
        self.sgd.step(self.lr)

    def state(self) -> dict[str, Tensor]:
        """The auxiliaries' weights, statistics and momenta."""
        weights = {f"models.{name}": tensor for name, tensor in self.models.state_dict().items()}
        return weights | {f"sgd.{name}": tensor for name, tensor in self.sgd.state().items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore weights, statistics and momenta."""
        weights, momenta = (
            {name.removeprefix(part): tensor for name, tensor in state.items() if name.startswith(part)}
            for part in ("models.", "sgd.")
        )
        self.models.load_state_dict(weights)
        self.sgd.load_state(momenta)

    def _last_auxiliary(self, batch: Batch) -> tuple[LogProbs, PerExample]:
        """The last auxiliary's softened outputs, detached, and the sum of all auxiliaries' losses."""
        taught = self._softened(self.answers(batch))
        target, softened = taught, taught
        losses: list[PerExample] = []
        for network in self.models:
            logits = network(batch.x)
            losses += self._losses(target, logits, batch.y)
            softened = self._softened(logits.detach())
            target = _mean(taught, softened)
        return softened, torch.stack(losses).sum(dim=0)

    def _softened(self, logits: Logits) -> LogProbs:
        return log_power_transform(logits, 1 / self.spec.temperature)

    def _losses(self, log_target: LogProbs, logits: Logits, y: Labels) -> tuple[PerExample, PerExample]:
        weight = self.spec.hard_weight
        divergence = soft_target_divergence(log_target, logits, temperature=self.spec.temperature)
        return weight * cross_entropy(logits, y), (1 - weight) * divergence


def _mean(first: LogProbs, second: LogProbs) -> LogProbs:
    return torch.logaddexp(first, second) - math.log(2)
