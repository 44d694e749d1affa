"""Evidence from adversarial attacks: robust accuracy between defenses or networks, and by where an attack is from."""

import numpy as np

from distillab.reporting.tables import Tables, norm_label
from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.sample import ClaimEvidence, compared
from distillab.scoreboard.settings import rows_of

SMALLEST = "the smallest network"
COPY = "attacks from its copy"


def robust_accuracy(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of the accuracy that no attack in a norm takes, by network, norm and radius."""
    if claim.against == SMALLEST:
        return _between_networks(tables, claim.document)
    if claim.against == COPY:
        return _by_origin(tables)
    frame = tables["worst"].query("role == 'teacher' and missing == 0")
    frame = frame if claim.eps is None else frame[np.isclose(frame["eps"], claim.eps)]
    found: list[ClaimEvidence] = []
    for (arch, norm, eps), rows in frame.groupby(["arch", "norm", "eps"], sort=False):
        of, against = (rows_of(tables, rows, key) for key in (claim.of, claim.against))
        found += compared(_context(arch, norm, eps), of, against, "robust_accuracy", scale=100)
    return found


def _between_networks(tables: Tables, defense: str) -> list[ClaimEvidence]:
    """The network with most parameters against the one with fewest, both under the document's own training."""
    models = tables["models"].query("role == 'teacher'")
    size = rows_of(tables, models, defense).groupby("arch")["parameters"].max()
    if len(size) < 2:
        return []
    largest, smallest = size.idxmax(), size.idxmin()
    frame = tables["worst"].query("role == 'teacher' and missing == 0")
    found: list[ClaimEvidence] = []
    for (norm, eps), rows in rows_of(tables, frame, defense).groupby(["norm", "eps"], sort=False):
        of, against = (rows[rows["arch"] == arch] for arch in (largest, smallest))
        context = _context(f"{largest} against {smallest}", norm, eps)
        found += compared(context, of, against, "robust_accuracy", scale=100)
    return found


def _by_origin(tables: Tables) -> list[ClaimEvidence]:
    """One attack on a defended teacher against the same attack carried over from its copy of another seed."""
    frame = tables["robustness"].query("role == 'teacher' and defense != 'ce' and kind == 'fixed_radius'")
    found: list[ClaimEvidence] = []
    for (defense, arch, attack), rows in frame.groupby(["defense", "arch", "attack"], sort=False):
        of, against = (rows[rows["logits"] == origin] for origin in ("raw", "from_copy"))
        context = f"{tables.label(str(defense))}, {arch}, {tables.label(str(attack))}"
        found += compared(context, of, against, "robust_accuracy", scale=100)
    return found


def _context(arch: object, norm: object, eps: float) -> str:
    return f"{arch}, {norm_label(str(norm))} {eps:.4g}"
