"""Evidence from distillation chains: accuracy, confidence, gradients and distances, by step and temperature.

Chains that start from a defended teacher are no part of what the papers are about.
"""

from typing import TYPE_CHECKING

from distillab.reporting.tables import Tables, norm_label
from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.sample import ClaimEvidence, compared

if TYPE_CHECKING:
    import pandas as pd

STEP, HIGHEST = "step ", "the highest temperature"
_AT = " at temperature "

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
    frame = tables["robustness"].query("logits == 'raw' and chain != '' and defense == ''")
    frame = frame[frame["attack"].isin(searches)]
    found: list[ClaimEvidence] = []
    for attack, rows in frame.groupby("attack", sort=False):
        name = f"{tables.label(str(attack))} ({norm_label(str(rows['norm'].iloc[0]))})"
        found += _by_chain(rows, claim, "penalized_mean", name=name, counted=False, relative=True)
    return found


def success_of_jsma(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of JSMA's success rate between two networks of a chain, each told as step and temperature."""
    attacks = tables.facts["params"]["robustness"]["attacks"]
    jsma = [key for key, spec in attacks.items() if spec.get("name", key) == "jsma"]
    frame = tables["robustness"].query("logits == 'raw' and chain != '' and defense == ''")
    found: list[ClaimEvidence] = []
    for key in jsma:
        found += _by_chain(frame[frame["attack"] == key], claim, "success_rate", name=key, scale=100)
    return found


def _chain_networks(tables: Tables) -> "pd.DataFrame":
    return tables["models"].query("role == 'chain' and defense == ''").rename(columns={"test_n": "n"})


def _by_chain(
    frame: "pd.DataFrame",
    claim: DocumentClaim,
    column: str,
    *,
    name: str = "",
    scale: float = 1.0,
    counted: bool = True,
    relative: bool = False,
) -> list[ClaimEvidence]:
    """Of each chain whose two sides are two: a mean over temperatures between steps, or over steps between those."""
    within = () if _AT in claim.of else ("temperature",) if claim.of.startswith(STEP) else ("step",)
    found: list[ClaimEvidence] = []
    for chain, rows in frame.groupby("chain", sort=False):
        of, against = (rows[_picked(side, rows)] for side in (claim.of, claim.against))
        if not of.index.equals(against.index):
            context = f"{chain}, {name}" if name else str(chain)
            found += compared(
                context, of, against, column, within=within, scale=scale, counted=counted, relative=relative
            )
    return found


def _picked(side: str, rows: "pd.DataFrame") -> "pd.Series[bool]":
    """Which rows a side means: ``"step 2"``, ``"temperature 1"``, both, or the highest temperature."""
    if side == HIGHEST:
        return rows["temperature"] == rows["temperature"].max()
    step, _, temperature = side.removeprefix("temperature ").removeprefix(STEP).partition(_AT)
    if not side.startswith(STEP):
        return rows["temperature"] == float(step)
    at_step = rows["step"] == int(step)
    return at_step & (rows["temperature"] == float(temperature)) if temperature else at_step
