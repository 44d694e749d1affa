"""The user's own images without splits: in folders named by class, or named in a table; test images are drawn."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from distillab.core.bounds import ClassCount, ImageCount
from distillab.core.errors import ArtifactError
from distillab.core.generators import generator
from distillab.core.shown import shown
from distillab.data.archives import find
from distillab.data.class_folders import require_classes
from distillab.data.intake import read_images
from distillab.data.picture_shape import PictureShape
from distillab.data.raw import RawData, checked
from distillab.data.sorting import Rules
from distillab.data.splits import stratified_order
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts

HEADER = ("file", "label")
"""The first line of a table of labels."""


class LabeledImagesSpec(DataSpec):
    """A folder, tar or zip of ``<class>/<image>``, or of images whose classes a table tells."""

    name: Literal["labeled_images"] = "labeled_images"
    title: str = Field(min_length=1, description="What reports call the data set")
    path: str = Field(description="The folder or archive, inside root")
    labels: str | None = Field(
        default=None, description="Table with the columns file and label, inside root; the folders' names if absent"
    )
    shape: PictureShape = Field(description="Channels (1 or 3), height and width of every image")
    classes: ClassCount = Field(ge=2, description="Number of classes")
    images: Annotated[ImageCount, Field(ge=2)] = Field(description="Number of images")
    held_out: Annotated[ImageCount, Field(ge=1)] = Field(
        description="Images drawn for tests, of each class its share; all others are for training"
    )
    pass_over: tuple[str, ...] = Field(
        default=(), description="Files to leave out: names, or patterns such as *.svg; all others are read or refused"
    )
    resize: bool = Field(default=False, description="Bring images of another size to shape; otherwise they are errors")

    @field_validator("held_out")
    @classmethod
    def _leaves_training_images(cls, held_out: int, info: ValidationInfo) -> int:
        if held_out >= info.data.get("images", inf):
            raise ValueError(f"expected fewer than the {info.data['images']} images")
        return held_out

    @property
    def facts(self) -> DataFacts:
        """What the user says of the data set."""
        return DataFacts(
            title=self.title,
            source="the user's own files",
            license="not stated",
            shape=self.shape,
            classes=self.classes,
            train=self.images - self.held_out,
            test=self.held_out,
            split_rule="Test images are drawn, a stratified part; validation is a stratified part of the others.",
        )

    @property
    def rules(self) -> Rules:
        """Which files are images of which class.

        Raises:
            ArtifactError: the table of labels is absent or is none.
        """
        labels = read_labels(Path(self.root) / self.labels) if self.labels else {}
        return Rules(self.pass_over, labels=labels, splits=False)

    def own_files(self) -> tuple[Path, ...]:
        """The folder or archive, and the table of labels."""
        return tuple(Path(self.root) / name for name in (self.path, self.labels) if name)

    def read(self) -> RawData:
        """The images in ``root/<path>``, classes sorted by name.

        Raises:
            ArtifactError: a file is refused, or the files are not what the fields say.
        """
        path = find(Path(self.root), (self.path,), title=self.title)
        stacks, inventory = read_images(path, self.shape, self.rules, resize=self.resize)
        inventory.require()
        if "train" not in stacks:
            raise ArtifactError("no images", where=str(path), expected="images in folders named by class")
        stack = stacks["train"]
        class_names = tuple(sorted(stack.classes))
        require_classes(class_names, self.facts, where=str(path))
        x, y = stack.tensors(class_names)
        order = stratified_order(y, generator(0, self.name, "held_out"))
        test, train = (part.sort().values for part in (order[: self.held_out], order[self.held_out :]))
        names = sorted(stack.keys)
        drawn = {names[i][1] for i in test.tolist()}
        items = tuple(replace(item, split="test") if item.name in drawn else item for item in inventory.items)
        raw = RawData(x[train], y[train], x[test], y[test], self.facts.levels, class_names,
                      inventory=replace(inventory, items=items))  # fmt: skip
        return checked(raw, self.facts, where=str(path))


def read_labels(path: Path) -> dict[str, str]:
    """Class by path below the images' folder, or by file name, from a table with the columns ``file`` and ``label``.

    Raises:
        ArtifactError: it cannot be read, lacks a column, or names a file twice.
    """
    found: dict[str, str] = {}
    for line, (file, label) in _rows(path):
        where = f"{path}: line {line}"
        if not file or not label:
            raise ArtifactError("a line without file or label", where=where, do="complete or remove it")
        name = str(PurePosixPath(file))
        if name in found:
            raise ArtifactError("a file that is named twice", where=where, got=shown(file), do="keep one line")
        found[name] = label
    return found


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """File and label of each row, with its line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        if not {*HEADER} <= {*(rows.fieldnames or ())}:
            expected, got = f"a first line {','.join(HEADER)}", text.partition("\n")[0].strip()
            raise ArtifactError(
                "no table of labels", where=str(path), expected=expected, got=shown(got) if got else "an empty file"
            )
        for row in rows:
            yield rows.line_num, (row["file"] or "", row["label"] or "")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArtifactError("cannot be read", where=str(path), expected="a table in UTF-8", got=str(error)) from error
