"""Fashion-MNIST: 28x28 pictures of clothes, a harder set of MNIST's shape."""

from pathlib import Path
from typing import Literal

from distillab.data.idx import read_idx_folder
from distillab.data.raw import RawData
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts

CLASS_NAMES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


class FashionMNISTSpec(DataSpec):
    """Fashion-MNIST in torchvision's layout, packed or unpacked."""

    name: Literal["fashion_mnist"] = "fashion_mnist"

    @property
    def facts(self) -> DataFacts:
        """What is true of Fashion-MNIST."""
        return DataFacts(
            title="Fashion-MNIST",
            source="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017 (arXiv 1708.07747)",
            license="MIT",
            shape=(1, 28, 28),
            classes=10,
            train=60_000,
            test=10_000,
            split_rule="The published 60,000 and 10,000 images; validation is a stratified part of the former.",
            md5={
                "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
                "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
                "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
            },
        )

    def read(self) -> RawData:
        """Fashion-MNIST from ``root/FashionMNIST/raw``."""
        return read_idx_folder(Path(self.root), "FashionMNIST", CLASS_NAMES, self.facts)
