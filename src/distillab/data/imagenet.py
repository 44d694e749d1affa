"""ImageNet: a thousand classes, read from disk by workers."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from distillab.core.bounds import ClassCount, ImageSize
from distillab.core.errors import ArtifactError, SpecError
from distillab.data.listing import Listing, list_files
from distillab.data.raw import RawData
from distillab.data.sorting import Rules
from distillab.specs.data import StreamingDataSpec
from distillab.specs.data_facts import DataFacts


class ImageNetSpec(StreamingDataSpec):
    """ImageNet (ILSVRC 2012), or any subset of its classes, in ``root/<folder>/train`` and ``root/<folder>/val``."""

    name: Literal["imagenet"] = "imagenet"
    folder: str = Field(default="imagenet", description="Folder inside root that holds train/ and val/")
    classes: ClassCount = Field(
        default=1000, ge=2, description="Number of classes; fewer for a subset such as ImageNet-100"
    )
    size: ImageSize = Field(default=224, ge=8, description="Height and width of the images a network sees")

    pass_over: tuple[str, ...] = Field(
        default=(), description="Files to leave out: names, or patterns such as *.svg; all others are read or refused"
    )

    @property
    def facts(self) -> DataFacts:
        """What is true of ImageNet; of a subset, the counts only its files know."""
        whole = self.classes == 1000
        return DataFacts(
            title="ImageNet" if whole else f"ImageNet ({self.classes} classes)",
            source="O. Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, IJCV 2015",
            license="ImageNet's terms: non-commercial research and education only",
            shape=(3, self.size, self.size),
            classes=self.classes,
            train=1_281_167 if whole else None,
            test=50_000 if whole else None,
            split_rule="The published 50,000 validation images are the test split (the test images have no labels); "
            "validation is a stratified part of the training images.",
            md5={
                "ILSVRC2012_img_train.tar": "1d675b47d978889d74fa0da5fadfb00e",
                "ILSVRC2012_img_val.tar": "29b22e2961454d5413ddabcf34fc5622",
            },
        )

    @property
    def folder_path(self) -> Path:
        """``root/<folder>``."""
        return Path(self.root) / self.folder

    def read(self) -> RawData:
        """Nothing: ImageNet does not fit in memory.

        Raises:
            SpecError: always; ``listing`` is the way in.
        """
        raise SpecError("the images do not fit in memory", where=self.name, do="stream them from listing()")

    def listing(self) -> Listing:
        """The image files; labels are positions among the sorted class folders."""
        if not self.folder_path.is_dir():
            raise ArtifactError(
                f"no files of {self.facts.title}",
                where=str(self.folder_path),
                expected="a folder with train/<class>/<image> and val/<class>/<image>",
                do="unpack the archives once with torchvision.datasets.ImageNet",
            )
        return list_files(self.folder_path, self.facts, Rules(self.pass_over, test_from=("val",)))
