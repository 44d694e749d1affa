"""What attacks have in common that mix labels with softened answers."""

from typing import Any, ClassVar

from pydantic import Field

from distillab.core.bounds import Temperature
from distillab.specs.knockoff import KnockoffSpec


class SoftenedKnockoff(KnockoffSpec):
    """``w H(y, q_s) + (1 - w) T^2 KL(t, q_s^(1/T))``, the target ``t`` made of answers at temperature ``T``."""

    grid: ClassVar[dict[str, tuple[Any, ...]]] = {
        "temperature": (1.0, 2.0, 4.0, 8.0, 20.0),
        "hard_weight": (0.9, 0.5, 0.1, 0.01),
    }

    temperature: Temperature = Field(default=4.0, gt=0, description="Softening of both distributions; 4 is power 0.25")
    hard_weight: float = Field(default=0.1, ge=0, le=1, description="Weight of the hard-label term")
