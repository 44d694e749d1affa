"""What each image of a data set is called, for who answers about images by their names."""

import os

from distillab.data.inventory import USED, Inventory
from distillab.data.raw import RawData
from distillab.specs.data import DataSpec, StreamingDataSpec


def image_ids(spec: DataSpec) -> dict[str, list[str]]:
    """Names of all ``train`` and ``test`` images, in their order.

    An image that is a file is called as its file, relative to the data's folder or archive (``cats/01.png``); any other
    by its split and its place in the published files, from 0 (``test/17``).

    Raises:
        ArtifactError: the files are absent or are not what they should be.
    """
    if isinstance(spec, StreamingDataSpec):
        listing = spec.listing()
        files = {"train": listing.train, "test": listing.test}
        return {split: [os.fsdecode(name) for name in each.names.tolist()] for split, each in files.items()}
    raw = spec.read()
    return _numbered(raw) if raw.inventory is None else _of_files(raw.inventory)


def _numbered(raw: RawData) -> dict[str, list[str]]:
    return {
        split: [f"{split}/{i}" for i in range(len(y))] for split, y in (("train", raw.train_y), ("test", raw.test_y))
    }


def _of_files(inventory: Inventory) -> dict[str, list[str]]:
    used = sorted(
        (item for item in inventory.items if item.state in USED), key=lambda each: (each.class_name, each.name)
    )
    return {
        split: [item.name for item in used if (item.split == "train") == (split == "train")]
        for split in ("train", "test")
    }
