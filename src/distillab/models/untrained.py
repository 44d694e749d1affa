"""A network as it is before any training, for questions that its weights do not decide: its layers, its speed."""

from torch import nn

from distillab.models.load import build_model
from distillab.specs.model import Domain, ImageShape, ModelSpec


def untrained(network: ModelSpec, shape: ImageShape, classes: int) -> nn.Module:
    """The network for images of ``shape`` whose pixels are around the middle of their range."""
    channels = shape[0]
    return build_model(network, Domain(shape, classes, (0.5,) * channels, (0.5,) * channels), seed=0)
