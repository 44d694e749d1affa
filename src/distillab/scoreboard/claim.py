"""What the documents claim: the entries of one committed file, written before any run judged them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from distillab.core.errors import ArtifactError
from distillab.metrics.effects import EffectDirection
from distillab.reporting.reported import RESTORE, Reported

FILE = "claims.yaml"

DIRECTIONS: tuple[str, ...] = get_args(EffectDirection)


@dataclass(frozen=True)
class DocumentClaim:
    """One claim: which quantity of which networks, in which direction, and the smallest effect that would matter."""

    name: str
    document: str
    """Key of the document in ``claims.yaml``."""
    study: str
    preset: str
    """The preset that repeats the document's setting, or the nearest there is."""
    source: str
    """Section, table or figure."""
    says: str
    """The claim in one sentence."""
    quantity: str
    """A key of `distillab.scoreboard.quantities.QUANTITIES`."""
    of: str
    against: str
    direction: EffectDirection
    unit: str
    """Points, percent or nats."""
    smallest: float
    paper: float | None = None
    """The document's own number of the difference, in the same unit, where it prints one."""
    data: str = ""
    """The data set, where the claim is about one alone."""
    eps: float | None = None
    """The radius, where the claim is about one alone."""


def read_claims(papers: Reported) -> dict[str, DocumentClaim]:
    """The claims by name, in the order of the file.

    Raises:
        ArtifactError: the file is absent, no YAML, or an entry lacks a field or has one that is not known.
    """
    path = papers.path(FILE)
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {name: _claim(path, name, entry) for name, entry in entries.items()}
    except (yaml.YAMLError, AttributeError) as error:
        raise ArtifactError("no claims", where=str(path), got=str(error), do=RESTORE) from error


def _claim(path: Path, name: str, entry: dict[str, Any]) -> DocumentClaim:
    try:
        claim = DocumentClaim(name=name, **entry)
    except TypeError as error:
        raise ArtifactError("not a claim", where=f"{path}: {name}", got=str(error), do=RESTORE) from error
    if claim.direction not in DIRECTIONS:
        known = " or ".join(DIRECTIONS)
        raise ArtifactError("not a direction", where=f"{path}: {name}", expected=known, got=claim.direction, do=RESTORE)
    return claim
