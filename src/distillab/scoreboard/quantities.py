"""What a claim can be about: each quantity with the function that finds its evidence in a run's tables."""

from collections.abc import Callable

from distillab.core.errors import ArtifactError
from distillab.reporting.tables import Tables
from distillab.scoreboard import certified, chains, robust, teachers, thefts
from distillab.scoreboard.claim import FILE, DocumentClaim
from distillab.scoreboard.sample import ClaimEvidence

Quantity = Callable[[Tables, DocumentClaim], list[ClaimEvidence]]


def _accuracy(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Of chains where the sides are steps, else of teachers."""
    return (chains.chain_accuracy if claim.of.startswith(chains.STEP) else teachers.teacher_accuracy)(tables, claim)


QUANTITIES: dict[str, Quantity] = {
    "knockoff accuracy": thefts.knockoff_accuracy,
    "knockoff accuracy by KD": thefts.knockoff_accuracy_by_kd,
    "teacher accuracy": teachers.teacher_accuracy,
    "peak CMI": teachers.peak_cmi,
    "entropy of answers": teachers.entropy_of_answers,
    "training time": teachers.training_time,
    "accuracy": _accuracy,
    "confidence": chains.confidence,
    "share of gradients below 1e-10": chains.small_gradients,
    "mean minimal perturbation": chains.minimal_perturbation,
    "success of JSMA": chains.success_of_jsma,
    "robust accuracy": robust.robust_accuracy,
    "robust error bound": certified.robust_error_bound,
    "robust error": certified.cascade_robust_error,
    "error": certified.cascade_error,
}
"""Name in ``claims.yaml`` to where its evidence is."""


def evidence_on(claim: DocumentClaim, tables: Tables) -> list[ClaimEvidence]:
    """What the run says of the claim; nothing where it is about other data, or has not the networks that it takes.

    Raises:
        ArtifactError: there is no such quantity.
    """
    if claim.quantity not in QUANTITIES:
        known = ", ".join(QUANTITIES)
        raise ArtifactError("no such quantity", where=f"{FILE}: {claim.name}", expected=known, got=claim.quantity)
    if claim.data and tables.facts["params"]["data"]["name"] != claim.data:
        return []
    return QUANTITIES[claim.quantity](tables, claim)
