"""A data set in memory, as it is stored: integer pixels and labels."""

from dataclasses import dataclass

from jaxtyping import Int, Integer
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.data.inventory import Inventory
from distillab.specs.data_facts import DataFacts


@dataclass(frozen=True)
class RawData:
    """Stored pixels and labels of both published splits, in the published order."""

    train_x: Integer[Tensor, "n c h w"]
    train_y: Int[Tensor, " n"]
    test_x: Integer[Tensor, "m c h w"]
    test_y: Int[Tensor, " m"]
    levels: int
    """A pixel in [0, 1] is exactly the stored value over this number."""
    class_names: tuple[str, ...]
    standin: str = ""
    """Not empty where the files stand in for another data set: what every table must call them."""
    inventory: Inventory | None = None
    """What became of every file, where the data set is made of image files."""


def checked(raw: RawData, facts: DataFacts, *, where: str) -> RawData:
    """The same data, after comparing it with what is known of the data set.

    Raises:
        ArtifactError: a count, a shape, a label or a pixel is not as ``facts`` say; the message names ``where``.
    """
    _agree(where, "class names", facts.classes, len(raw.class_names))
    _agree(where, "levels", facts.levels, raw.levels)
    _check_images(raw.train_x, raw.train_y, facts, facts.train, f"{where}, training images")
    _check_images(raw.test_x, raw.test_y, facts, facts.test, f"{where}, test images")
    return raw


def _check_images(
    x: Integer[Tensor, "n c h w"], y: Int[Tensor, " m"], facts: DataFacts, count: int | None, where: str
) -> None:
    _agree(where, "images", len(x) if count is None else count, len(x))
    _agree(where, "labels", len(x), len(y))
    _agree(where, "image shape", facts.shape, tuple(x.shape[1:]))
    if len(x) == 0:
        raise ArtifactError("no images", where=where, do="complete the files")
    if int(y.min()) < 0 or int(y.max()) >= facts.classes:
        found = f"{int(y.min())} to {int(y.max())}"
        raise ArtifactError("labels out of range", where=where, expected=f"0 to {facts.classes - 1}", got=found)
    if int(x.min()) < 0 or int(x.max()) > facts.levels:
        found = f"{int(x.min())} to {int(x.max())}"
        raise ArtifactError("pixels out of range", where=where, expected=f"0 to {facts.levels}", got=found)


def _agree(where: str, what: str, expected: object, got: object) -> None:
    if expected != got:
        raise ArtifactError(f"unexpected {what}", where=where, expected=str(expected), got=str(got))
