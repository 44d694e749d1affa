"""Images in folders named split/class/file, the layout of torchvision's ImageFolder."""

from pathlib import Path, PurePosixPath

from distillab.core.errors import ArtifactError
from distillab.data.decoding import ImageStack, Place, read_stacks
from distillab.data.raw import RawData, checked
from distillab.specs.data_facts import DataFacts

SPLITS = frozenset({"train", "val", "test"})


def place_by_folder(name: PurePosixPath) -> Place | None:
    """Split and class of ``[anything/]split/class/file``; None for every other name."""
    split, class_name = (*name.parts[-3:-1], "", "")[:2]
    return (split, class_name) if split in SPLITS else None


def read_class_folders(path: Path, facts: DataFacts, *, resize: bool = False, sha256: str = "") -> RawData:
    """The data set in the folder or archive at ``path``; labels are positions among the sorted class names.

    The test split is ``test/``, or ``val/`` where ``test/`` holds no labelled images.

    Raises:
        ArtifactError: the files are damaged, incomplete, or not what ``facts`` say.
    """
    stacks = read_stacks(path, facts.shape, place_by_folder, resize=resize, sha256=sha256)
    return from_stacks(stacks, facts, where=str(path))


def from_stacks(stacks: dict[str, ImageStack], facts: DataFacts, *, where: str) -> RawData:
    """The data set in ``stacks``, checked against ``facts``.

    Raises:
        ArtifactError: a split is missing, the test classes are not among the training classes, or facts disagree.
    """
    train, test = stacks.get("train"), stacks.get("test", stacks.get("val"))
    if train is None or test is None:
        layout = "train/<class>/<image> and test/<class>/<image> (or val/)"
        raise ArtifactError("a split is missing", where=where, expected=layout, got=", ".join(sorted(stacks)) or "none")
    unknown = sorted(test.classes - train.classes)
    if unknown:
        raise ArtifactError("test classes without training images", where=where, got=", ".join(unknown[:5]))
    class_names = tuple(sorted(train.classes))
    train_x, train_y = train.tensors(class_names)
    test_x, test_y = test.tensors(class_names)
    raw = RawData(train_x, train_y, test_x, test_y, facts.levels, class_names, facts.standin)
    return checked(raw, facts, where=where)
