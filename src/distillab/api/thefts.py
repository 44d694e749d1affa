"""The thefts of an audit: students with and without answers, and what is decided of their accuracies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from torch import nn

from distillab.api.asking import OnceAsked
from distillab.api.steal import knockoff_of
from distillab.api.training import Pupils, predicted
from distillab.core.seeds import derive
from distillab.core.shapes import Images, Labels
from distillab.data.label_sets import label_set
from distillab.metrics.decisions import Evidence, TeacherDecision, decide
from distillab.metrics.gains import Accuracies, CellKey, Gains, gains_over_controls, headroom
from distillab.metrics.levels import Levels
from distillab.specs.knockoff import KnockoffSpec
from distillab.training.supervised import CrossEntropyObjective

SMOOTHING = 0.4
"""Of the controls' labels, as in the preset of audits."""


@dataclass(frozen=True)
class Thefts:
    """One thief, with what all of its students have in common."""

    pupils: Pupils
    y: Labels
    """All labels, on the CPU."""
    test_images: Images
    test_labels: Labels
    held: int
    """Labels that the thief has."""

    def controls(self, seeds: int) -> dict[str, Accuracies]:
        """Accuracy by seed of students without answers: of the thief's labels, and of its images named by these."""
        found: dict[str, dict[int, float]] = {"ls": {}, "pseudo": {}}
        for seed in range(seeds):
            y = self._held(seed)
            own = self._learned(y, seed)
            found["ls"][seed] = self.accuracy(own)
            named = y.where(y >= 0, predicted(own, self.pupils.images))
            found["pseudo"][seed] = self.accuracy(self._learned(named, seed))
        return dict(found)

    def plain_teacher(self, seed: int) -> nn.Module:
        """A network of all labels without protection, trained twice as long."""
        recipe = self.pupils.recipe
        longer = replace(self.pupils, recipe=recipe.model_copy(update={"epochs": 2 * recipe.epochs}))
        everything = (self.y >= 0).nonzero().flatten()
        return longer.train(self.y, everything, lambda _task: CrossEntropyObjective(), seed=derive(seed, "teacher"))[0]

    def knockoffs(self, attacks: Sequence[KnockoffSpec], asked: Sequence[OnceAsked]) -> dict[str, Accuracies]:
        """Attack to its students' accuracy by seed.

        Args:
            attacks: each with all seeds.
            asked: the model of each seed.
        """
        return {
            spec.name: {
                seed: self.accuracy(knockoff_of(spec, once, self._held(seed), self.pupils, seed=seed)[0])
                for seed, once in enumerate(asked)
            }
            for spec in attacks
        }

    def accuracy(self, model: nn.Module) -> float:
        """Share of test images that a network classifies correctly."""
        return float((predicted(model, self.test_images) == self.test_labels).double().mean())

    def _held(self, seed: int) -> Labels:
        everything = (self.y >= 0).nonzero().flatten()
        known = label_set(self.y, everything, self.held, seed=seed)
        y = self.y.new_full((len(self.y),), -1)
        y[known] = self.y[known]
        return y

    def _learned(self, y: Labels, seed: int) -> nn.Module:
        labeled = (y >= 0).nonzero().flatten()
        return self.pupils.train(y, labeled, lambda _task: CrossEntropyObjective(SMOOTHING), seed=seed)[0]


@dataclass(frozen=True)
class AuditEvidence:
    """Accuracies of an audit, and the rules by which they are judged."""

    knockoffs: Mapping[str, Mapping[str, Accuracies]]
    """Model to attack to accuracy by seed."""
    controls: Mapping[str, Accuracies]
    n_test: int
    margin: float
    levels: Levels

    @cached_property
    def gains(self) -> Gains:
        """Of every model and attack over every control."""
        cells = {CellKey(model, attack): runs for model, by in self.knockoffs.items() for attack, runs in by.items()}
        return gains_over_controls(cells, self.controls, n_test=self.n_test)

    def decision(self, model: str, accuracies: Accuracies, *, leaks: bool | None) -> TeacherDecision:
        """What is decided of a model.

        Args:
            model: which one.
            accuracies: its own.
            leaks: whether the model without protection is shown to be distillable; None of that one itself.
        """
        room = headroom(accuracies, self.controls["ls"], n_test=self.n_test)
        return decide(
            Evidence(self.gains.of_teacher(model), room, leaks),
            levels=self.levels,
            margin=max(self.margin, 1 / self.n_test),
            n_test=self.n_test,
        )
