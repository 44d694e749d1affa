"""What a number of a table counts or measures: the closed vocabulary of units, each with its range."""

from dataclasses import dataclass
from math import inf
from typing import Literal

Dtype = Literal["str", "bool", "int64", "float64", "object"]

ROUNDING = 1e-6
"""How far outside its range rounding, float32's among it, may carry a value."""


@dataclass(frozen=True)
class Unit:
    """A unit, and what its values can be; both ends of the range are in it."""

    says: str
    kind: Dtype = "float64"
    low: float = -inf
    high: float = inf

    @property
    def range(self) -> str:
        """The range in words; empty where there is none."""
        if self.low == -inf:
            return ""
        return f"at least {self.low:g}" if self.high == inf else f"{self.low:g} to {self.high:g}"


UNITS: dict[str, Unit] = {
    "text": Unit("an id, a key, a label or a sentence", "str"),
    "flag": Unit("true or false", "bool"),
    "index": Unit("which one: a seed, a class, an image; -1 where it is none or all of them", "int64", -1),
    "count": Unit("how many", "int64", 0),
    "images": Unit("how many images", "int64", 0),
    "seeds": Unit("how many seeds", "int64", 0),
    "labels": Unit("how many labels, also between two whole numbers", low=0),
    "signed labels": Unit("a difference of numbers of labels, per answer"),
    "side": Unit("which side of a range; 0 within it", low=-1, high=1),
    "share": Unit("a part of a whole, an accuracy or a probability", low=0, high=1),
    "part": Unit("a part of a whole that may be less than nothing or more than all of it"),
    "signed share": Unit("a difference of two shares", low=-1, high=1),
    "nats": Unit("information or divergence, to the base e", low=0),
    "signed nats": Unit("a difference of logarithms to the base e"),
    "log10": Unit("a logarithm to the base 10"),
    "logits": Unit("a difference of two logits"),
    "temperature": Unit("what logits are divided by; -1 for the mean over all that a chain has", low=-1),
    "power": Unit("what probabilities are raised to, before they are normalized again", low=0),
    "distance": Unit("in the row's norm: pixel values of images in [0, 1], or changed pixels for L0", low=0),
    "signed distance": Unit("a difference of two distances"),
    "ratio": Unit("of two quantities in one unit", low=0),
    "probability distance": Unit("between two vectors of probabilities: L1, or squared L2", low=0, high=2),
    "correlation": Unit("of ranks", low=-1, high=1),
    "classes": Unit("an effective number of classes", low=1),
    "passes": Unit("passes through the network, per image", low=0),
    "pixel": Unit("a pixel's value", low=0, high=1),
    "coordinate": Unit("a place in the plane, in sides of the triangle", low=0, high=1),
    "seconds": Unit("wall time, or CPU time where the meaning says so", low=0),
    "mixed": Unit("in the unit that another column of the row tells"),
    "setting": Unit("a value as the parameters have it", "object"),
    "record": Unit("keys and values that the meaning describes", "object"),
}
"""Name to unit."""
