"""What a network's spec must offer; the networks themselves live in ``distillab.models``."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from distillab.core.bounds import ImageSize
from distillab.specs.base import MethodSpec

if TYPE_CHECKING:
    from torch import nn

ImageShape = tuple[ImageSize, ImageSize, ImageSize]
"""Channels, height, width of one image."""


@dataclass(frozen=True)
class Domain:
    """What a network must know of a data set: its images' shape, its classes, its statistics per channel."""

    shape: ImageShape
    classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


class ModelSpec(MethodSpec):
    """A network architecture; ``build`` makes it for a data set's image shape and class count."""

    shapes: ClassVar[tuple[ImageShape, ...]] = ()
    """Image shapes the architecture accepts; empty means any."""

    min_size: ClassVar[int] = 1
    """Smallest height and width the architecture accepts."""

    @abstractmethod
    def build(self, shape: ImageShape, classes: int) -> "nn.Module":
        """An initialized network from [0, 1]-normalized images ``(n, *shape)`` to logits ``(n, classes)``.

        Input normalization is not part of it: ``models.normalize`` puts that layer in front.
        Weights come from the global generator; the caller forks it.
        """

    def misfit(self, shape: ImageShape) -> str:
        """Why images of ``shape`` do not fit, or the empty string."""
        if self.shapes and shape not in self.shapes:
            return "images of " + " or ".join(f"{c}x{h}x{w}" for c, h, w in self.shapes)
        if min(shape[1:]) < self.min_size:
            return f"images of at least {self.min_size}x{self.min_size}"
        return ""
