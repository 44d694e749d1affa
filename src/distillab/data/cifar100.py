"""CIFAR-100: 32x32 color photographs of a hundred things."""

from pathlib import Path
from typing import Literal

from distillab.data.cifar_pickles import read_cifar
from distillab.data.raw import RawData
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts


class CIFAR100Spec(DataSpec):
    """CIFAR-100 with its fine labels."""

    name: Literal["cifar100"] = "cifar100"

    @property
    def facts(self) -> DataFacts:
        """What is true of CIFAR-100."""
        return DataFacts(
            title="CIFAR-100",
            source="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
            license="none stated",
            shape=(3, 32, 32),
            classes=100,
            train=50_000,
            test=10_000,
            split_rule="The published 50,000 and 10,000 images; validation is a stratified part of the former.",
            md5={"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"},
        )

    def read(self) -> RawData:
        """CIFAR-100 from ``root/cifar-100-python``."""
        return read_cifar("CIFAR100", Path(self.root), "cifar-100-python", self.facts)
