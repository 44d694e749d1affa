"""Knockoff Nets: a random transfer set, its answers as the only labels."""

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import ImageCount
from distillab.core.errors import ContractError
from distillab.core.generators import generator
from distillab.data.dataset import Batch
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy, soft_cross_entropy
from distillab.specs.augment import AugmentSpec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.train import MilestonesSpec, SGDSpec, TrainSpec
from distillab.training.objective import Objective, Task, Terms

RECIPE = TrainSpec(
    epochs=100,
    batch_size=64,
    optimizer=SGDSpec(lr=0.01, momentum=0.5, weight_decay=0.0),
    schedule=MilestonesSpec(milestones=(60,), gamma=0.1),
)
"""The defaults of the published attack."""


class KnockoffRandom(KnockoffSpec):
    """``-sum_c p_c ln q_s,c`` at temperature 1 and without labels, on images drawn without replacement.

    The query set is the training images, which the paper on undistillable teachers leaves open; the original attack
    queried images of other data sets.

    Reference: Orekondy et al. 2019, random strategy; methods section 4.7.
    """

    name: Literal["knockoff_random"] = "knockoff_random"
    label: ClassVar[str] = "Knockoff"
    paper: ClassVar[str] = "Orekondy et al., CVPR 2019"
    in_paper: ClassVar[bool] = True
    reads_labels: ClassVar[bool] = False
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {"argmaxed": (False, True)}

    budget: ImageCount | None = Field(default=None, ge=1, description="Images to query; all training images if absent")
    argmaxed: bool = Field(default=False, description="Learn from the predicted class alone")
    train: TrainSpec | None = Field(default=RECIPE, description="The attack's own recipe; the students' if null")
    augment: AugmentSpec | None = Field(default=AugmentSpec(), description="As published, none; the data set's if null")

    def objective(self, task: Task, answers: Answers) -> Objective:
        """Soft-label cross-entropy on a random transfer set."""
        budget = affordable(len(task.train) if self.budget is None else self.budget, task.train)
        order = torch.randperm(len(task.train), generator=generator(task.seed, "transfer_set"))
        return TransferObjective(answers, task.train[order[:budget]], argmaxed=self.argmaxed)


class TransferObjective(Objective):
    """Cross-entropy against the answers to a transfer set; labels are never read."""

    def __init__(self, answers: Answers, transfer_set: Tensor, *, argmaxed: bool = False) -> None:
        self.answers = answers
        self.transfer_set = transfer_set
        self.argmaxed = argmaxed

    def positions(self, train: Tensor) -> Tensor:  # noqa: ARG002 - the set was drawn from them
        """The transfer set."""
        return self.transfer_set

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """One term, ``cross_entropy``."""
        logits, answers = model(batch.x), self.answers(batch)
        if self.argmaxed:
            return {"cross_entropy": cross_entropy(logits, answers.argmax(dim=1))}
        return {"cross_entropy": soft_cross_entropy(logits, answers.softmax(dim=1))}


def affordable(budget: int, train: Tensor) -> int:
    """The budget.

    Raises:
        ContractError: there are fewer images than that to draw from.
    """
    if budget > len(train):
        raise ContractError(
            "the query budget exceeds the query set",
            where="knockoff attack: budget",
            expected=f"at most {len(train)} training images",
            got=str(budget),
            do="lower the budget, or leave it out",
        )
    return budget
