"""The attacker who tunes: of an attack's trials against one teacher, the one that validation images choose."""

import numpy as np

from distillab.metrics.verdict import choose_on_validation
from distillab.specs.knockoff import TRIAL
from distillab.stages.tables.models import split_accuracy
from distillab.stages.tables.results import ModelRun, Results

TUNED = "_tuned"
"""After an attack's key: its best trial on validation images."""

Cell = tuple[str, str, str]


def with_tuned(results: Results, matrix: dict[Cell, list[ModelRun]]) -> dict[Cell, list[ModelRun]]:
    """The cells without trials; after an attack that had some, the one with the best mean validation accuracy.

    The attack's own setting is among the candidates, so tuning can only help on validation images.
    """
    found: dict[Cell, list[ModelRun]] = {}
    for (teacher, student, attack), runs in matrix.items():
        if TRIAL in attack:
            continue
        found[teacher, student, attack] = runs
        trials = [
            other
            for cell, other in matrix.items()
            if cell[:2] == (teacher, student) and cell[2].startswith(f"{attack}{TRIAL}")
        ]
        if trials:
            found[teacher, student, f"{attack}{TUNED}"] = _best(results, [runs, *trials])
    return found


def _best(results: Results, candidates: list[list[ModelRun]]) -> list[ModelRun]:
    """The candidate with the best mean validation accuracy over the seeds that all have."""
    seeds = set.intersection(*({run.seed for run in runs} for runs in candidates))
    means = {
        number: float(np.mean([split_accuracy(results, run, "val") for run in runs if run.seed in seeds]))
        for number, runs in enumerate(candidates)
    }
    return candidates[choose_on_validation(means)]
