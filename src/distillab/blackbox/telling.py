"""How asking goes on, told in a line every few seconds: answers, their rate, their price and the time that is left."""

import time
from collections.abc import Callable

from distillab.blackbox.journal import Journal

PATIENCE = 5.0
"""Seconds between two lines."""


class Telling:
    """Counts answers and tells of them."""

    def __init__(self, name: str, price: float, expected: int, say: Callable[[str], None]) -> None:
        self._name, self._price, self._expected, self._say = name, price, expected, say
        self._last = self._since = time.monotonic()
        self._asked = self._done = self._bought = 0

    def begins(self, images: int, *, known: int) -> None:
        """So many images are asked about, of which so many have an answer."""
        if not self._bought:
            self._since = time.monotonic()
        self._asked += images
        self._done += known

    def answered(self, images: int) -> None:
        """So many more have one now."""
        self._done += images
        self._bought += images

    def waits(self, seconds: float, why: str) -> None:
        """A request waits to be sent again."""
        if seconds >= PATIENCE:
            self._tell(f"{self._name}: waiting {seconds:.0f} s: {why}")

    def now(self, journal: Journal) -> None:
        """Tell, if nothing was told for a while."""
        now = time.monotonic()
        if now - self._last < PATIENCE:
            return
        rate = self._bought / (now - self._since)
        total = max(self._expected, self._asked)
        parts = [f"{self._name}: {self._done:,} of {total:,} answers", f"{rate:.3g} a second"]
        paid = journal.paid()
        if self._price:
            parts.append(f"cost so far {paid.answers * self._price / 1000:.2f}")
        if paid.possibly_twice:
            parts.append(f"{paid.possibly_twice:,} possibly paid twice")
        if rate and total > self._done:
            parts.append(f"{(total - self._done) / rate:.0f} s left")
        self._tell(", ".join(parts))

    def _tell(self, line: str) -> None:
        self._last = time.monotonic()
        self._say(line)
