"""AST: a teacher whose softened outputs are drawn to the few largest of those it has for an adversarial image."""

from typing import ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from distillab.attacks.ascent import steepest_ascent
from distillab.attacks.projections import LinfBall
from distillab.core.bounds import PixelLength, Steps, Temperature
from distillab.core.generators import generator
from distillab.core.shapes import Images, Labels, Logits, PerExample
from distillab.core.transfer import sent
from distillab.data.dataset import Batch, batches
from distillab.defenses.st import largest_log_probs
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kd_divergence
from distillab.losses.exponential_divergence import exponential_predictive_divergence
from distillab.models.modes import frozen
from distillab.specs.defense import TrainedDefense
from distillab.specs.model import Domain
from distillab.training.objective import Objective, Task, Terms

Space = Literal["pixel", "normalized_release"]

RADIUS: dict[Space, float] = {"pixel": 0.075, "normalized_release": 0.3}
STEP: dict[Space, float] = {"pixel": 0.0025, "normalized_release": 0.01}
"""In pixels, or in standard deviations of a channel."""

MOST_STORED = 60_000
"""Adversarial images that are made once and kept; of larger sets each batch's own views are attacked."""

TOGETHER = 500
"""Images attacked at a time."""


class AdversarialSparseTeacher(TrainedDefense):
    """``(1 - alpha) H(y, q) + alpha T^2 EPD(q^(1/T), r)``, r the k largest of the softened outputs for ``x_adv``.

    ``x_adv`` is what PGD makes of the image against the teacher without protection; r is the trained teacher's own
    answer to it, in evaluation mode and without gradient. The release attacks images after normalization but clips
    them as if they were not, and pairs each image with an unrelated adversarial one; both can be had here.
    """

    name: Literal["ast"] = "ast"
    kind: ClassVar = "adversarial_sparse"
    label: ClassVar[str] = "AST"
    paper: ClassVar[str] = "Yilmaz & Keles, arXiv 2403.05181, 2024"

    weight: float = Field(
        default=0.05, ge=0, le=1, description="alpha, the weight of the divergence; the labels have 1 - alpha"
    )
    temperature: Temperature = Field(default=6.0, gt=0, description="Softening of both outputs; 30 on CIFAR-100")
    ratio: float = Field(default=0.2, gt=0, le=1, description="Share of the classes that r keeps; at least one class")
    loss: Literal["epd", "kl_rp", "kl_pr"] = Field(
        default="epd", description="Between outputs p and target r: EPD(p, r), KL(r, p), or KL(p, r) if ratio is 1"
    )
    source: Literal["adversarial", "clean"] = Field(
        default="adversarial", description="clean: r is the answer to the image itself, a trained stingy teacher"
    )
    pairing: Literal["same_index", "unrelated"] = Field(
        default="same_index", description="Whose adversarial image: the image's own, or another's, drawn each epoch"
    )
    pgd_space: Space = Field(
        default="pixel", description="Attack pixels, or normalized images clipped to [0, 1] as in the release"
    )
    eps: PixelLength | None = Field(
        default=None, ge=0, description="Radius of the Linf ball, in units of the space; 0.075 or 0.3 if absent"
    )
    step_size: PixelLength | None = Field(
        default=None, gt=0, description="Length of a step, in units of the space; 0.0025 or 0.01 if absent"
    )
    steps: Steps = Field(default=40, ge=1, description="Steps of PGD, from the image itself")

    @model_validator(mode="after")
    def _is_defined(self) -> Self:
        if self.loss == "kl_pr" and self.ratio < 1:
            raise ValueError("loss: kl_pr is infinite where r is zero: set ratio: 1 or loss: kl_rp")
        if self.source == "clean" and self.pairing == "unrelated":
            raise ValueError("pairing: unrelated needs source: adversarial")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """The teacher without protection, which is attacked."""
        return ("ce",)

    def kept(self, classes: int) -> int:
        """``max(1, round(ratio * classes))``, the number of classes that r keeps."""
        return max(1, round(self.ratio * classes))

    def passes(self, epochs: int) -> int:
        """Two for each epoch, and the steps of PGD once: most training sets are small enough to keep its images."""
        return 2 * epochs + (self.steps if self.source == "adversarial" else 0)

    def objective(self, task: Task) -> Objective:
        """Cross-entropy and the divergence; PGD attacks the teacher without protection first."""
        return AdversarialSparseObjective(self, task)


class AdversarialSparseObjective(Objective):
    """Right labels, and outputs like the sparse answer to another image."""

    def __init__(self, spec: AdversarialSparseTeacher, task: Task) -> None:
        self.spec, self.task = spec, task
        self.kept = spec.kept(task.classes)
        stored = spec.source == "adversarial" and len(task.train) <= MOST_STORED
        self.images = self._made() if stored else None
        self.rows = torch.zeros(len(task.images), dtype=torch.int64)
        self.rows[task.train] = torch.arange(len(task.train))

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:  # noqa: ARG002 - only pairs are drawn
        """Draw the partners of unrelated pairs."""
        self.stream = generator(self.task.seed, "pairing", epoch)
        count = len(self.task.train)
        unrelated = self.spec.pairing == "unrelated"
        self.partner = torch.randperm(count, generator=self.stream) if unrelated else torch.arange(count)

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Two terms, ``cross_entropy`` and ``divergence``."""
        logits, weight = model(batch.x), self.spec.weight
        divergence = sparse_divergence(
            logits, self._target(model, batch), loss=self.spec.loss, temperature=self.spec.temperature
        )
        return {"cross_entropy": (1 - weight) * cross_entropy(logits, batch.y), "divergence": weight * divergence}

    def _target(self, model: nn.Module, batch: Batch) -> Logits:
        x_adv = self.counterpart(batch)
        with frozen(model), torch.no_grad():
            return largest_log_probs(model(x_adv), self.kept)

    def counterpart(self, batch: Batch) -> Images:
        """The image beside each of the batch whose sparse answer is its target."""
        if self.spec.source == "clean":
            return batch.x
        if self.images is not None:
            rows = self.partner[self.rows[batch.index]]
            return self.images[sent(rows, self.images.device)].to(batch.x.device)
        x_adv = self._attacked(batch.x, batch.y)
        if self.spec.pairing == "same_index":
            return x_adv
        return x_adv[sent(torch.randperm(len(x_adv), generator=self.stream), x_adv.device)]

    def _made(self) -> Images:
        made = torch.empty(len(self.task.train), *self.task.domain.shape, device=self.task.images.y.device)
        parts = made.split(TOGETHER)
        for part, batch in zip(parts, batches(self.task.images, self.task.train, batch_size=TOGETHER), strict=True):
            part.copy_(self._attacked(batch.x, batch.y))
        return made

    def _attacked(self, x: Images, y: Labels) -> Images:
        spec, teacher = self.spec, self.task.needed["ce"]
        eps = RADIUS[spec.pgd_space] if spec.eps is None else spec.eps
        ball, unit = _surroundings(x, eps, spec.pgd_space, self.task.domain)
        step_size = unit * (STEP[spec.pgd_space] if spec.step_size is None else spec.step_size)
        return steepest_ascent(
            lambda x_adv: cross_entropy(teacher(x_adv), y), x, ball, step_size=step_size, steps=spec.steps
        )


def sparse_divergence(
    logits: Logits, target_logits: Logits, *, loss: Literal["epd", "kl_rp", "kl_pr"], temperature: float
) -> PerExample:
    """``T^2`` times EPD(p, r), KL(r, p) or KL(p, r) of outputs and targets softened by T.

    Args:
        logits: Of the trained teacher.
        target_logits: ``-inf`` where r is exactly zero, which KL(p, r) does not bear.
        loss: Which of the three.
        temperature: T > 0.

    Reference: Yilmaz & Keles 2024, released code; methods section 2.5.
    """
    if loss == "kl_rp":
        return kd_divergence(target_logits, logits, temperature=temperature)
    if loss == "kl_pr":
        return kd_divergence(logits, target_logits, temperature=temperature)
    p, r = ((z / temperature).softmax(dim=1) for z in (logits, target_logits))
    return temperature**2 * exponential_predictive_divergence(p, r)


def _surroundings(x: Images, eps: float, space: Space, domain: Domain) -> tuple[LinfBall, Tensor]:
    """The ball in which PGD stays, in pixels, and the length in pixels of the space's unit, channel by channel.

    A normalized image in [0, 1] is one whose pixels lie between a channel's mean and a standard deviation above it.
    """
    if space == "pixel":
        return LinfBall.around(x, eps), torch.ones((), device=x.device)
    mean, std = (torch.tensor(values, device=x.device)[:, None, None] for values in (domain.mean, domain.std))
    lower, upper = (torch.clamp(x + side * eps * std, mean, mean + std) for side in (-1, 1))
    return LinfBall(x, eps, lower, upper), std
