"""What a user says about a chain of distillations, and what follows from it."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from distillab.core.bounds import ChainSteps, Temperature
from distillab.models.any_model import AnyModel
from distillab.params.vocabulary import Key, StudyName
from distillab.specs.base import Spec
from distillab.specs.model import ModelSpec
from distillab.specs.train import TrainSpec
from distillab.studies import STUDIES


class ChainParams(Spec):
    """A teacher, then as many distillations as there are steps, each learning from the one before alone.

    Reference: Mandal & Guo, section III; one step is Papernot et al. 2016, and networks that shrink from step to step
    are the teacher assistants of Mirzadeh et al. 2020.
    """

    steps: ChainSteps = Field(
        default=2, ge=0, description="Distillations after the teacher: 2 is teacher, assistant, student"
    )
    teacher_defense: Key | None = Field(
        default=None,
        description="Start from the first network's teacher under this defense, whose attacks every step then meets: "
        "what is left of its robustness? By default the chain trains a teacher of its own, at its temperature",
    )
    temperatures: tuple[Temperature, ...] = Field(
        default=(1.0, 20.0), min_length=1, description="One chain for each; 1 is the baseline of the others"
    )
    networks: tuple[AnyModel, ...] = Field(
        default=(), description="Networks of step 0, 1, ...; the last repeats; empty is the first pair's teacher"
    )
    init: Literal["fresh", "common_warm"] = Field(
        default="fresh",
        description="fresh: own initial weights for each step; common_warm: all start from one epoch of one network",
    )
    train: TrainSpec | None = Field(default=None, description="Recipe of every step; the teachers' if absent")
    scale_lr: bool = Field(
        default=False, description="Multiply the learning rate by the temperature, which divides the gradient"
    )
    one_seed_from: ChainSteps | None = Field(
        default=None, ge=1, description="From this step on, the first seed only: long chains cost what they show"
    )

    @property
    def studies(self) -> frozenset[StudyName]:
        """The studies that are about the chain, by what it starts from."""
        defended = self.teacher_defense is not None
        about = (study for study in STUDIES.values() if "chains" in study.families)
        return frozenset(study.name for study in about if study.defended_chains == defended)

    def network(self, step: int, default: ModelSpec) -> ModelSpec:
        """The network of a step."""
        return self.networks[min(step, len(self.networks) - 1)] if self.networks else default

    def recipe(self, temperature: float, default: TrainSpec) -> TrainSpec:
        """The recipe of every step at a temperature."""
        recipe = self.train or default
        if not self.scale_lr:
            return recipe
        optimizer = recipe.optimizer.model_copy(update={"lr": recipe.optimizer.lr * temperature})
        return recipe.model_copy(update={"optimizer": optimizer})

    def seeds(self, step: int, seeds: tuple[int, ...]) -> tuple[int, ...]:
        """The seeds that reach a step."""
        return seeds if self.one_seed_from is None or step < self.one_seed_from else seeds[:1]

    def links(self, seeds: tuple[int, ...]) -> Iterator[tuple[float, int, int]]:
        """Temperature, step and seed of every network of the chain, each after the one it learns from."""
        for temperature in self.temperatures:
            for step in range(self.steps + 1):
                for seed in self.seeds(step, seeds):
                    yield temperature, step, seed
