"""Evidence from distillation chains: accuracy, confidence, gradients and distances, by step and temperature."""

from typing import TYPE_CHECKING

from distillab.reporting.tables import Tables, norm_label
from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.sample import ClaimEvidence, SeedNumbers, paired_sample, relative_sample

if TYPE_CHECKING:
    import pandas as pd

STEP, HIGHEST = "step ", "the highest temperature"

CARLINI_WAGNER = "carlini_wagner"
"""How the names of the attacks begin that the teacher-assistant paper measures distances with."""


def chain_accuracy(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of accuracy between two steps of a chain, means over temperatures."""
    return _by_chain(_chain_networks(tables), claim, "test_accuracy", scale=100)


def confidence(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of mean confidence between two temperatures of a chain, means over steps."""
    return _by_chain(_chain_networks(tables), claim, "confidence", scale=100)


def small_gradients(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of the share of test images with a gradient below 1e-10, between two temperatures of chains' teachers."""
    frame = tables["sensitivity"]
    return _by_chain(frame[(frame["chain"] != "") & (frame["step"] == 0)], claim, "small", scale=100)


def minimal_perturbation(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Percent of the mean distance that a Carlini-Wagner attack on raw logits needs, by chain and attack.

    Over the images that a network gets right; one that the attack does not change counts as the farthest point.
    """
    attacks = tables.facts["params"]["robustness"]["attacks"]
    searches = [key for key, spec in attacks.items() if str(spec.get("name", key)).startswith(CARLINI_WAGNER)]
    frame = tables["robustness"].query("logits == 'raw' and chain != ''")
    frame = frame[frame["attack"].isin(searches)]
    found: list[ClaimEvidence] = []
    for attack, rows in frame.groupby("attack", sort=False):
        for chain, of, against, n in _sides(rows, claim, "penalized_mean", 1.0):
            norm = norm_label(str(rows["norm"].iloc[0]))
            found += relative_sample(f"{chain}, {tables.label(str(attack))} ({norm})", of, against, n=n)
    return found


def success_of_jsma(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of JSMA's success rate between two networks of a chain, each told as step and temperature."""
    attacks = tables.facts["params"]["robustness"]["attacks"]
    jsma = [key for key, spec in attacks.items() if spec.get("name", key) == "jsma"]
    frame = tables["robustness"].query("logits == 'raw' and chain != ''")
    found: list[ClaimEvidence] = []
    for key in jsma:
        for chain, of, against, n in _sides(frame[frame["attack"] == key], claim, "success_rate", 100.0):
            found += paired_sample(f"{chain}, {key}", of, against, n=n, resolution=100 / n)
    return found


def _chain_networks(tables: Tables) -> "pd.DataFrame":
    return tables["models"].query("role == 'chain'").rename(columns={"test_n": "n"})


def _by_chain(frame: "pd.DataFrame", claim: DocumentClaim, column: str, *, scale: float) -> list[ClaimEvidence]:
    found: list[ClaimEvidence] = []
    for chain, of, against, n in _sides(frame, claim, column, scale):
        found += paired_sample(chain, of, against, n=n, resolution=scale / n)
    return found


def _sides(
    frame: "pd.DataFrame", claim: DocumentClaim, column: str, scale: float
) -> list[tuple[str, SeedNumbers, SeedNumbers, int]]:
    """Of each chain that has both sides: the mean of the column by seed on each, and images."""
    found = []
    for chain, rows in frame.groupby("chain", sort=False):
        chosen = [rows[_picked(side, rows)] for side in (claim.of, claim.against)]
        if all(len(side) for side in chosen):
            of, against = ((scale * side.groupby("seed")[column].mean()).dropna().to_dict() for side in chosen)
            found.append((str(chain), of, against, int(rows["n"].min())))
    return found


def _picked(side: str, rows: "pd.DataFrame") -> "pd.Series[bool]":
    """Which rows a side means: ``"step 2"``, ``"temperature 1"``, both, or the highest temperature."""
    if side == HIGHEST:
        return rows["temperature"] == rows["temperature"].max()
    step, _, temperature = side.removeprefix("temperature ").removeprefix(STEP).partition(" at temperature ")
    if not side.startswith(STEP):
        return rows["temperature"] == float(step)
    at_step = rows["step"] == int(step)
    return at_step & (rows["temperature"] == float(temperature)) if temperature else at_step
