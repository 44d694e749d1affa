"""Where a claim stands after all runs on record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.finding import SUFFIX, Finding, Judgment, read_judgment
from distillab.scoreboard.thefts import PAPERS_THIEF

Standing = Literal["holds", "does not hold", "both", "undecided", "not run"]
"""Of all decided findings alike, of some this and of others that, of none that is decided, of none at all."""

STANDINGS: dict[Standing, str] = {
    "holds": "holds",
    "does not hold": "does not hold",
    "both": "holds here, not there",
    "undecided": "undecided",
    "not run": "not run",
}
"""What the page calls each, in the order in which it counts them."""


@dataclass(frozen=True)
class Found:
    """A finding with the run that found it."""

    judgment: Judgment
    finding: Finding


@dataclass(frozen=True)
class RunPrice:
    """What a run with so many seeds costs."""

    preset: str
    seeds: int
    cpu_seconds: float


@dataclass(frozen=True)
class ScoredClaim:
    """A claim with everything that was found on it, the nearest to the document's setting first."""

    claim: DocumentClaim
    found: tuple[Found, ...]

    @property
    def standing(self) -> Standing:
        """The states of its decided findings, if these are alike."""
        states = {it.finding.state for it in self.found}
        decided = states - {"undecided"}
        if not decided:
            return "undecided" if states else "not run"
        return "both" if len(decided) > 1 else "holds" if "holds" in decided else "does not hold"

    @property
    def shown(self) -> tuple[Found, ...]:
        """The nearest finding of each state that makes the claim's standing; none where nothing was found."""
        states = ("holds", "does not hold") if self.standing == "both" else (self.standing,)
        nearest = (next((it for it in self.found if it.finding.state == state), None) for state in states)
        return tuple(it for it in nearest if it)

    @property
    def price(self) -> RunPrice | None:
        """The cheapest run that would probably decide, of those that found it undecided; None if none would."""
        priced = [
            RunPrice(it.judgment.preset, seeds, it.judgment.cpu_seconds * seeds / it.finding.seeds)
            for it in self.found
            if it.finding.state == "undecided" and (seeds := it.finding.seeds_to_decide)
        ]
        return min(priced, key=lambda each: each.cpu_seconds, default=None)


def read_judgments(folder: Path) -> list[Judgment]:
    """The judgments of all runs on record, by name.

    Raises:
        ArtifactError: one is not readable.
    """
    return [read_judgment(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def entries(claims: Mapping[str, DocumentClaim], judgments: Iterable[Judgment]) -> list[ScoredClaim]:
    """Every claim with its findings, in the order of the claims."""
    found: dict[str, list[Found]] = {name: [] for name in claims}
    for judgment in judgments:
        for finding in judgment.findings:
            if finding.claim in found:
                found[finding.claim].append(Found(judgment, finding))
    return [
        ScoredClaim(claim, tuple(sorted(found[name], key=lambda it: _nearness(claim, it))))
        for name, claim in claims.items()
    ]


def _nearness(claim: DocumentClaim, it: Found) -> tuple[bool, bool, int]:
    """Sorts the preset that the claim names first, then the papers' thief, then what trained on most images."""
    return (it.judgment.preset != claim.preset, not it.finding.context.startswith(PAPERS_THIEF), -it.judgment.train_n)
