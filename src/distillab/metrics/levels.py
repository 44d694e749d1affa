"""How the error rate of a page is shared out: over teachers, attacks, looks and thieves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from distillab.core.errors import SpecError


@dataclass(frozen=True)
class Levels:
    """The one-sided levels at which a page decides about one thief, so that it errs with probability alpha at most."""

    alpha: float = 0.05
    """Probability that a page says something false of any teacher and thief, of either kind."""
    teachers: int = 1
    attacks: int = 1
    """The planned ones, those that are missing too."""
    looks: int = 1
    """How often the numbers are looked at, more seeds being trained in between."""
    share: float = 1.0
    """Part of alpha that the thief has for `distillable`, alone or with the other thieves of its sequence."""
    thieves: int = 1
    """Thieves of the family, each of which may say `undistillable`."""

    def __post_init__(self) -> None:
        counts = self.teachers, self.attacks, self.looks, self.thieves
        if not (0 < self.alpha < 0.5 and 0 < self.share <= 1 and min(counts) >= 1):
            raise SpecError("no levels", where="alpha, share and counts", expected="0 < alpha < 0.5", got=str(self))

    @property
    def distillable(self) -> float:
        """Level of the lower bounds: one attack of K at one look of J is enough, ``share alpha / (T J K)``."""
        return self.share * self.alpha / (self.teachers * self.looks * self.attacks)

    @property
    def undistillable(self) -> float:
        """Level of the upper bounds: every attack must be below the margin, ``alpha / (T J)`` over the thieves."""
        return self.alpha / (self.teachers * self.looks * self.thieves)


def shared_levels(sequences: Sequence[Sequence[str]], levels: Levels) -> Mapping[str, Levels]:
    """Levels per thief of a family: each sequence has an equal share of alpha for `distillable`.

    A sequence is thieves that differ in their labels alone, from the fewest up, which are tested in that order at the
    sequence's whole share until one fails (see `decisions.Evidence.tested`); a thief that is in none is a sequence
    by itself. `undistillable` is divided by all thieves. The papers' thief is a family of its own, not part of this.

    Raises:
        SpecError: No thief, or one that stands twice.
    """
    names = [thief for sequence in sequences for thief in sequence]
    if not names or len(set(names)) < len(names) or not all(sequences):
        raise SpecError("thieves are no family", where="shared_levels", expected="each one once", got=str(names))
    own = replace(levels, share=levels.share / len(sequences), thieves=len(names))
    return dict.fromkeys(names, own)
