"""Evidence from certificates: the bound on the robust error between two networks or to a printed number; cascades."""

import re

import numpy as np

from distillab.reporting.tables import Tables, norm_label
from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.sample import ClaimEvidence, compared
from distillab.scoreboard.settings import rows_of

_PRINTED = re.compile(r"([\d.]+) %")


def robust_error_bound(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of the images without a certificate of the paper's kind, by certifier, network and radius."""
    frame = tables["certificates"].query("role == 'teacher'")
    frame = frame[frame["certifier"].isin(_duals(tables))]
    frame = frame if claim.eps is None else frame[np.isclose(frame["eps"], claim.eps)]
    frame = frame.assign(error=1 - frame["certified_accuracy"])
    printed = _PRINTED.fullmatch(claim.against)
    between = claim.of in {*frame["arch"]}  # networks, else defenses
    keys = ["certifier", "norm", "eps", "defense" if between else "arch"]
    found: list[ClaimEvidence] = []
    for (certifier, norm, eps, other), rows in frame.groupby(keys, sort=False):
        of, other_side = (
            rows[rows["arch"] == side] if between else rows_of(tables, rows, side) for side in (claim.of, claim.against)
        )
        against = of.assign(error=float(printed[1]) / 100) if printed else other_side
        context = f"{other}, {tables.label(str(certifier))}, {norm_label(str(norm))} {eps:.4g}"
        found += compared(context, of, against, "error", scale=100)
    return found


def cascade_robust_error(tables: Tables, _claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of the cascade's robust error, as its paper counts it, against that of its first network."""
    return _of_cascades(tables, "paper_robust_error")


def cascade_error(tables: Tables, _claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of the cascade's error on clean images against that of its first network."""
    return _of_cascades(tables, "standard_error")


def _of_cascades(tables: Tables, column: str) -> list[ClaimEvidence]:
    frame, keys = tables["cascades"], ["cascade", "arch", "certifier", "norm", "eps"]
    found: list[ClaimEvidence] = []
    for (cascade, arch, certifier, norm, eps), rows in frame.groupby(keys, sort=False):
        whole = int(rows["networks"].max())
        of, against = (rows[rows["networks"] == count] for count in (whole, 1))
        context = f"{cascade} of {whole}, {arch}, {certifier}, {norm_label(str(norm))} {eps:.4g}"
        found += compared(context, of, against, column, scale=100) if whole > 1 else []
    return found


def _duals(tables: Tables) -> list[str]:
    """The certifiers that compute the papers' bound: those as published where there are any, else every dual."""
    certifiers = tables.facts["params"]["certification"]["certifiers"]
    duals = {key: spec for key, spec in certifiers.items() if spec.get("name", key) == "dual"}
    published = [key for key, spec in duals.items() if spec.get("as_published")]
    return published or list(duals)
