"""A dense network, for images of any size."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from distillab.core.bounds import Units
from distillab.models.inits import glorot_
from distillab.specs.model import ImageShape, ModelSpec


class MLP(ModelSpec):
    """Dense layers alone: for images down to 1x1; 50 890 parameters on MNIST."""

    name: Literal["mlp"] = "mlp"
    paper = "this project"
    grade = "R"
    label = "MLP"
    widths: tuple[Annotated[Units, Field(ge=1)], ...] = Field(
        default=(64,), min_length=1, description="Units of the hidden layers, in order"
    )

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with Glorot uniform weights and zero biases, as this project's other small networks."""
        channels, height, width = shape
        sizes = (channels * height * width, *self.widths)
        hidden = [layer for before, after in pairwise(sizes) for layer in (nn.Linear(before, after), nn.ReLU())]
        network = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], classes))
        glorot_(network)
        return network
