"""The images of an audit: which data set they are, how many there are to ask about, and how many to judge with."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillab.core.errors import SpecError
from distillab.core.shown import escaped
from distillab.data.labeled_images import LabeledImagesSpec, read_labels
from distillab.data.sorting import Rules, sorted_files
from distillab.data.survey import common_shape, held_out, shapes_of
from distillab.params.audit_file import AuditFile, Folder
from distillab.specs.data import DataSpec
from distillab.specs.model import ImageShape


@dataclass(frozen=True)
class AuditImages:
    """A data set as parameters name it, and what is known of it before it is read."""

    data: dict[str, Any]
    shape: ImageShape
    classes: int
    train: int
    """Images that can be asked about."""
    test: int
    """Images to judge with."""


def audit_images(audit: AuditFile, folder: Path, run: Path, root: Path) -> AuditImages:
    """The images that an audit names.

    Args:
        audit: What the file says.
        folder: Where it lies; relative paths start there.
        run: Where the run will be; paths within ``root`` are told from there, so that a project can be moved.
        root: The project.

    Raises:
        SpecError: too few images, or nobody knows how many there are.
        ArtifactError: the folder cannot be read.
    """
    if not isinstance(audit.images, Folder):
        return _known(audit, audit.images, _place(folder / audit.images.root, run, root))
    path = (folder / audit.images.folder).absolute()
    if not path.exists():
        raise SpecError("no such folder or archive", where="images", got=escaped(str(path)))
    return _folder(audit, path, folder, _place(path.parent, run, root))


def _known(audit: AuditFile, data: DataSpec, root: str) -> AuditImages:
    """A data set by its name, with test images of its own."""
    facts = data.facts
    if audit.resize:
        raise SpecError("is for images of a folder", where="resize", got=f"images: {data.name}", do="leave it out")
    if audit.labels_from is not None:
        raise SpecError(
            "tells the labels of a folder", where="labels_from", got=f"images: {data.name}", do="leave it out"
        )
    if isinstance(data, LabeledImagesSpec):
        train, test = facts.train, facts.test
    else:
        train, test = data.train_limit or facts.train, data.test_limit or facts.test
    if train is None or test is None:
        do = "give the path of the folder instead: images: FOLDER"
        raise SpecError("nobody knows how many images there are", where="images", got=str(data.name), do=do)
    judged = min(_held_out(audit, test, of=test), test)
    plain = data.plain() | {"root": root, "test_limit": judged}
    return AuditImages(plain, facts.shape, facts.classes, train - data.val, judged)


def _folder(audit: AuditFile, path: Path, folder: Path, root: str) -> AuditImages:
    """A folder or archive of images, with or without train/ and test/."""
    labels = audit.labels_from and (folder / audit.labels_from).absolute()
    rules = Rules(labels=read_labels(labels) if labels else {}, splits=not labels)
    found = sorted_files(path, rules)
    if len(found.classes()) < 2:  # no splits
        rules = Rules(labels=rules.labels, splits=False)
        found = sorted_files(path, rules)
    found.require()
    counts = {split: classes.total() for split, classes in found.classes().items()}
    names = {name for classes in found.classes().values() for name in classes}
    if len(names) < 2:
        expected = "images in two class folders at least, or labels_from"
        raise SpecError(
            "no classes", where="images", expected=expected, got=", ".join(map(escaped, sorted(names))) or "none"
        )
    shape, sized = _sized(audit, shapes_of(path, found))
    common = {"title": path.name, "root": root, "path": path.name, "shape": list(shape), "classes": len(names)} | sized
    if rules.splits:
        test = next(count for split, count in counts.items() if split != "train")
        judged = min(_held_out(audit, test, of=test), test)
        data = {"name": "image_folder"} | common | {"test_limit": judged}
        return AuditImages(data, shape, len(names), counts["train"], judged)
    total = counts["train"]
    judged = _held_out(audit, total - 1, of=total)  # one is left to ask about
    data = {"name": "labeled_images"} | common | {"images": total, "held_out": judged}
    data |= {"labels": os.path.relpath(labels, path.parent)} if labels else {}
    return AuditImages(data, shape, len(names), total - judged, judged)


def _sized(audit: AuditFile, shapes: Counter[ImageShape]) -> tuple[ImageShape, dict[str, bool]]:
    """The shape of all images, and whether they are brought to it."""
    shape = common_shape(shapes)
    others = {f"{height}x{width}" for _, height, width in shapes if (height, width) != shape[1:]}
    if others and not audit.resize:
        raise SpecError(
            "images of several sizes", where="images", expected=f"{shape[1]}x{shape[2]} (height x width), as most have",
            got=f"also {', '.join(sorted(others)[:3])}", do="write resize: true",
        )  # fmt: skip
    return shape, {"resize": True} if others else {}


def _held_out(audit: AuditFile, images: int, *, of: int) -> int:
    """How many images are judged with."""
    wanted = audit.test
    if wanted is None:
        return held_out(of)
    number = max(1, round(wanted * of)) if isinstance(wanted, float) else wanted
    if number > images:
        expected = f"at most {images} of {of:,}" if images < of else f"at most {images}"
        raise SpecError("more images than there are", where="test", expected=expected, got=str(number))
    return number


def _place(path: Path, run: Path, root: Path) -> str:
    path = path.absolute()
    return os.path.relpath(path, run) if path.is_relative_to(root) else str(path)
