"""The attacker who tunes: of an attack's trials against one teacher, the one that validation images choose."""

from collections.abc import Mapping
from typing import NamedTuple

from distillab.tables.choice import best_setting
from distillab.tables.model_run import ModelRun
from distillab.tables.models import split_accuracy
from distillab.tables.results import Results

Trials = dict[int | None, list[ModelRun]]
"""The runs of each setting that an attacker tries; None is the attack's own."""


class KnockoffCell(NamedTuple):
    """A cell of the knockoff matrix."""

    teacher: str
    student: str
    """The knockoffs' network."""
    attack: str
    tuned: bool = False
    """Whether it is the attacker's whose settings validation images chose."""

    @property
    def name(self) -> str:
        """The attack as tables name it."""
        return f"{self.attack}_tuned" if self.tuned else self.attack


def with_tuned(results: Results, matrix: Mapping[KnockoffCell, Trials]) -> dict[KnockoffCell, list[ModelRun]]:
    """The cells of the attacks' own settings; beside one with trials, that with the best mean validation accuracy.

    The attack's own setting is among the candidates, so tuning can only help on validation images.
    """
    return {
        cell: rivals[0] if len(rivals) == 1 else _best(results, rivals) for cell, rivals in candidates(matrix).items()
    }


def candidates(matrix: Mapping[KnockoffCell, Trials]) -> dict[KnockoffCell, list[list[ModelRun]]]:
    """Cell to what it may show: an attack's own runs, or, of the attacker who tunes, these and those of each trial."""
    found: dict[KnockoffCell, list[list[ModelRun]]] = {}
    for cell, trials in matrix.items():
        if None in trials:
            found[cell] = [trials[None]]
            if len(trials) > 1:
                found[cell._replace(tuned=True)] = [*trials.values()]
    return found


def _best(results: Results, rivals: list[list[ModelRun]]) -> list[ModelRun]:
    accuracies = [{run.seed: split_accuracy(results, run, "val") for run in runs} for runs in rivals]
    return rivals[best_setting(dict(enumerate(accuracies)))]
