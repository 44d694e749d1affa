"""What a data set's spec must offer; the data sets themselves live in ``distillab.data``."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from distillab.core.bounds import ImageCount, Workers
from distillab.specs.augment import AugmentSpec
from distillab.specs.base import PASSING, MethodSpec
from distillab.specs.data_facts import DataFacts

if TYPE_CHECKING:
    from distillab.data.listing import Listing
    from distillab.data.raw import RawData


class DataSpec(MethodSpec):
    """A data set: where its files are, and how many images are held out or used."""

    root: str = Field(default="data", description="Folder of the raw files, in torchvision's layout")
    val: ImageCount = Field(
        default=0, ge=0, description="Training images held out for decisions; with 0 nothing may be decided on images"
    )
    refit: bool = Field(
        default=False,
        description="Train on the held-out images too, once LS students without them have chosen their smoothing",
    )
    train_limit: ImageCount | None = Field(
        default=None, ge=1, description="Train on at most this many images, after the held-out ones (a reduced run)"
    )
    test_limit: ImageCount | None = Field(
        default=None, ge=1, description="Test on at most this many images (a reduced run)"
    )
    augment: AugmentSpec = Field(default=AugmentSpec(), description="Augmentation of every training on this data")

    streaming: ClassVar[bool] = False
    """True where the images do not fit in memory and are read by workers: a ``StreamingDataSpec``."""

    @property
    @abstractmethod
    def facts(self) -> DataFacts:
        """What is true of this data set, known without reading a file."""

    @abstractmethod
    def read(self) -> "RawData":
        """All images and labels, from files at ``root`` or a download.

        Raises:
            ArtifactError: the files are absent and cannot be had, or are not what they should be.
        """

    def own_files(self) -> tuple[Path, ...]:
        """Files and folders of the user's: as nobody knows their content, it is part of what the data set is."""
        return ()

    @model_validator(mode="after")
    def _augmentation_is_possible(self) -> "DataSpec":
        if self.augment.resized_crop and not self.streaming:
            raise ValueError("augment.resized_crop needs a streaming data set; use augment.crop_padding")
        if self.augment.rotation and self.streaming:
            raise ValueError("augment.rotation needs a data set in memory; use augment.resized_crop")
        return self


class StreamingDataSpec(DataSpec):
    """A data set whose images stay on disk: it lists its files instead of reading them."""

    workers: Workers = Field(
        default=4, ge=0, description="Processes that decode images; changes no result", json_schema_extra=PASSING
    )

    streaming: ClassVar[bool] = True

    @property
    @abstractmethod
    def folder_path(self) -> Path:
        """The folder below which the files of ``listing`` are named."""

    def own_files(self) -> tuple[Path, ...]:
        """The folder of all images."""
        return (self.folder_path,)

    @abstractmethod
    def listing(self) -> "Listing":
        """The image files and their labels.

        Raises:
            ArtifactError: the files are absent or are not what they should be.
        """
