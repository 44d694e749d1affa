"""MNIST: 28x28 handwritten digits."""

from pathlib import Path
from typing import Literal

from distillab.data.idx import read_idx_folder
from distillab.data.raw import RawData
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts


class MNISTSpec(DataSpec):
    """MNIST in torchvision's layout, packed or unpacked."""

    name: Literal["mnist"] = "mnist"

    @property
    def facts(self) -> DataFacts:
        """What is true of MNIST."""
        return DataFacts(
            title="MNIST",
            source="Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits, 1998",
            license="CC BY-SA 3.0",
            shape=(1, 28, 28),
            classes=10,
            train=60_000,
            test=10_000,
            split_rule="The published 60,000 and 10,000 images; validation is a stratified part of the former.",
            sha256={
                "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            },
            md5={
                "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
                "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
                "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
            },
        )

    def read(self) -> RawData:
        """MNIST from ``root/MNIST/raw``."""
        return read_idx_folder(Path(self.root), "MNIST", tuple("0123456789"), self.facts)
