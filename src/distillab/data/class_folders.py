"""Images in folders named split/class/file, the layout of torchvision's ImageFolder."""

from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.shown import escaped
from distillab.data.decoding import ImageStack
from distillab.data.intake import read_images
from distillab.data.inventory import Inventory
from distillab.data.raw import RawData, checked
from distillab.data.sorting import PLAIN, Rules
from distillab.specs.data_facts import DataFacts

LAYOUT = "train/<class>/<image> and test/<class>/<image> (or val/)"


def read_class_folders(
    path: Path, facts: DataFacts, rules: Rules = PLAIN, *, resize: bool = False, sha256: str = ""
) -> RawData:
    """The data set in the folder or archive at ``path``; labels are positions among the sorted class names.

    Raises:
        ArtifactError: a file is refused, a split is missing, or the files are not what ``facts`` say.
    """
    stacks, inventory = read_images(path, facts.shape, rules, resize=resize, sha256=sha256)
    inventory.require()
    train, test = two_splits(inventory, stacks)
    class_names = tuple(sorted(train.classes))
    require_classes(class_names, facts, where=str(path))
    train_x, train_y = train.tensors(class_names)
    test_x, test_y = test.tensors(class_names)
    raw = RawData(train_x, train_y, test_x, test_y, facts.levels, class_names, facts.standin, inventory)
    return checked(raw, facts, where=str(path))


def two_splits(inventory: Inventory, stacks: dict[str, ImageStack]) -> tuple[ImageStack, ImageStack]:
    """Training and test images.

    Raises:
        ArtifactError: there are none of one of them.
    """
    parts = dict(stacks)
    train = parts.pop("train", None)
    if train is None or not parts:
        raise missing_split(inventory)
    return train, next(iter(parts.values()))


def missing_split(inventory: Inventory) -> ArtifactError:
    """That there are no images to train on, or none to test with."""
    got = ", ".join(sorted(inventory.classes())) or "none"
    passed = inventory.reasons("passed over")
    most = f"; passed over: {len(next(iter(passed.values())))} {next(iter(passed))}" if passed else ""
    return ArtifactError("a split is missing", where=escaped(inventory.where), expected=LAYOUT, got=got + most)


def require_two_classes(inventory: Inventory, *, splits: bool) -> None:
    """Go on only with images of two classes, and where there are folders of splits, in two of them.

    Raises:
        ArtifactError: there are fewer.
    """
    classes = inventory.classes()
    if splits and len(classes) < 2:
        raise missing_split(inventory)
    names = sorted(classes.get("train", ()))
    if len(names) < 2:
        expected, got = "images in two class folders at least", ", ".join(map(escaped, names)) or "none"
        raise ArtifactError("no classes to tell apart", where=escaped(inventory.where), expected=expected, got=got)


def require_classes(class_names: tuple[str, ...], facts: DataFacts, *, where: str) -> None:
    """Go on only with as many classes as ``facts`` say.

    Raises:
        ArtifactError: there are more or fewer; the message names the first ones.
    """
    if len(class_names) != facts.classes:
        some = ", ".join(map(escaped, class_names[:8])) + (", ..." if len(class_names) > 8 else "")
        raise ArtifactError(
            "unexpected classes",
            where=escaped(where),
            expected=str(facts.classes),
            got=f"{len(class_names)}: {some}",
            do="set data.classes to what there is, or complete the folders",
        )
