"""What a folder or archive of images would be as a data set."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from distillab.core.shown import escaped
from distillab.data.archives import walk
from distillab.data.decoding import ImageError, header_shape
from distillab.data.intake import examined_files
from distillab.data.inventory import STATES, USED, Inventory, Item
from distillab.data.reasons import Reason
from distillab.data.sorting import Rules, sorted_files
from distillab.specs.model import ImageShape

SHOWN = 20
"""Classes that are listed one by one."""

HELD_OUT = 0.2
"""Of all images, to judge with where nothing is said, but at most so many:"""
MOST_HELD_OUT = 1000

NAMED = 3
"""Files that are named of each reason."""


def survey(path: Path, rules: Rules, *, workers: int = 0) -> tuple[Inventory, ImageShape | None]:
    """What becomes of every file at ``path``, and the shape that most images have; None where there are none.

    Images of another size are ``resized``; with a single colored image, all have three channels.

    Raises:
        ArtifactError: ``path`` cannot be walked over.
    """
    found = examined_files(path, sorted_files(path, rules), workers=workers)
    shapes = [item.shape for item in found.items if item.state in USED and item.shape]
    if not shapes:
        return found, None
    shape = common_shape(Counter(shapes))
    items = (replace(item, state="resized") if _differs(item, shape[1:]) else item for item in found.items)
    return Inventory(found.where, tuple(items)), shape


def shapes_of(path: Path, found: Inventory) -> Counter[ImageShape]:
    """How many of the images that are used have which shape, as their headers say; those that say nothing are left out.

    Raises:
        ArtifactError: no header can be read; the message names the first image.
    """
    shapes, errors = Counter[ImageShape](), list[ImageError]()
    for source in _sources(path, found):
        try:
            shapes[header_shape(source, where=str(path))] += 1
        except ImageError as error:
            errors.append(error)
    if errors and not shapes:
        raise errors[0]
    return shapes


def _sources(path: Path, found: Inventory) -> Iterator[Path | bytes]:
    """Where the header of each image is."""
    if path.is_dir():
        yield from (path / item.name for item in found.items if item.state in USED)
        return
    entries = walk(path, lambda i, _name: i < len(found.items) and found.items[i].state in USED)
    yield from (entry.content for item, entry in zip(found.items, entries, strict=False) if item.state in USED)


def common_shape(shapes: Counter[ImageShape]) -> ImageShape:
    """The height and width that most images have; with a single colored image, three channels."""
    sizes = Counter[tuple[int, int]]()
    for (_, height, width), count in shapes.items():
        sizes[height, width] += count
    return (max(shape[0] for shape in shapes), *sizes.most_common(1)[0][0])


def proposal(inventory: Inventory, shape: ImageShape, path: Path, rules: Rules) -> dict[str, Any]:
    """The ``data:`` of params.yaml for it."""
    place = path if path.name not in {"", ".."} else path.resolve()
    train = inventory.classes().get("train", Counter())
    data = {
        "name": "image_folder" if rules.splits else "labeled_images",
        "title": place.name,
        "root": str(place.parent),
        "path": place.name,
        "shape": list(shape),
        "classes": len(train),
    }
    data |= {} if rules.splits else {"images": train.total(), "held_out": held_out(train.total())}
    choices = {"resize": inventory.count("resized") > 0, "pass_over": list(rules.pass_over)}
    return data | {name: value for name, value in choices.items() if value}


def rules_for(path: Path, pass_over: tuple[str, ...]) -> Rules:
    """Those of folders of splits where there are such with images, else those of class folders alone.

    Raises:
        ArtifactError: ``path`` cannot be walked over.
    """
    rules = Rules(pass_over)
    return rules if any(item.split for item in sorted_files(path, rules).items) else replace(rules, splits=False)


def held_out(images: int) -> int:
    """How many of so many images are held out where nothing is said."""
    return max(1, min(MOST_HELD_OUT, round(HELD_OUT * images)))


def described(inventory: Inventory) -> Iterator[str]:
    """The inventory for people: files by what became of them and why, classes by split, duplicates."""
    yield f"{escaped(inventory.where)}: {len(inventory.items):,} files"
    for state in STATES:
        yield f"{state:>12}  {inventory.count(state):,}"
        for reason, items in inventory.reasons(state).items():
            names = ", ".join(_named(item, items[0].reason) for item in items[:NAMED])
            yield f"{'':>12}  {len(items):,} {reason}: {names}{', ...' if len(items) > NAMED else ''}"
    for split, counts in inventory.classes().items():
        yield f"{split:>12}  {counts.total():,} images in {len(counts)} classes: {_sizes(counts)}"
    yield from _duplicates(inventory)


def _differs(item: Item, size: tuple[int, ...]) -> bool:
    return item.state == "read" and item.shape is not None and item.shape[1:] != size


def _named(item: Item, reason: Reason | None) -> str:
    return escaped(item.name) + (f" ({item.detail})" if item.detail and reason else "")


def _sizes(counts: Counter[str]) -> str:
    if len(counts) > SHOWN:
        return f"{min(counts.values()):,} to {max(counts.values()):,} each"
    return ", ".join(f"{escaped(name)} {counts[name]:,}" for name in sorted(counts))


def _duplicates(inventory: Inventory) -> Iterator[str]:
    repeats, leaks, splits = inventory.repeats(), inventory.leaks(), inventory.classes()
    conflicts = [pair for pair in repeats if pair[0].class_name != pair[1].class_name]
    tested = sum(counts.total() for split, counts in splits.items() if split != "train")
    leak = f"of {tested:,} test images also stand in train: a leak, what they measure is memory"
    said = ("have the pixels of another image of their split", "of these stand in two classes", leak)
    for pairs, what in zip((repeats, conflicts, leaks), said, strict=True):
        if pairs:
            first, second = pairs[0]
            yield f"{'duplicates':>12}  {len(pairs):,} {what}: {escaped(second.name)} is {escaped(first.name)}"
    if not repeats and not leaks:
        yield f"{'duplicates':>12}  none"
