"""How much of each thing makes sense, with the reason: beyond, it does not fit in memory, in time or in a float."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Limits:
    """The most that a number may be, the least where that is no plain matter of its sign, and why."""

    most: float
    why: str
    least: float | None = None

    def checked(self, value: Number) -> Number:
        """The value.

        Raises:
            ValueError: it is beyond the limits.
        """
        if not value <= self.most:
            raise ValueError(f"expected at most {self.most:.15g}: {self.why}")
        if self.least is not None and value < self.least:
            raise ValueError(f"expected at least {self.least:.15g}: {self.why}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Validation of the number itself, then of its size."""
        return core_schema.no_info_after_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The number's schema with its limits."""
        least = {} if self.least is None else {"minimum": self.least}
        return handler(schema) | {"maximum": self.most} | least


def parse_fraction(value: object) -> object:
    """Exact value of a string fraction such as "8/255"; anything else is left for pydantic to judge."""
    if isinstance(value, str) and "/" in value:
        try:
            return float(Fraction(value))
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise ValueError("not a fraction") from error
    return value


Fractional = Annotated[float, BeforeValidator(parse_fraction)]
"""A float that YAML may also write as "8/255"."""

Steps = Annotated[int, Limits(100_000, "every step is a pass over every image")]
Restarts = Annotated[int, Limits(1_000, "every start is a whole attack")]
Halvings = Annotated[int, Limits(60, "a float has no more digits to halve")]
ChainSteps = Annotated[int, Limits(100, "every step is a training for each temperature and seed")]
TrialCount = Annotated[int, Limits(1_000, "every trial is a training for each attack and teacher")]
SeedCount = Annotated[int, Limits(1_000, "every seed is a training of each model")]
Seed = Annotated[int, Limits(2**31 - 1, "a seed is a number of 31 bits")]
Epochs = Annotated[int, Limits(10_000, "every epoch is a pass over the training images")]
Ramp = Annotated[float, Limits(10_000, "it is counted in epochs")]
BatchSize = Annotated[int, Limits(2**16, "the images of a batch are in memory together")]
ImageCount = Annotated[int, Limits(10**8, "no data set here has more images")]
ImageSize = Annotated[int, Limits(4_096, "images of a batch are in memory together, as floats", least=1)]
ClassCount = Annotated[int, Limits(100_000, "every class has its logits, its mean and its row of the tables")]
Units = Annotated[int, Limits(2**16, "their weights and bounds must fit in memory")]
Held = Annotated[int, Limits(10_000, "all of them are held in memory")]
Threads = Annotated[int, Limits(512, "more threads than a machine has cores end in a crash")]
Workers = Annotated[int, Limits(256, "every worker is a process")]
Rate = Annotated[float, Limits(100, "larger steps leave float32's range at once")]
Factor = Annotated[float, Limits(1e6, "beside larger factors float32 has no digits left for other terms")]
Power = Annotated[float, Limits(100, "probabilities to larger powers are zero in float32")]
Temperature = Annotated[
    float, Limits(1e4, "logits over the temperature must stay finite, and apart, in float32", least=1e-3)
]
TradeOff = Annotated[float, Limits(1e12, "beyond, the other term has no digits left", least=1e-12)]
PixelMean = Annotated[
    float, Limits(1e6, "beside larger numbers float32 has no digits left for pixels in [0, 1]", least=-1e6)
]
PixelDeviation = Annotated[float, Limits(1e6, "divided by more, pixels in [0, 1] no longer differ beside a bias")]
PixelLength = Annotated[Fractional, Limits(1e6, "pixels are in [0, 1], so images of a million are no farther apart")]
