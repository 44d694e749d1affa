"""Torchvision's networks, with the stem that 32x32 images need."""

from abc import abstractmethod
from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from distillab.core.torchvision_compat import import_torchvision
from distillab.specs.model import ImageShape, ModelSpec


class TorchvisionSpec(ModelSpec):
    """A torchvision network; the CIFAR stem replaces the layers that would shrink a small image away.

    The replaced layers have PyTorch's default initialization, the others torchvision's.
    """

    stem: Literal["cifar", "imagenet"] = Field(
        default="cifar", description="cifar keeps small images large and takes any channels; imagenet is torchvision's"
    )
    factory: ClassVar[str]
    """Name of the constructor in ``torchvision.models``."""

    @abstractmethod
    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """The layers of the CIFAR stem by the paths of those that they replace."""

    def build(self, shape: ImageShape, classes: int) -> nn.Module:
        """The network without pretrained weights."""
        import_torchvision()
        import torchvision.models

        network: nn.Module = getattr(torchvision.models, self.factory)(weights=None, num_classes=classes)
        if self.stem == "cifar":
            for path, layer in (self.replaced(convolutions(network)) | self.cifar_layers(shape[0])).items():
                network.set_submodule(path, layer, strict=True)
        return network

    def replaced(self, found: dict[str, nn.Conv2d]) -> dict[str, nn.Module]:
        """What stands in place of torchvision's convolutions, by path, when the stem is cifar's: they themselves."""
        return dict(found)

    def misfit(self, shape: ImageShape) -> str:
        """Why images of ``shape`` do not fit the stem, or the empty string."""
        if self.stem == "imagenet" and (shape[0] != 3 or min(shape[1:]) < 32):
            return "images of three channels and at least 32x32"
        return super().misfit(shape)


def convolutions(network: nn.Module) -> dict[str, nn.Conv2d]:
    """All convolutions of a network by their paths."""
    return {path: layer for path, layer in network.named_modules() if isinstance(layer, nn.Conv2d)}
