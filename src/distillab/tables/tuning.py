"""The attacker who tunes: of an attack's trials against one teacher, the one that validation images choose."""

from collections.abc import Mapping

from distillab.specs.knockoff import TRIAL
from distillab.tables.choice import best_setting
from distillab.tables.model_run import ModelRun
from distillab.tables.models import split_accuracy
from distillab.tables.results import Results

TUNED = "_tuned"
"""After an attack's key: its best trial on validation images."""

Cell = tuple[str, str, str]


def with_tuned(results: Results, matrix: Mapping[Cell, list[ModelRun]]) -> dict[Cell, list[ModelRun]]:
    """The cells without trials; after an attack that had some, the one with the best mean validation accuracy.

    The attack's own setting is among the candidates, so tuning can only help on validation images.
    """
    return {
        cell: rivals[0] if len(rivals) == 1 else _best(results, rivals) for cell, rivals in candidates(matrix).items()
    }


def candidates(matrix: Mapping[Cell, list[ModelRun]]) -> dict[Cell, list[list[ModelRun]]]:
    """Cell to what it may show: an attack's own runs, or, of the attacker who tunes, these and those of each trial."""
    found: dict[Cell, list[list[ModelRun]]] = {}
    for (teacher, student, attack), runs in matrix.items():
        if TRIAL in attack:
            continue
        found[teacher, student, attack] = [runs]
        trials = [
            other
            for cell, other in matrix.items()
            if cell[:2] == (teacher, student) and cell[2].startswith(f"{attack}{TRIAL}")
        ]
        if trials:
            found[teacher, student, f"{attack}{TUNED}"] = [runs, *trials]
    return found


def _best(results: Results, rivals: list[list[ModelRun]]) -> list[ModelRun]:
    accuracies = [{run.seed: split_accuracy(results, run, "val") for run in runs} for runs in rivals]
    return rivals[best_setting(dict(enumerate(accuracies)))]
