"""One row per trained network: accuracy, entropy, calibration, agreement."""

from dataclasses import asdict
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillab.core.identity import PAPER
from distillab.metrics.accuracy import accuracy, agreement, l1_distance
from distillab.metrics.arrays import blocks
from distillab.tables.choice import best_setting
from distillab.tables.columns import shared
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``models``: one row per network that is there with its answers.

    What compares it with another network, such as ``agreement``, is NaN where that one's answers are not there.
    """
    thieves = dict.fromkeys(run.thief for run in results.runs)
    chosen = {thief: chosen_smoothing(results, thief) for thief in thieves}
    return [_row(results, run, chosen[run.thief].get(run.arch)) for run in results.runs]


def chosen_smoothing(results: Results, thief: str = PAPER) -> dict[str, float]:
    """Network to the best smoothing of a thief's LS students, by mean validation accuracy over the seeds all have."""
    by_arch: dict[str, dict[float, dict[int, float]]] = {}
    for run in results.runs:
        if run.role == "ls_student" and run.thief == thief:
            settings = by_arch.setdefault(run.arch, {})
            settings.setdefault(run.label_smoothing, {})[run.seed] = split_accuracy(results, run, "val")
    return {arch: best_setting(settings) for arch, settings in by_arch.items()}


def split_accuracy(results: Results, run: ModelRun, split: str) -> float:
    """Share of correct predictions on a split; NaN on an empty one.

    Of a control that was refitted, ``val`` is what chose it: the images that it learned from only after the choice.
    """
    if split == "val" and (before := results.sidecar(run.member.id).results.get("choice_accuracy")) is not None:
        return float(before)
    labels = results.labels[split]
    if len(labels) == 0:
        return float("nan")
    return accuracy(results.predicted(run.member.id, split), labels).value


def _row(results: Results, run: ModelRun, chosen: float | None) -> Row:
    facts = results.workspace.plan.facts
    sidecar = results.sidecar(run.member.id)
    return run.key() | {
        "defense_label": facts["defenses"].get(run.defense, {}).get("label", ""),
        "grade": facts["defenses"].get(run.defense, {}).get("grade", ""),
        "attack_label": facts["knockoffs"].get(run.attack, {}).get("label", ""),
        "label_smoothing": run.label_smoothing,
        "chosen": isnan(run.label_smoothing) or run.label_smoothing == chosen,
        "parameters": sidecar.results["parameters"] or None,
        "epochs": len(sidecar.results["history"]),
        "val_accuracy": split_accuracy(results, run, "val"),
        "val_n": sidecar.results.get("choice_n", len(results.labels["val"])),
        "test_accuracy": split_accuracy(results, run, "test"),
        "test_n": len(results.labels["test"]),
        **asdict(results.scores(run.member.id)),
        "agreement": agreement_of(results, run),
        **_changed(results, run),
    }


def _changed(results: Results, run: ModelRun) -> Row:
    """What a defense of the outputs does to those beneath it: how often it flips the class, and how far in L1.

    NaN where nothing of the kind was done.
    """
    base = run.member.parents.get(run.member.spec.get("defense", {}).get("base", "ce"))
    nothing = {"flip_rate": float("nan"), "change_l1": float("nan")}
    if run.role != "teacher" or base is None or not results.answered(base):
        return nothing
    if results.sidecar(run.member.id).results["history"]:
        return nothing
    own, plain = (results.predicted(model, "test") for model in (run.member.id, base))
    return {"flip_rate": 1 - agreement(own, plain).value, "change_l1": _mean_change(results, run.member.id, base)}


def _mean_change(results: Results, model: str, base: str) -> float:
    own, plain = (results.log_probs(each, "test") for each in (model, base))
    changes = [l1_distance(own[rows], plain[rows]) for rows in blocks(*own.shape)]
    return float(np.concatenate(changes).mean())


def agreement_of(results: Results, run: ModelRun) -> float:
    """Share of test images on which a knockoff says what its teacher says; NaN of other models."""
    if run.role != "knockoff" or not results.answered(teacher := run.member.parents["teacher"]):
        return float("nan")
    own, asked = (results.predicted(model, "test") for model in (run.member.id, teacher))
    return agreement(own, asked).value


def errors_copied_by(results: Results, run: ModelRun) -> float:
    """Share of its teacher's errors on test images that a knockoff repeats, class and all; NaN where there are none."""
    wrong = teacher_errors(results, run)
    if wrong is None or not wrong.any():
        return float("nan")
    own, asked = (results.predicted(model, "test") for model in (run.member.id, run.member.parents["teacher"]))
    return agreement(own[wrong], asked[wrong]).value


def teacher_errors(results: Results, run: ModelRun) -> NDArray[np.bool_] | None:
    """Which test images the teacher of a knockoff is wrong about; None of other roles, and of one never asked."""
    if run.role != "knockoff" or not results.answered(teacher := run.member.parents["teacher"]):
        return None
    return np.asarray(results.predicted(teacher, "test") != results.labels["test"])


TABLE = Table(
    "models",
    (
        *shared("model", "role", "defense"),
        Column("attack", "text", "key of the knockoff's attack, trials told apart; empty of other roles"),
        *shared("teacher", "arch", "thief", "chain", "temperature", "step", "seed", "defense_label", "grade"),
        Column("attack_label", "text", "what pages call the knockoff's attack"),
        Column("label_smoothing", "share", "label smoothing of a control; missing of other roles", optional=True),
        Column("chosen", "flag", "false of controls with another smoothing than validation images choose"),
        Column("parameters", "count", "trained numbers of the network, where they are known", optional=True),
        Column("epochs", "count", "epochs that were trained; none where only outputs are defended"),
        Column("val_accuracy", "share", "accuracy on validation images, if there are any", optional=True),
        Column("val_n", "images", "validation images"),
        Column("test_accuracy", "share", "accuracy on test images"),
        Column("test_n", "images", "test images"),
        Column("entropy_nats", "nats", "mean entropy of answers to test images"),
        Column("entropy_normalized", "share", "the same over the logarithm of the number of classes"),
        Column("ece", "share", "expected calibration error, 15 bins"),
        Column("nll", "nats", "mean negative log-likelihood of the labels; infinite where an answer rules one out"),
        Column("brier", "probability distance", "mean squared L2 distance of answers from labels"),
        Column("confidence", "share", "mean top probability, 0 where the prediction is wrong"),
        Column("agreement", "share", "test images on which a knockoff says what its teacher says", optional=True),
        Column("flip_rate", "share", "test images whose class a defense of the outputs changes", optional=True),
        Column("change_l1", "probability distance", "mean L1 change by a defense of the outputs", optional=True),
    ),
    (),
    rows,
)
