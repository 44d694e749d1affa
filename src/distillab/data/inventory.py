"""What became of every file of a data folder."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from distillab.core.errors import ArtifactError
from distillab.core.shown import escaped
from distillab.data.reasons import DAMAGED, Reason
from distillab.specs.model import ImageShape

State = Literal["read", "resized", "passed over", "refused"]
STATES: tuple[State, ...] = ("read", "resized", "passed over", "refused")
USED = frozenset({"read", "resized"})


@dataclass(frozen=True, slots=True)
class Item:
    """A file and what became of it."""

    name: str
    state: State
    reason: Reason | None = None
    detail: str = ""
    split: str = ""
    class_name: str = ""
    shape: ImageShape | None = None
    """Channels, height and width before resizing."""
    digest: bytes = b""
    """Of the pixels before resizing."""


@dataclass(frozen=True)
class Inventory:
    """Every file of the folder or archive at ``where``, each in exactly one state."""

    where: str
    items: tuple[Item, ...]

    def count(self, state: State) -> int:
        """Files in that state."""
        return sum(item.state == state for item in self.items)

    def needed(self, i: int, _name: str) -> bool:
        """Whether the content of the ``i``-th file decides what becomes of it."""
        item = self.items[i]
        return item.state in USED or (item.state == "passed over" and bool(item.split))

    def reasons(self, state: State) -> dict[str, list[Item]]:
        """Files in that state by their reason, the most frequent one first."""
        found: dict[str, list[Item]] = defaultdict(list)
        for item in self.items:
            if item.state == state and item.reason:
                found[item.reason.text].append(item)
        return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))

    def classes(self) -> dict[str, Counter[str]]:
        """Images of each class, by split."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for item in self._used():
            found[item.split][item.class_name] += 1
        return found

    def repeats(self) -> list[tuple[Item, Item]]:
        """Images that another one of their split has the pixels of: the first one, and each that repeats it."""
        first: dict[tuple[str, bytes], Item] = {}
        pairs = ((first.setdefault((item.split, item.digest), item), item) for item in self._used())
        return [(one, other) for one, other in pairs if one is not other]

    def leaks(self) -> list[tuple[Item, Item]]:
        """Test images that have the pixels of a training image, each after one of those."""
        train = dict[bytes, Item]()
        for item in self._used():
            if item.split == "train":
                train.setdefault(item.digest, item)
        return [(train[item.digest], item) for item in self._used() if item.split != "train" and item.digest in train]

    def counts(self) -> dict[str, Any]:
        """What a page says of the files, as JSON."""
        passed = {reason: len(items) for reason, items in self.reasons("passed over").items()}
        return {
            "read": self.count("read"),
            "resized": self.count("resized"),
            "passed_over": passed,
            "repeats": len(self.repeats()),
            "leaks": len(self.leaks()),
        }

    def require(self) -> None:
        """Go on only if no file is refused.

        Raises:
            ArtifactError: some are; the message names the first of each reason.
        """
        refused = [item for item in self.items if item.state == "refused"]
        if not refused:
            return
        first, rest = refused[0], len(refused) - 1
        reason = first.reason or DAMAGED
        more = f"{rest} more {'are' if rest > 1 else 'is'} refused: `distillab data` names them" if rest else ""
        raise ArtifactError(
            reason.text,
            where=f"{escaped(self.where)}: {escaped(first.name)}",
            got=first.detail,
            do="; ".join(part for part in (reason.do, more) if part),
        )

    def _used(self) -> Iterable[Item]:
        return (item for item in self.items if item.state in USED)
