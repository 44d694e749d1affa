"""What becomes of a file by its name, its folders and its kind, before any content is read."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from distillab.core.shown import escaped
from distillab.data import reasons
from distillab.data.archives import walk
from distillab.data.entries import FileEntry
from distillab.data.inventory import Inventory, Item
from distillab.data.layout import Layout, Place, classes_alone, find_layout
from distillab.data.reasons import Reason

TOGETHER = "images"
"""The folder of a split that holds images of all classes, where a table says which is which."""


@dataclass(frozen=True)
class Rules:
    """What a data set or its user says of its files."""

    pass_over: tuple[str, ...] = ()
    """Names, or patterns with ``*``, of files to leave out."""
    test_from: tuple[str, ...] = ("test", "val")
    """Splits that may be the test split: the first one with images in class folders."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Class by path, or by file name, of what is in ``<split>/images/``; of everything where there are no splits."""
    splits: bool = True
    """Whether class folders lie in folders of splits."""


PLAIN = Rules()
"""Of class folders alone."""


@dataclass(frozen=True)
class _Tree:
    """What a file's name is judged by, beside itself."""

    rules: Rules
    used: frozenset[str]
    times: Counter[str]
    roots: tuple[tuple[str, ...], ...]
    """The folders that paths in the table of labels may start from, beside the whole one."""
    alike: Counter[str]
    """How many images whose classes the table tells have a file name."""


def sorted_files(path: Path, rules: Rules) -> Inventory:
    """What becomes of every file at ``path`` by its name; what is to be read has the state ``read``.

    A file in the folder of a class that is passed over for its suffix alone has a split: its content decides.

    Raises:
        ArtifactError: ``path`` cannot be walked over.
    """
    entries = list(walk(path, lambda _i, _name: False))
    paths = [PurePosixPath(entry.name) for entry in entries]
    first = [_unwanted(entry, each, rules) for entry, each in zip(entries, paths, strict=True)]
    images = [each for each, item in zip(paths, first, strict=True) if not item and reasons.is_image(each)]
    layout = find_layout(images) if rules.splits else classes_alone(images)
    places = [layout.place(each) for each in paths]
    alike = Counter(
        path.name
        for path, item, place in zip(paths, first, places, strict=True)
        if item is None and reasons.is_image(path) and _in_table(place, rules)
    )
    times = Counter(entry.name for entry in entries)
    tree = _Tree(rules, _used(paths, first, places, rules), times, layout.roots, alike)
    judged = zip(first, entries, paths, places, strict=True)
    items = [item or _item(entry, each, place, tree) for item, entry, each, place in judged]
    return Inventory(str(path), tuple(_with_classes(items, paths, layout, rules)))


def _unwanted(entry: FileEntry, path: PurePosixPath, rules: Rules) -> Item | None:
    """A file that is what it is wherever it lies."""
    if entry.trouble is reasons.OUTSIDE:
        return Item(entry.name, "refused", reasons.OUTSIDE)
    if reason := reasons.clutter(path):
        return Item(entry.name, "passed over", reason)
    if any(fnmatchcase(path.name, pattern) or fnmatchcase(entry.name, pattern) for pattern in rules.pass_over):
        return Item(entry.name, "passed over", reasons.ALLOWED)
    return None


def _used(
    paths: Sequence[PurePosixPath], first: Sequence[Item | None], places: Sequence[Place | Reason], rules: Rules
) -> frozenset[str]:
    """The splits whose images are read: one for training, one for tests."""
    found = {
        place[0]
        for path, item, place in zip(paths, first, places, strict=True)
        if item is None and not isinstance(place, Reason) and place[1] and reasons.is_image(path)
    }
    return frozenset({"train", next((split for split in rules.test_from if split in found), "train")})


def _item(entry: FileEntry, path: PurePosixPath, place: Place | Reason, tree: _Tree) -> Item:
    """What becomes of a file where it lies."""
    if place is reasons.ELSEWHERE:
        return Item(entry.name, "passed over", reasons.ELSEWHERE)
    if isinstance(place, Reason):
        spare = not reasons.is_image(path) and entry.trouble is None
        return Item(entry.name, "passed over", reasons.no_image(path)) if spare else Item(entry.name, "refused", place)
    if place[0] not in tree.used:
        return Item(entry.name, "passed over", reasons.UNUSED)
    return _in_class(entry, path, place, tree)


def _in_class(entry: FileEntry, path: PurePosixPath, place: Place, tree: _Tree) -> Item:
    """What becomes of a file in a split that is used."""
    split, class_name = place
    label = _label(path, tree) if _in_table(place, tree.rules) else class_name
    class_name = label if isinstance(label, str) else ""
    if refusal := _refusal(entry, path, tree):
        return Item(entry.name, "refused", refusal, split=split, class_name=class_name)
    if path.suffix.lower() not in reasons.SUFFIXES:
        return Item(entry.name, "passed over", reasons.no_image(path), split=split, class_name=class_name)
    if isinstance(label, Reason):
        return Item(entry.name, "refused", label, split=split)
    if not class_name:
        return Item(entry.name, "refused", reasons.NO_LABEL if tree.rules.labels else reasons.NO_CLASS, split=split)
    return Item(entry.name, "read", split=split, class_name=class_name)


def _in_table(place: Place | Reason, rules: Rules) -> bool:
    """Whether the table of labels tells the class of what lies there."""
    if isinstance(place, Reason) or not rules.labels:
        return False
    return place[1] == TOGETHER or not rules.splits


def _label(path: PurePosixPath, tree: _Tree) -> str | Reason:
    """What the table says of an image's path, else of its name where no other image has it; empty if nothing."""
    inside = (root for root in tree.roots if path.parts[: len(root)] == root)
    for known in (path, *(path.relative_to(*root) for root in inside if root)):
        if str(known) in tree.rules.labels:
            return tree.rules.labels[str(known)]
    said = tree.rules.labels.get(path.name, "")
    return reasons.AMBIGUOUS if said and tree.alike[path.name] > 1 else said


def _refusal(entry: FileEntry, path: PurePosixPath, tree: _Tree) -> Reason | None:
    if not reasons.speakable(entry.name):
        return reasons.NAME
    if entry.trouble:
        return entry.trouble
    return reasons.TWICE if tree.times[entry.name] > 1 else reasons.unread(path)


def _with_classes(
    items: Sequence[Item], paths: Sequence[PurePosixPath], layout: Layout, rules: Rules
) -> Iterator[Item]:
    """The same items, but for images of classes that cannot be told apart or learned."""
    named_by_folders = rules.splits or not rules.labels
    folders: dict[Place, set[str]] = defaultdict(set)
    for item, path in zip(items, paths, strict=True):
        if item.state == "read" and (folder := layout.class_folder(path)) != TOGETHER and named_by_folders:
            folders[item.split, item.class_name].add(folder)
    trained = {item.class_name for item in items if item.split == "train"}
    for item in items:
        if item.state != "read":
            yield item
        elif len(folders[item.split, item.class_name]) > 1:
            yield replace(item, state="refused", reason=reasons.LOOKALIKE)
        elif trained and item.class_name not in trained:
            yield replace(item, state="refused", reason=reasons.UNTRAINED, detail=escaped(item.class_name))
        else:
            yield item
