"""Cards of known published files of weights: what a file does not say of itself, and what was printed of it."""

from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter

from distillab.specs.as_published import Paper
from distillab.specs.base import Spec
from distillab.specs.certifier import BallNorm

Percent = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d+)?$")]
"""As it is printed: the decimals say how exactly."""


class PrintedErrors(Spec):
    """Numbers of one place in print, in percent of the test images; of a cascade where the file holds one."""

    error: Percent | None = None
    robust_error: Percent | None = None
    where: str


class WeightsCard(Spec):
    """The facts about one file."""

    repository: str
    file: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    arch: str
    data: str
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    norm: BallNorm = "linf"
    eps: float | None = None
    networks: int | None = None
    as_published: Paper
    printed: tuple[PrintedErrors, ...] = ()

    @property
    def title(self) -> str:
        """Repository and file."""
        return f"{self.file} of {self.repository}"

    @property
    def known_by(self) -> str:
        """How sure it is that a file is the one of the card."""
        return "its content (SHA-256)" if self.sha256 else "its name and its tensors' shapes, not by its content"


@cache
def cards() -> tuple[WeightsCard, ...]:
    """Every card of this project."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[WeightsCard, ...]).validate_python(yaml.safe_load(text))
