"""What an attack wants of each example: to leave its label, or to reach a target class."""

from dataclasses import dataclass

import torch

from distillab.attacks.rows import Rows
from distillab.core.errors import SpecError
from distillab.core.shapes import Labels, Logits, PerExample
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.margins import difference_of_logits, difference_of_logits_ratio


@dataclass(frozen=True)
class Goal(Rows):
    """A reference class per example; ``sign`` is 1 to leave it and -1 to reach it."""

    labels: Labels
    sign: int

    @classmethod
    def of(cls, y: Labels, y_target: Labels | None) -> "Goal":
        """Untargeted where no target is given."""
        return cls(y, 1) if y_target is None else cls(y_target, -1)

    def margin(self, logits: Logits) -> PerExample:
        """By how many logits the goal is missed; negative once it is reached."""
        return self._signed(difference_of_logits(logits, self.labels))

    def soft_margin(self, logits: Logits) -> PerExample:
        """The margin with its maximum over classes smoothed: Z_y - ln sum_{j != y} exp Z_j, or its targeted form.

        At most the margin, or at least minus it where a target is to be reached; they differ by at most ln(k - 1).
        """
        column = self.labels[:, None]
        others = torch.logsumexp(logits.scatter(1, column, -torch.inf), dim=1)
        return self._signed(logits.gather(1, column).squeeze(1) - others)

    def ratio(self, logits: Logits) -> PerExample:
        """The margin relative to the spread of the largest logits; negative once the goal is reached.

        Raises:
            SpecError: the goal is a target, whose gradient would vanish while it has the third largest logit.
        """
        if self.sign < 0:
            raise SpecError("the ratio of logit differences has no targeted form", do="use the margin")
        return difference_of_logits_ratio(logits, self.labels)

    def cross_entropy(self, logits: Logits) -> PerExample:
        """Cross-entropy in nats, signed so that the attack wants it large."""
        return self._signed(cross_entropy(logits, self.labels))

    def _signed(self, values: PerExample) -> PerExample:
        return values if self.sign > 0 else -values
