"""How far a model is asked: written beside its journal by who asks, for whoever tells of the run in another process."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from distillab.core.files import write_text

JOURNALS = Path(".distillab") / "answers"
"""Where answers that were paid for are kept: no `prune` takes them away."""

FRESH = 10.0
"""Seconds after which what was written is no longer so."""


def journal_of(root: Path, model: str) -> Path:
    """Where the answers of a model are kept, by the hash that it is known by, in the project at ``root``."""
    return root / JOURNALS / f"{model}.sqlite"


@dataclass(frozen=True)
class Answered:
    """What was got of a model so far, in all runs, and how it goes on."""

    answers: int
    rate: float
    """Answers a second, of the process that asks."""
    cost: float | None
    """Of the answers, in the currency of the price; None where there is no price."""
    possibly_twice: int
    """Images of requests whose answer never came."""
    waits_until: float
    """When the next request may leave, in seconds since the epoch, where the model or its failures ask to wait."""
    at: float
    """When this was so."""

    def write(self, journal: Path) -> None:
        """Put it beside the journal."""
        write_text(journal.with_suffix(".json"), json.dumps(asdict(self)) + "\n")

    @classmethod
    def read(cls, journal: Path) -> "Answered | None":
        """What stands beside a journal; None if nothing does."""
        try:
            return cls(**json.loads(journal.with_suffix(".json").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def is_fresh(self, now: float) -> bool:
        """Whether somebody asks now, in seconds since the epoch."""
        return now - self.at < FRESH

    def count(self, expected: int) -> str:
        """``"1,204 of 6,000 answers"``; of how many is left out where it is not known, or were less."""
        return f"{self.answers:,}{f' of {expected:,}' if expected >= self.answers else ''} answers"

    def pace(self, now: float) -> list[str]:
        """How fast it goes, or how long nothing goes out, in words."""
        waits = self.waits_until - now
        rate = [f"{self.rate:.3g} a second"] if self.rate else []
        return [*rate, *([f"waiting {waits:.0f} s"] if waits >= 1 else [])]

    def paid(self) -> list[str]:
        """What was paid for it, in words."""
        paid = [] if self.cost is None else [f"cost so far {self.cost:,.2f}"]
        return paid + ([f"{self.possibly_twice:,} possibly paid twice"] if self.possibly_twice else [])

    def left(self, expected: int) -> float:
        """Seconds until so many images have an answer, at this pace; 0 where nobody can tell."""
        return max(0, expected - self.answers) / self.rate if self.rate else 0.0
