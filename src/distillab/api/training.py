"""Students of the images that a caller gives: the recipe, the streams and the loop are those of the workflow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distillab.api.given import GivenImages, Student, fresh_student, student_name
from distillab.core.seeds import derive
from distillab.core.shapes import Images, Labels
from distillab.data.dataset import NO_AUGMENTATION
from distillab.data.label_sets import recycled
from distillab.data.statistics import channel_statistics
from distillab.metrics.intervals import Estimate, wilson
from distillab.params.audit_plan import small_network
from distillab.params.messages import validate
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import TrainSpec
from distillab.training.checkpoint import History
from distillab.training.fit import fit
from distillab.training.objective import Objective, Task

RECIPE = {
    "epochs": 20, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.05}, "schedule": {"name": "cosine"},
    "clip_norm": 3.0, "channels_last": True,
}  # fmt: skip
"""How students are trained where nothing else is said: as in an audit."""


@dataclass(frozen=True)
class Pupils:
    """Everything that students of the same images have in common."""

    images: Images
    classes: int
    student: Student
    recipe: TrainSpec
    augment: AugmentSpec = NO_AUGMENTATION

    @cached_property
    def domain(self) -> Domain:
        """The images as networks must know them: shape, classes, statistics over all; a constant channel is kept."""
        source = GivenImages(self.images, torch.zeros(len(self.images), dtype=torch.int64))
        found = channel_statistics(source, torch.arange(len(self.images)))
        channels, height, width = self.images.shape[1:]
        return Domain((channels, height, width), self.classes, found.mean, tuple(std or 1.0 for std in found.std))

    def train(
        self, y: Labels, index: Int[Tensor, " m"], objective: Callable[[Task], Objective], *, seed: int
    ) -> tuple[nn.Module, History]:
        """A student trained on the images at ``index``, again and again where they are few: all have equal steps.

        Args:
            y: labels of all images.
            index: positions of those it learns from.
            objective: what to minimize.
            seed: of initialization, order and dropout; the names of the streams are the workflow's.
        """
        seed = derive(seed, "student", student_name(self.student))
        model = fresh_student(self.student, self.domain, seed=seed).to(self.images.device)
        source = GivenImages(self.images, y.to(self.images.device))
        task = Task(
            images=source,
            train=index,
            domain=self.domain,
            epochs=self.recipe.epochs,
            seed=derive(seed, "method"),
            network=lambda other: fresh_student(self.student, self.domain, seed=other).to(self.images.device),
        )
        minimized = objective(task)
        chosen = minimized.positions(index).cpu()
        positions = recycled(chosen, round(len(chosen) * len(self.images) / len(index)))
        history = fit(model, source, positions, minimized, spec=self.recipe, augment=self.augment, seed=seed)
        return model.requires_grad_(requires_grad=False), history


def recipe_of(recipe: Mapping[str, object], *, where: str) -> TrainSpec:
    """The recipe, with the keys that are given in the places of those of `RECIPE`.

    Raises:
        SpecError: it says something that no training can; every error at once.
    """
    return validate(TrainSpec, RECIPE | dict(recipe), where=f"{where}: recipe")


def small_student(images: Images) -> str:
    """The network that an audit takes for images of this shape, where none is named."""
    channels, height, width = images.shape[1:]
    return small_network((channels, height, width))


def predicted(model: nn.Module, images: Images) -> Labels:
    """The likeliest class of each image, on the CPU."""
    with torch.inference_mode():
        return torch.cat([model(part).argmax(dim=1) for part in images.split(500)]).cpu()


def accuracy_of(model: nn.Module, images: Images, labels: Labels) -> Estimate:
    """Share of images that a model classifies correctly, with its interval over images."""
    return wilson(int((predicted(model, images) == labels.cpu()).sum()), len(labels))
