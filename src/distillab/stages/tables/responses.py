"""How a defended teacher's answers differ from an unprotected one's, at the temperatures of attackers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, log_softmax, rel_entr

from distillab.stages.tables.leaks import REFERENCE
from distillab.stages.tables.results import ModelRun, Results

Row = dict[str, Any]

TEMPERATURES = (1.0, 4.0, 20.0)
"""As released, and softened as the papers' attackers do."""

MEASURED = ("entropy", "entropy_sd", "support", "gap", "kl_from_plain", "kl_to_plain")
"""Columns that hold NaN for a teacher that classifies nothing correctly."""


def rows(results: Results) -> list[Row]:
    """The table ``responses``: one row per teacher, seed and temperature, on correctly classified test images.

    ``entropy`` and its sd over images, in nats; ``support`` is ``exp(entropy)``, the effective number of classes;
    ``gap`` the top answer minus the second; ``kl_from_plain`` is ``KL(q, q_ce)`` and ``kl_to_plain`` its reverse, over
    the unprotected teacher of the same network and seed (NaN without one; infinite where zeros meet mass). A teacher
    that classifies nothing correctly has n 0 and NaN.

    Reference: methods section 6, M8.
    """
    teachers = [run for run in results.runs if run.role == "teacher"]
    plain = {(run.arch, run.seed): run for run in teachers if run.defense == REFERENCE}
    return [
        _row(results, run, plain.get((run.arch, run.seed)), temperature)
        for run in teachers
        for temperature in TEMPERATURES
    ]


def profile_rows(results: Results) -> list[Row]:
    """The table ``profiles``: mean log-probability by rank of the class, per teacher and seed, at T = 1.

    Centered by image and cut at -30, where float32 answers end; test images.
    """
    found: list[Row] = []
    for run in (run for run in results.runs if run.role == "teacher"):
        log_probs = np.maximum(results.log_probs(run.member.id)["test"].astype(np.float64), -30.0)
        ranked = -np.sort(-(log_probs - log_probs.mean(axis=1, keepdims=True)), axis=1)
        found += [
            {"teacher": run.model, "defense": run.defense, "seed": run.seed, "rank": rank + 1, "value": float(value)}
            for rank, value in enumerate(ranked.mean(axis=0))
        ]
    return found


def _row(results: Results, run: ModelRun, plain: ModelRun | None, temperature: float) -> Row:
    labels, log_probs = results.labels["test"], results.log_probs(run.member.id)["test"]
    right = log_probs.argmax(axis=1) == labels
    row = {
        "teacher": run.model,
        "defense": run.defense,
        "defense_label": results.workspace.plan.facts["defenses"][run.defense]["label"],
        "seed": run.seed,
        "temperature": temperature,
        "n": int(right.sum()),
    } | dict.fromkeys(MEASURED, float("nan"))
    if not right.any():
        return row
    probs = _softened(log_probs[right], temperature)
    row |= _spread(probs)
    if plain is None:
        return row
    base = _softened(results.log_probs(plain.member.id)["test"][right], temperature)
    return row | {
        "kl_from_plain": float(rel_entr(probs, base).sum(axis=1).mean()),
        "kl_to_plain": float(rel_entr(base, probs).sum(axis=1).mean()),
    }


def _spread(probs: NDArray[np.float64]) -> dict[str, float]:
    """What at least one answer says of itself."""
    entropies = entr(probs).sum(axis=1)
    top = -np.sort(-probs, axis=1)
    return {
        "entropy": float(entropies.mean()),
        "entropy_sd": float(entropies.std()),
        "support": float(np.exp(entropies).mean()),
        "gap": float((top[:, 0] - top[:, 1]).mean()),
    }


def _softened(log_probs: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    probs: NDArray[np.float64] = np.exp(log_softmax(log_probs.astype(np.float64) / temperature, axis=1))
    return probs
