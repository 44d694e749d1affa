"""HAR: what a person does, from 561 features of a smartphone's motion; not images, and treated as rows of pixels."""

from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.data.archives import find, walk
from distillab.data.raw import RawData, checked
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts

FEATURES = 561
LEVELS = 1 << 24
"""As fine as float32 is: features are published with more digits than 8 bits hold."""

NAMES = ("walking", "walking upstairs", "walking downstairs", "sitting", "standing", "laying")
FILES = ("train/X_train.txt", "test/X_test.txt", "train/y_train.txt", "test/y_test.txt")


class HARSpec(DataSpec):
    """Human Activity Recognition Using Smartphones, as published by UCI; a feature in [-1, 1] is a pixel in [0, 1].

    A radius in features is twice the radius in pixels: eps 0.05 of the papers is 0.025 here.
    """

    name: Literal["har"] = "har"

    @property
    def facts(self) -> DataFacts:
        """What is true of HAR."""
        return DataFacts(
            title="HAR",
            source="D. Anguita et al., A Public Domain Dataset for Human Activity Recognition Using Smartphones, 2013",
            license="CC BY 4.0",
            shape=(1, 1, FEATURES),
            classes=len(NAMES),
            train=7352,
            test=2947,
            levels=LEVELS,
            split_rule="The published 7,352 and 2,947 windows, of different persons; validation is a stratified part "
            "of the former.",
        )

    def read(self) -> RawData:
        """HAR from ``root/UCI HAR Dataset``, the folder or its zip."""
        path = find(Path(self.root), ("UCI HAR Dataset", "UCI HAR Dataset.zip"), title=self.facts.title)
        texts = _texts(path)
        train_x, test_x = (parse_features(texts[name], where=f"{path}: {name}") for name in FILES[:2])
        train_y, test_y = (parse_labels(texts[name], where=f"{path}: {name}") for name in FILES[2:])
        return checked(RawData(train_x, train_y, test_x, test_y, LEVELS, NAMES), self.facts, where=str(path))


def _texts(path: Path) -> dict[str, bytes]:
    """The content of each of ``FILES`` in the folder or zip.

    Raises:
        ArtifactError: one is missing or unreadable.
    """
    found = {_tail(entry.name): entry for entry in walk(path, lambda _i, name: _tail(name) in FILES)}
    for name in FILES:
        if name not in found:
            raise ArtifactError("incomplete", where=str(path), expected=", ".join(FILES), got=f"no {name}")
        if trouble := found[name].trouble:
            raise ArtifactError(trouble.text, where=f"{path}: {name}", do=trouble.do)
    return {name: found[name].content for name in FILES}


def parse_features(content: bytes, *, where: str) -> Int[Tensor, "n 1 1 features"]:
    """Stored pixels, ``(feature + 1) / 2`` in steps of ``1 / LEVELS``, of lines of 561 numbers in [-1, 1].

    Raises:
        ArtifactError: not such lines.
    """
    numbers = _numbers(content, where)
    if len(numbers) == 0 or len(numbers) % FEATURES or not (np.abs(numbers) <= 1).all():
        got = f"{len(numbers)} numbers from {numbers.min(initial=0):g} to {numbers.max(initial=0):g}"
        raise ArtifactError("unexpected features", where=where, expected=f"lines of {FEATURES} in [-1, 1]", got=got)
    stored = np.rint((numbers + 1) / 2 * LEVELS).astype(np.int32)
    return torch.from_numpy(stored.reshape(-1, 1, 1, FEATURES))


def parse_labels(content: bytes, *, where: str) -> Int[Tensor, " n"]:
    """Labels from 0, of lines of one number from 1.

    Raises:
        ArtifactError: not such lines.
    """
    numbers = _numbers(content, where)
    if not np.isin(numbers, np.arange(1, len(NAMES) + 1)).all():
        raise ArtifactError("unexpected labels", where=where, expected=f"1 to {len(NAMES)}", got=f"{numbers.max():g}")
    return torch.from_numpy(numbers.astype(np.int64) - 1)


def _numbers(content: bytes, where: str) -> np.ndarray:
    try:
        return np.array(content.split(), dtype=np.float64)
    except ValueError as error:
        raise ArtifactError("not a table of numbers", where=where, got=str(error)[:100]) from error


def _tail(name: str) -> str:
    return "/".join(PurePosixPath(name).parts[-2:])
