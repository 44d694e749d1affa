"""CIFAR-10: 32x32 color photographs of ten things; also a JPEG stand-in for machines without a download."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from distillab.data.archives import find
from distillab.data.cifar_pickles import read_cifar
from distillab.data.class_folders import read_class_folders
from distillab.data.raw import RawData
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts

JPEG_TITLE = "CIFAR-10 (JPEG re-encoded)"
JPEG_SHA256 = "1ad627445b8629ff82b88551943f1ac202800b46e74b28ce7626d12a2b8d051d"


class CIFAR10Spec(DataSpec):
    """CIFAR-10 as published, or the stand-in whose images went through JPEG."""

    name: Literal["cifar10"] = "cifar10"
    variant: Literal["published", "jpeg"] = Field(
        default="published", description='"jpeg" is a lossy stand-in: its accuracies are not CIFAR-10\'s'
    )

    @property
    def facts(self) -> DataFacts:
        """What is true of the chosen variant."""
        jpeg = self.variant == "jpeg"
        return DataFacts(
            title=JPEG_TITLE if jpeg else "CIFAR-10",
            source="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
            license="none stated",
            shape=(3, 32, 32),
            classes=10,
            train=50_000,
            test=10_000,
            split_rule="The published 50,000 and 10,000 images; validation is a stratified part of the former.",
            standin=JPEG_TITLE if jpeg else "",
            sha256={"cifar10-jpeg.tar": JPEG_SHA256} if jpeg else {},
            md5={} if jpeg else {"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
        )

    def read(self) -> RawData:
        """CIFAR-10 from ``root/cifar-10-batches-py``, or the stand-in from ``root/cifar10-jpeg[.tar.xz]``."""
        root = Path(self.root)
        if self.variant == "published":
            return read_cifar("CIFAR10", root, "cifar-10-batches-py", self.facts)
        path = find(root, ("cifar10-jpeg.tar.xz", "cifar10-jpeg.tar", "cifar10-jpeg"), title=JPEG_TITLE)
        return read_class_folders(path, self.facts, sha256=JPEG_SHA256)
