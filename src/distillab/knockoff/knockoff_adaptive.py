"""Knockoff Nets with an adaptive transfer set: a bandit learns which classes are worth their queries."""

from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from distillab.core.bounds import ImageCount
from distillab.core.generators import forked, generator
from distillab.core.seeds import derive
from distillab.core.shapes import Labels, LogProbs, PerExample, Probs
from distillab.data.dataset import Batch
from distillab.knockoff.knockoff_nets import RECIPE, TransferObjective, affordable
from distillab.knockoff.teacher import TOGETHER, Answers
from distillab.losses.cross_entropy import soft_cross_entropy
from distillab.specs.augment import AugmentSpec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.train import TrainSpec
from distillab.training.objective import Objective, Task
from distillab.training.optimizers import optimizer_for


class KnockoffAdaptive(KnockoffSpec):
    """``-sum_c p_c ln q_s,c`` on images that a gradient bandit over classes chose; an exploratory reconstruction.

    Known are the policy, its update and the three rewards, second-hand; the released code has no such policy. Here
    the classes are the training labels, images are drawn in rounds under one policy, and an online student, which
    learns from each round once, gives the loss reward. The knockoff then starts afresh on the set and never sees a
    label.

    Reference: Orekondy et al. 2019, adaptive strategy; methods section 4.7.
    """

    name: Literal["knockoff_adaptive"] = "knockoff_adaptive"
    label: ClassVar[str] = "Knockoff adaptive"
    paper: ClassVar[str] = "Orekondy et al., CVPR 2019"
    grade: ClassVar[str] = "R"
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {"round_size": (64, 16, 256)}

    budget: ImageCount | None = Field(
        default=None, ge=1, description="Images to query; half of the training images if absent"
    )
    round_size: int = Field(
        default=64, ge=2, le=TOGETHER, description="Images queried between two updates of the policy"
    )
    train: TrainSpec | None = Field(default=RECIPE, description="The attack's own recipe; the students' if null")
    augment: AugmentSpec | None = Field(default=AugmentSpec(), description="As published, none; the data set's if null")

    def queries(self, images: int, views: int) -> int:
        """Where views are answered, the images that the policy learned from come on top: all but the last round's."""
        learned = (images - 1) // self.round_size * self.round_size
        return super().queries(images, views) + (learned if self.responses == "live" else 0)

    def objective(self, task: Task, answers: Answers) -> Objective:
        """Soft-label cross-entropy on the transfer set, which is chosen here."""
        half = (len(task.train) + 1) // 2
        budget = affordable(half if self.budget is None else self.budget, task.train)
        return TransferObjective(answers, adaptive_set(task, answers, budget=budget, round_size=self.round_size))


def adaptive_set(task: Task, answers: Answers, *, budget: int, round_size: int) -> Tensor:
    """Positions of ``budget`` different training images, chosen round by round; a function of the task's seed."""
    y = task.images.y[task.train.to(task.images.y.device)].cpu()
    bandit, online = ClassBandit(task.classes), OnlineStudent(task, answers)
    chosen = torch.empty(0, dtype=torch.long)
    stream = generator(task.seed, "transfer_set")
    with forked(task.seed, "online"):
        while len(chosen) < budget:
            rows = bandit.draw(y, chosen, min(round_size, budget - len(chosen)), stream)
            chosen = torch.cat([chosen, rows])
            # nothing is drawn after the last round, so nothing need be learned from it
            if len(chosen) < budget:
                bandit.learn(y[rows], online.rewards(task.train[rows]))
    return task.train[chosen]


class ClassBandit:
    """A gradient bandit: a preference per class, raised where images earned more than the average one."""

    def __init__(self, classes: int) -> None:
        self.preferences = torch.zeros(classes, dtype=torch.float64)
        self.drawn = torch.zeros(classes, dtype=torch.float64)
        self.earned = 0.0

    @property
    def policy(self) -> Float[Tensor, " k"]:
        """The softmax of the preferences."""
        return self.preferences.softmax(dim=0)

    def draw(self, y: Labels, chosen: Tensor, count: int, stream: torch.Generator) -> Tensor:
        """Rows of ``count`` images that are not in ``chosen``: a class's share of the policy over its images left."""
        left = torch.ones(len(y), dtype=torch.float64)
        left[chosen] = 0.0
        images_left = torch.bincount(y, weights=left, minlength=len(self.preferences))
        weights = left * (self.policy / images_left.clamp(min=1))[y]
        return torch.multinomial(weights, count, generator=stream)

    def learn(self, y: Labels, rewards: PerExample) -> None:
        """Step by ``(r - mean r) (e_z - pi) / N(z)`` for each image of class z, which was drawn N(z) times so far."""
        self.drawn += torch.bincount(y, minlength=len(self.drawn))
        self.earned += float(rewards.sum())
        advantage = (rewards.double() - self.earned / self.drawn.sum()) / self.drawn[y]
        self.preferences += advantage @ (F.one_hot(y, len(self.drawn)) - self.policy)


class OnlineStudent:
    """A student of its own that sees every round once, and the rewards that the rounds so far earned."""

    def __init__(self, task: Task, answers: Answers) -> None:
        self.images = task.images
        self.answers = answers
        self.model = task.network(derive(task.seed, "online")).train()
        self.optimizer = optimizer_for(self.model, RECIPE)
        self.sum_of_probs = torch.zeros(task.classes)
        self.seen = 0
        self.lowest = torch.full((3,), torch.inf)
        self.highest = torch.full((3,), -torch.inf)

    def rewards(self, index: Tensor) -> PerExample:
        """The mean of an answer's certainty, diversity and loss, each rescaled to [0, 1] by its range so far."""
        [(batch, log_probs)] = self.answers.over(self.images, index)
        loss = self._learn(batch, log_probs)
        probs = log_probs.exp().cpu()
        mean = self.sum_of_probs / self.seen if self.seen else probs.mean(dim=0)
        raw = torch.stack([certainty(probs), diversity(probs, mean), loss.cpu()], dim=1)
        self.sum_of_probs += probs.sum(dim=0)
        self.seen += len(probs)
        self.lowest = torch.minimum(self.lowest, raw.amin(dim=0))
        self.highest = torch.maximum(self.highest, raw.amax(dim=0))
        return ((raw - self.lowest) / (self.highest - self.lowest).clamp(min=1e-12)).mean(dim=1)

    def _learn(self, batch: Batch, log_probs: LogProbs) -> PerExample:
        loss = soft_cross_entropy(self.model(batch.x), log_probs.softmax(dim=1))
        self.optimizer.zero_grad()
        loss.mean().backward()
        self.optimizer.step(RECIPE.optimizer.lr)
        return loss.detach()


def certainty(probs: Probs) -> PerExample:
    """How far the first class is ahead of the second, in [0, 1]."""
    top = probs.topk(2, dim=1).values
    return top[:, 0] - top[:, 1]


def diversity(probs: Probs, mean: Float[Tensor, " k"]) -> PerExample:
    """``sum_k max(0, p_k - mean_k)`` with the mean of earlier answers: what they did not show yet, in [0, 1]."""
    return (probs - mean).clamp(min=0).sum(dim=1)
