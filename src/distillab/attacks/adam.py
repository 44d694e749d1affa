"""Adam for many independent problems at once, each with its own step counter."""

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distillab.attacks.rows import Rows
from distillab.core.shapes import Flags, Images
from distillab.core.transfer import sent

BETA_1, BETA_2, EPS = 0.9, 0.999, 1e-8


class BiasCorrection:
    """Per step t, the factors that turn m / (sqrt(v) root + shift) into Adam's corrected step.

    With c_i = 1 - beta_i^t, (m / c_1) / (sqrt(v / c_2) + eps) has root = c_1 / sqrt(c_2) and shift = c_1 eps. They are
    tabulated in float64, because 1 - beta^t cancels.
    """

    def __init__(self, steps: int, like: Tensor) -> None:
        t = torch.arange(1, steps + 1, dtype=torch.float64)
        c_1, c_2 = 1 - BETA_1**t, 1 - BETA_2**t
        self.root: Float[Tensor, "t"] = sent(c_1 / c_2.sqrt(), like.device).to(like.dtype)
        self.shift: Float[Tensor, "t"] = sent(c_1 * EPS, like.device).to(like.dtype)


@dataclass(frozen=True)
class Adam(Rows):
    """The state of one optimizer per example: two moments and the number of steps made.

    Reference: Kingma & Ba 2015, algorithm 1.
    """

    first: Images
    second: Images
    steps: Int[Tensor, "n"]
    correction: BiasCorrection

    @classmethod
    def start(cls, like: Images, max_steps: int) -> Self:
        """Fresh optimizers for variables shaped like ``like``, for at most ``max_steps`` steps between resets."""
        steps = torch.zeros(len(like), dtype=torch.int64, device=like.device)
        return cls(torch.zeros_like(like), torch.zeros_like(like), steps, BiasCorrection(max_steps, like))

    def step_(self, variable: Images, gradient: Images, lr: float) -> None:
        """Move ``variable`` one step against ``gradient``, in place."""
        root = self.correction.root[self.steps][:, None, None, None]
        shift = self.correction.shift[self.steps][:, None, None, None]
        self.first.lerp_(gradient, 1 - BETA_1)
        self.second.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
        variable.addcdiv_(self.first, self.second.sqrt().mul_(root).add_(shift), value=-lr)
        self.steps.add_(1)

    def reset_(self, rows: Flags) -> None:
        """Forget everything about the examples in ``rows``."""
        for state in (self.first, self.second, self.steps):
            state.masked_fill_(rows.view(-1, *(1,) * (state.dim() - 1)), 0)
