"""The user's own images, in folders named by class."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from distillab.core.bounds import ClassCount
from distillab.data.archives import find
from distillab.data.class_folders import read_class_folders
from distillab.data.picture_shape import PictureShape
from distillab.data.raw import RawData
from distillab.data.sorting import Rules
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts


class ImageFolderSpec(DataSpec):
    """A folder, tar or zip of ``train/<class>/<image>`` and ``test/<class>/<image>`` (or ``val/``)."""

    name: Literal["image_folder"] = "image_folder"
    title: str = Field(min_length=1, description="What reports call the data set")
    path: str = Field(description="The folder or archive, inside root")
    shape: PictureShape = Field(description="Channels (1 or 3), height and width of every image")
    classes: ClassCount = Field(ge=2, description="Number of classes, that is of folders in train/")
    pass_over: tuple[str, ...] = Field(
        default=(), description="Files to leave out: names, or patterns such as *.svg; all others are read or refused"
    )
    resize: bool = Field(default=False, description="Bring images of another size to shape; otherwise they are errors")
    source: str = Field(default="the user's own files", description="Where the images come from")
    license: str = Field(default="not stated", description="Under which terms they may be used")

    @property
    def facts(self) -> DataFacts:
        """What the user says of the data set; the counts only its files know."""
        return DataFacts(
            title=self.title,
            source=self.source,
            license=self.license,
            shape=self.shape,
            classes=self.classes,
            train=None,
            test=None,
            split_rule="The user's train/ and test/ (val/ where there is no test/); validation is a stratified part of "
            "train/.",
        )

    def own_files(self) -> tuple[Path, ...]:
        """The folder or archive."""
        return (Path(self.root) / self.path,)

    def read(self) -> RawData:
        """The images in ``root/<path>``, classes sorted by name."""
        path = find(Path(self.root), (self.path,), title=self.title)
        return read_class_folders(path, self.facts, Rules(self.pass_over), resize=self.resize)
