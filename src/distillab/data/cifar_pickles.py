"""CIFAR's Python pickles through torchvision, which unpickles a file only if its MD5 is the published one."""

from pathlib import Path

import torch

from distillab.data.download import torchvision_dataset
from distillab.data.raw import RawData, checked
from distillab.specs.data_facts import DataFacts


def read_cifar(name: str, root: Path, folder: str, facts: DataFacts) -> RawData:
    """The data set of torchvision's class ``name``, in ``root/<folder>`` or downloaded.

    Raises:
        ArtifactError: the files are neither there nor to be had.
    """
    files = f"{folder}/ with its files as published, or the published .tar.gz"
    train, test = (torchvision_dataset(name, root, train=part, files=files) for part in (True, False))
    raw = RawData(
        torch.from_numpy(train.data).permute(0, 3, 1, 2).contiguous(),
        torch.tensor(train.targets),
        torch.from_numpy(test.data).permute(0, 3, 1, 2).contiguous(),
        torch.tensor(test.targets),
        facts.levels,
        tuple(train.classes),
    )
    return checked(raw, facts, where=str(root / folder))
