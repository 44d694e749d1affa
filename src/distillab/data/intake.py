"""One way in for images of a folder or archive: every file is read, passed over with a reason, or refused by name."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from PIL import Image

from distillab.core.errors import ArtifactError
from distillab.core.shown import escaped
from distillab.core.signals import leave_ending_to_parent
from distillab.data.archives import walk
from distillab.data.decoding import (
    ImageError,
    ImageStack,
    channels_of,
    converted,
    digest_of,
    fitted,
    is_image_content,
    load_image,
    stored_pixels,
)
from distillab.data.entries import FileEntry
from distillab.data.folders import folder_entry
from distillab.data.inventory import Inventory, Item
from distillab.data.reasons import MISNAMED, Reason
from distillab.data.sorting import Rules, sorted_files
from distillab.specs.model import ImageShape

CHUNK = 64
"""Files that a worker gets at a time."""

RGB = 3


def read_images(
    path: Path, shape: ImageShape, rules: Rules, *, resize: bool = False, sha256: str = ""
) -> tuple[dict[str, ImageStack], Inventory]:
    """The images at ``path`` by split, and what became of every file.

    Args:
        path: a folder or archive, as for ``archives.walk``.
        shape: channels, height, width of every image.
        rules: which files are images of which split and class.
        resize: bring images of another size to ``shape``.
        sha256: what a tar must hash to once unpacked; empty means anything.

    Raises:
        ArtifactError: ``path`` cannot be walked over.
    """
    stacks: dict[str, ImageStack] = {}
    items = []
    found = sorted_files(path, rules)
    for before, entry in _contents(path, found, sha256=sha256):
        item, image = examined(before, entry, channels=shape[0])
        if image is not None:
            try:
                pixels = stored_pixels(fitted(image, shape, resize=resize))
                stacks.setdefault(item.split, ImageStack(shape)).add(pixels, (item.class_name, item.name))
                item = replace(item, state="read" if image.size == (shape[2], shape[1]) else "resized")
            except ImageError as error:
                item = _refused(item, error.reason, error.detail)
        items.append(item)
    return stacks, Inventory(str(path), tuple(items))


def examined_files(path: Path, found: Inventory, *, workers: int = 0) -> Inventory:
    """``found`` after every image was decoded once: what cannot be is refused, everything has its shape and digest.

    Images are not kept. Those of a folder are decoded by that many processes.
    """
    if workers and path.is_dir():
        needed = [item for i, item in enumerate(found.items) if found.needed(i, item.name)]
        with Pool(workers, leave_ending_to_parent) as pool:
            after = dict(zip((i.name for i in needed), pool.imap(partial(_alone, path), needed, CHUNK), strict=True))
        return Inventory(found.where, tuple(after.get(item.name, item) for item in found.items))
    return Inventory(found.where, tuple(examined(item, entry)[0] for item, entry in _contents(path, found)))


def examined(item: Item, entry: FileEntry, *, channels: int = RGB) -> tuple[Item, Image.Image | None]:
    """What becomes of a file by its content, and its image where it is one to read."""
    if item.state != "read" and not (item.state == "passed over" and item.split):
        return item, None
    if entry.trouble:
        return _refused(item, entry.trouble), None
    if item.state != "read":
        return _refused(item, MISNAMED) if is_image_content(entry.content) else item, None
    try:
        stored = load_image(entry.content)
        image = converted(stored, channels=channels)
    except ImageError as error:
        return _refused(item, error.reason, error.detail), None
    shape = (channels_of(stored), image.height, image.width)
    return replace(item, shape=shape, digest=digest_of(image)), image


def _alone(folder: Path, item: Item) -> Item:
    return examined(item, folder_entry(folder, item.name))[0]


def _refused(item: Item, reason: Reason, detail: str = "") -> Item:
    return replace(item, state="refused", reason=reason, detail=detail)


def _contents(path: Path, found: Inventory, *, sha256: str = "") -> Iterator[tuple[Item, FileEntry]]:
    """Every file with its content where it is needed.

    Raises:
        ArtifactError: the files are not those that were found.
    """
    entries = walk(path, found.needed, sha256=sha256)
    for item in found.items:
        entry = next(entries, None)
        if entry is None or entry.name != item.name:
            raise ArtifactError("changed while it was read", where=escaped(str(path)), got=escaped(item.name))
        yield item, entry
    for _ in entries:
        raise ArtifactError("changed while it was read", where=escaped(str(path)))
