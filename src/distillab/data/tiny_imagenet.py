"""Tiny ImageNet: 200 classes at 64x64; also a 32x32 stand-in for machines without a download."""

import csv
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import Field

from distillab.data.archives import find, walk
from distillab.data.class_folders import read_class_folders
from distillab.data.raw import RawData
from distillab.data.sorting import Rules
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts
from distillab.specs.model import ImageShape

SMALL_TITLE = "Tiny ImageNet (32x32, JPEG re-encoded)"
SMALL_SHA256 = "fbaa4e425333582b14897e829ce874374a758ef4ad7000a4913aadd81bb30045"
ANNOTATIONS = "val_annotations.txt"


class TinyImageNetSpec(DataSpec):
    """Tiny ImageNet as published (64x64), or the stand-in shrunk to 32x32; its validation part is the test split."""

    name: Literal["tiny_imagenet"] = "tiny_imagenet"
    variant: Literal["published", "32px"] = Field(
        default="published", description='"32px" is a lossy stand-in: its accuracies are not Tiny ImageNet\'s'
    )

    @property
    def facts(self) -> DataFacts:
        """What is true of the chosen variant."""
        small = self.variant == "32px"
        shape: ImageShape = (3, 32, 32) if small else (3, 64, 64)
        return DataFacts(
            title=SMALL_TITLE if small else "Tiny ImageNet",
            source="Y. Le and X. Yang, Tiny ImageNet Visual Recognition Challenge, Stanford CS231n 2015",
            license="ImageNet's terms: non-commercial research and education only",
            shape=shape,
            classes=200,
            train=100_000,
            test=10_000,
            split_rule="The published 10,000 validation images are the test split (the test images have no labels); "
            "validation is a stratified part of the training images.",
            standin=SMALL_TITLE if small else "",
            sha256={"tinyimagenet32-jpeg.tar": SMALL_SHA256} if small else {},
            md5={} if small else {"tiny-imagenet-200.zip": "90528d7ca1a48142e341f4ef8d21d0de"},
        )

    def read(self) -> RawData:
        """Images from ``root/tiny-imagenet-200[.zip]``, or the stand-in from ``root/tinyimagenet32-jpeg[.tar.xz]``."""
        root = Path(self.root)
        if self.variant == "32px":
            names = ("tinyimagenet32-jpeg.tar.xz", "tinyimagenet32-jpeg.tar", "tinyimagenet32-jpeg")
            return read_class_folders(find(root, names, title=SMALL_TITLE), self.facts, sha256=SMALL_SHA256)
        path = find(root, ("tiny-imagenet-200", "tiny-imagenet-200.zip"), title="Tiny ImageNet")
        return read_class_folders(path, self.facts, Rules(test_from=("val",), labels=_labels(path)))


def _labels(path: Path) -> dict[str, str]:
    """Class by file name of the validation images that lie together in ``val/images/``, from the published table."""
    for entry in walk(path, lambda _i, name: PurePosixPath(name).name == ANNOTATIONS):
        if PurePosixPath(entry.name).name == ANNOTATIONS:
            rows = csv.reader(entry.content.decode(errors="replace").splitlines(), delimiter="\t")
            return {row[0]: row[1] for row in rows if len(row) > 1}
    return {}
