"""Which split and class an image belongs to, by the folders that it lies in."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from distillab.data.reasons import ELSEWHERE, ROOTS, TWO_SPLITS, Reason

SPLIT_OF = {
    "train": "train", "training": "train",
    "test": "test", "testing": "test",
    "val": "val", "valid": "val", "validation": "val",
}  # fmt: skip
"""The split that a folder holds, by its name in small letters."""

DEPTH = 8
"""How many folders may lie around those of the splits."""

Place = tuple[str, str]
"""The split and the class of a file."""

_Tree = dict[str, "_Tree"]


@dataclass(frozen=True)
class Layout:
    """Where the folders of the splits are; more than one place is none."""

    roots: tuple[tuple[str, ...], ...]
    twins: frozenset[str]
    """Splits for which there are two folders."""

    def place(self, path: PurePosixPath) -> Place | Reason:
        """Split and class: of the outermost folder that is named like a split, and of the one below it.

        Folders inside a class only group its images; the class of a file in none is empty.
        """
        for root in self.roots:
            depth = len(root)
            split = split_of(path.parts[depth]) if len(path.parts) > depth + 1 and path.parts[:depth] == root else None
            if split is None:
                continue
            if len(self.roots) > 1:
                return ROOTS
            if split in self.twins:
                return TWO_SPLITS
            folders = path.parts[depth + 1 : -1]
            return split, unicodedata.normalize("NFC", folders[0]) if folders else ""
        return ELSEWHERE

    def class_folder(self, path: PurePosixPath) -> str:
        """The folder of an image's class, as it is written."""
        return path.parts[len(self.roots[0]) + 1]


@dataclass(frozen=True)
class ClassesAlone(Layout):
    """Class folders without splits around them: every image is of the training split, from which others are drawn."""

    def place(self, path: PurePosixPath) -> Place | Reason:
        """Split and class: of the folder below the one that holds all images."""
        (root,) = self.roots
        if path.parts[: len(root)] != root:
            return ELSEWHERE
        folders = path.parts[len(root) : -1]
        return "train", unicodedata.normalize("NFC", folders[0]) if folders else ""

    def class_folder(self, path: PurePosixPath) -> str:
        """The folder of an image's class, as it is written; none of an image that lies in no folder."""
        folders = path.parts[len(self.roots[0]) : -1]
        return folders[0] if folders else ""


def split_of(folder: str) -> str | None:
    """The split that a folder's name stands for."""
    return SPLIT_OF.get(folder.lower())


def find_layout(images: Iterable[PurePosixPath]) -> Layout:
    """The layout of these images: the outermost folder that holds folders named like splits.

    A folder ``test/`` that itself holds ``train/`` and ``test/``, with nothing beside it, is a wrapper and no split.
    """
    tree: _Tree = {}
    for path in images:
        node = tree
        for part in path.parts[:-1]:
            node = node.setdefault(part, {})
    roots = tuple(_roots(tree, ()))
    names = [split_of(name) for name in _below(tree, roots[0])] if len(roots) == 1 else []
    return Layout(roots, frozenset(split for split in names if split and names.count(split) > 1))


def classes_alone(images: Iterable[PurePosixPath]) -> ClassesAlone:
    """The layout of images without splits: the innermost folder that holds all of them holds the folders of classes."""
    folders = [path.parts[:-1] for path in images]
    root = next(iter(folders), ())
    for parts in folders:
        root = root[: next((i for i, (a, b) in enumerate(zip(root, parts, strict=False)) if a != b), len(parts))]
    return ClassesAlone((root,), frozenset())


def _below(tree: _Tree, root: tuple[str, ...]) -> _Tree:
    for part in root:
        tree = tree[part]
    return tree


def _roots(tree: _Tree, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if _holds_splits(tree):
        yield at
    elif len(at) < DEPTH:
        for name, below in tree.items():
            yield from _roots(below, (*at, name))


def _holds_splits(tree: _Tree) -> bool:
    named = [name for name in tree if split_of(name)]
    return bool(named) and not (len(named) == 1 and _is_pair(tree[named[0]]))


def _is_pair(tree: _Tree) -> bool:
    splits = {split_of(name) for name in tree} - {None}
    return "train" in splits and len(splits) > 1
