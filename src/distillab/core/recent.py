"""Values that are kept while there is room, those asked for last."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Value = TypeVar("Value")


class Recent:
    """A cache that holds at most so many bytes, or else one value."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        """Of all values that are held."""
        self._held: dict[Hashable, tuple[Any, int]] = {}

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """The value of ``key``, made where it is not held; others go, the longest unused first, to make room."""
        value, taken = self._held.pop(key, (None, -1))
        if taken < 0:
            value = make()
            taken = size(value)
            self.bytes += taken
        self._held[key] = (value, taken)
        while self.bytes > self.limit and len(self._held) > 1:
            oldest = next(iter(self._held))
            self.bytes -= self._held.pop(oldest)[1]
        kept: Value = value
        return kept

    def forget(self, key: Hashable) -> None:
        """Let go of a key's value, if it is held."""
        self.bytes -= self._held.pop(key, (None, 0))[1]
