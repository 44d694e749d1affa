"""What a data set's spec must offer; the data sets themselves live in ``distillab.data``."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from distillab.specs.base import MethodSpec, Spec
from distillab.specs.model import Shape

if TYPE_CHECKING:
    from distillab.data.raw import RawData


class DataFacts(Spec):
    """What is true of a data set whoever uses it; shown in reports and in error messages."""

    title: str
    source: str
    """Where the original comes from: a person's page or paper, never a registry."""
    license: str
    shape: Shape
    classes: int
    train: int
    """Training images before the validation split."""
    test: int
    split_rule: str
    """How train, validation and test come about, in one sentence."""
    sha256: dict[str, str] = {}
    """Checksums of the raw files this project has seen, by file name."""


class AugmentSpec(Spec):
    """Training-time augmentation, applied on the device; the order is crop, flip, rotation."""

    crop_padding: int = Field(default=0, ge=0, description="Zero padding before a random crop of the original size")
    flip: bool = Field(default=False, description="Mirror half of the images horizontally")
    rotation: float = Field(default=0.0, ge=0, le=180, description="Largest rotation in degrees")
    resized_crop: bool = Field(
        default=False, description="ImageNet's random resized crop (streaming data sets only)"
    )


class DataSpec(MethodSpec):
    """A data set: where its files are, and how many images are held out or used."""

    root: str = Field(default="data", description="Folder of the raw files, in torchvision's layout")
    val: int = Field(default=0, ge=0, description="Training images held out for decisions; 0 uses the test split never, and val never")
    train_limit: int | None = Field(default=None, ge=1, description="Use only this many training images (a reduced run)")
    test_limit: int | None = Field(default=None, ge=1, description="Use only this many test images (a reduced run)")
    augment: AugmentSpec = Field(default=AugmentSpec(), description="Augmentation of every training on this data")

    streaming: ClassVar[bool] = False
    """True where the images do not fit in memory and are read by workers."""

    @property
    @abstractmethod
    def facts(self) -> DataFacts:
        """What is true of this data set."""

    @abstractmethod
    def read(self) -> "RawData":
        """All images and labels, from files at ``root`` or a download.

        Raises:
            ArtifactError: the files are absent and cannot be had, or are not what they should be.
        """


Decision = Literal["train", "val", "test"]
"""The three splits: train to fit, val for every decision, test touched once."""
