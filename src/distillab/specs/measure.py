"""What is measured on every model; alone in its file, as the measurements depend on the code that it stands in."""

from typing import Annotated

from pydantic import Field

from distillab.core.bounds import Power
from distillab.specs.base import Spec


class MeasureParams(Spec):
    """What is measured on every model."""

    powers: tuple[Annotated[Power, Field(ge=0)], ...] = Field(
        default=(0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0), description="Powers of the CMI curve"
    )
