"""How a defended teacher's answers differ from an unprotected one's, at the temperatures of attackers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, log_softmax, rel_entr

from distillab.metrics.arrays import blocks
from distillab.tables.columns import shared
from distillab.tables.model_run import ModelRun
from distillab.tables.plain import plain_beside
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

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
    plain = plain_beside(results, teachers)
    return [
        _row(results, run, plain.get(run.member.id), temperature) for run in teachers for temperature in TEMPERATURES
    ]


def _row(results: Results, run: ModelRun, plain: ModelRun | None, temperature: float) -> Row:
    right = results.predicted(run.member.id, "test") == results.labels["test"]
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
    own = results.log_probs(run.member.id, "test")
    base = None if plain is None else results.log_probs(plain.member.id, "test")
    parts = [
        _by_image(own[part][right[part]], None if base is None else base[part][right[part]], temperature)
        for part in blocks(*own.shape)
    ]
    by_image = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    spread = {"entropy_sd": float(by_image["entropy"].std()), "support": float(np.exp(by_image["entropy"]).mean())}
    return row | {name: float(values.mean()) for name, values in by_image.items()} | spread


def _by_image(
    own: NDArray[np.floating], base: NDArray[np.floating] | None, temperature: float
) -> dict[str, NDArray[np.float64]]:
    """What each answer says of itself, and beside the unprotected teacher's where there is one."""
    probs = _softened(own, temperature)
    top = -np.sort(-probs, axis=1)
    found = {"entropy": entr(probs).sum(axis=1), "gap": top[:, 0] - top[:, 1]}
    if base is None:
        return found
    plain = _softened(base, temperature)
    return found | {
        "kl_from_plain": rel_entr(probs, plain).sum(axis=1),
        "kl_to_plain": rel_entr(plain, probs).sum(axis=1),
    }


def _softened(log_probs: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    probs: NDArray[np.float64] = np.exp(log_softmax(log_probs.astype(np.float64) / temperature, axis=1))
    return probs


TABLE = Table(
    "responses",
    (
        *shared("teacher", "defense", "defense_label", "seed"),
        Column("temperature", "temperature", "at which answers are softened again"),
        Column("n", "images", "test images that are classified correctly"),
        Column("entropy", "nats", "mean entropy of their answers", optional=True),
        Column("entropy_sd", "nats", "its standard deviation over images", optional=True),
        Column("support", "classes", "mean of exp(entropy)", optional=True),
        Column("gap", "share", "mean of the top answer minus the second", optional=True),
        Column("kl_from_plain", "nats", "mean KL(q, q_ce) over the unprotected teacher's answers", optional=True),
        Column("kl_to_plain", "nats", "its reverse; infinite where zeros meet mass", optional=True),
    ),
    (),
    rows,
)
