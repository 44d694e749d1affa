"""What an attack takes and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.core.shapes import Flags, Images, PerExample

LogitsFn = Callable[[Tensor], Tensor]
"""Images ``n c h w`` in [0, 1] to logits ``n k``, differentiable in the images."""


@dataclass(frozen=True)
class AttackResult:
    """One row per attacked example; a failure has ``x_adv`` equal to ``x`` and an infinite distance."""

    x_adv: Images
    success: Flags
    distance: PerExample
    """In the attack's own norm."""
    forwards: Int[Tensor, "n"]
    """Forward passes that the example took part in before it was finished."""
    backwards: Int[Tensor, "n"]
    at_limit: Flags
    """Whether the step limit stopped the search before it came to rest; false where the search ends by itself."""


class Ledger:
    """Gathers the results of examples that finish at different times into an ``AttackResult``."""

    def __init__(self, x: Images) -> None:
        n = len(x)
        self.x_adv = x.clone()
        self.distance = x.new_full((n,), torch.inf)
        self.forwards = torch.zeros(n, dtype=torch.int64, device=x.device)
        self.backwards = torch.zeros_like(self.forwards)
        self.at_limit = torch.zeros(n, dtype=torch.bool, device=x.device)

    def spend(self, rows: Tensor, *, forwards: int, backwards: int, which: Flags | None = None) -> None:
        """Charge the examples at ``rows`` (positions without repeats), or those of them that have a flag."""
        which = torch.ones_like(rows, dtype=torch.bool) if which is None else which
        self.forwards[rows] += forwards * which
        self.backwards[rows] += backwards * which

    def succeed(self, rows: Tensor, x_adv: Images, distance: PerExample, *, which: Flags | None = None) -> None:
        """Note the adversarial images found for the examples at ``rows``, or those of them that have a flag."""
        if which is not None:
            x_adv = torch.where(which[:, None, None, None], x_adv, self.x_adv[rows])
            distance = torch.where(which, distance, self.distance[rows])
        self.x_adv[rows] = x_adv
        self.distance[rows] = distance

    def stop(self, rows: Tensor, *, which: Flags | None = None) -> None:
        """Note that the step limit stopped the search of the examples at ``rows``, or of those that have a flag."""
        self.at_limit[rows] |= True if which is None else which

    def result(self) -> AttackResult:
        """Everything noted; an example without a finite distance has failed."""
        success = self.distance.isfinite()
        return AttackResult(self.x_adv, success, self.distance, self.forwards, self.backwards, self.at_limit)
