"""Image files of a data set that stays on disk, found and checked before anything is trained on them."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from distillab.core.errors import ArtifactError
from distillab.core.shown import escaped
from distillab.data.class_folders import missing_split, require_classes
from distillab.data.intake import examined_files
from distillab.data.inventory import USED, Inventory, Item
from distillab.data.sorting import Rules, sorted_files
from distillab.data.streaming import ImageFiles
from distillab.specs.data_facts import DataFacts


@dataclass(frozen=True)
class Listing:
    """What a streaming data set has instead of ``RawData``."""

    train: ImageFiles
    test: ImageFiles
    class_names: tuple[str, ...]
    inventory: Inventory
    """What becomes of every file by its name; no image was opened yet."""

    def examined(self, workers: int) -> "Listing":
        """The same files after every image was decoded once, by that many processes.

        Raises:
            ArtifactError: some cannot be; the message names the first one.
        """
        inventory = examined_files(self.train.folder, self.inventory, workers=workers)
        inventory.require()
        return replace(self, inventory=inventory)


def list_files(folder: Path, facts: DataFacts, rules: Rules) -> Listing:
    """The image files below ``folder`` in ``train/<class>`` and ``val/<class>``; labels are positions among classes.

    Raises:
        ArtifactError: a file is refused, a split or a class has no images, or ``facts`` say otherwise.
    """
    inventory = sorted_files(folder, rules)
    inventory.require()
    classes = inventory.classes()
    if len(classes) < 2 or "train" not in classes:
        raise missing_split(inventory)
    class_names = tuple(sorted(classes.pop("train")))
    require_classes(class_names, facts, where=str(folder))
    ((test, counts),) = classes.items()
    if bare := [name for name in class_names if not counts[name]]:
        where = f"{folder / test}/{escaped(bare[0])}"
        raise ArtifactError("no images", where=where, expected="test images of every class", got=f"{len(bare)} without")
    train_files, test_files = (_files(folder, inventory, split, class_names) for split in ("train", test))
    for part, expected, found in (("train", facts.train, train_files), (test, facts.test, test_files)):
        if expected not in {None, len(found)}:
            raise ArtifactError(
                "unexpected images", where=str(folder / part), expected=str(expected), got=str(len(found))
            )
    return Listing(train_files, test_files, class_names, inventory)


def _files(folder: Path, inventory: Inventory, split: str, class_names: tuple[str, ...]) -> ImageFiles:
    def key(item: Item) -> tuple[str, str]:
        return item.class_name, item.name

    items = sorted((item for item in inventory.items if item.split == split and item.state in USED), key=key)
    label = {name: i for i, name in enumerate(class_names)}
    names = np.array([os.fsencode(item.name) for item in items])
    return ImageFiles(folder, names, torch.tensor([label[item.class_name] for item in items]))
