"""What a certifier's spec must offer; the certifiers themselves live in ``distillab.certify``."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from distillab.specs.base import MethodSpec

if TYPE_CHECKING:
    from distillab.certify.graph import Graph
    from distillab.core.shapes import Images, Labels, Logits, PerExample

BallNorm = Literal["linf", "l2", "l1"]
"""How the perturbations that a certificate covers are measured."""


class BoundSpec(MethodSpec):
    """A bound of a network's margins over a ball of perturbations."""

    norms: ClassVar[tuple[BallNorm, ...]] = ("linf", "l2", "l1")
    """Balls that the method covers."""

    sound: ClassVar[bool]
    """Whether no perturbation in the ball can beat the bound."""

    norm: BallNorm = Field(default="linf", description="Norm of the ball")
    input_box: bool = Field(default=True, description="Perturbed pixels stay in [0, 1]; off in Wong & Kolter 2018")


class CertifierSpec(BoundSpec):
    """A method whose bounds hold: what a table of certified accuracies may contain."""

    sound: ClassVar = True

    @property
    def deciders(self) -> tuple[str, ...]:
        """Names of the methods that may decide an image; of several where they are combined."""
        return (self.name,)

    @abstractmethod
    def margins(self, graph: "Graph", x: "Images", y: "Labels", eps: "float | PerExample") -> "Logits":
        """Lower bounds of Z_y - Z_j over the ball of radius ``eps``, (n, k); 0 at j = y.

        Pure, and free of batch effects up to rounding: an image's bounds do not depend on its batch mates.

        Args:
            graph: the traced network.
            x: images in [0, 1], of the network's dtype.
            y: the classes to certify.
            eps: one radius, or one for each image, in pixel units.

        Raises:
            SpecError: the radius or the pixels are out of range, or the method does not cover the norm or the network.
        """

    def attributed(
        self, graph: "Graph", x: "Images", y: "Labels", eps: "float | PerExample"
    ) -> "tuple[Logits, tuple[str, ...]]":
        """The margins, and the name of the method that decided each image; certifiers of several methods override."""
        return self.margins(graph, x, y, eps), (self.name,) * len(y)


class EstimatorSpec(BoundSpec):
    """A method that estimates a bound: for training, never for a certificate. It has no ``margins`` on purpose."""

    sound: ClassVar = False

    @abstractmethod
    def estimates(self, graph: "Graph", x: "Images", y: "Labels", eps: "float | PerExample", *, seed: int) -> "Logits":
        """Estimates of the lower bounds that a certifier would give, (n, k); they may be too large."""
