"""How asking goes on: a line every few seconds of answers, their rate, price and time left, and the same for others."""

import time
from collections.abc import Callable

from distillab.blackbox.asked import Answered
from distillab.blackbox.journal import Journal

PATIENCE = 5.0
"""Seconds between two lines."""

EVERY = 1.0
"""Seconds between two times that it is written down for other processes."""


class Telling:
    """Counts answers and tells of them."""

    def __init__(self, name: str, price: float, expected: int, say: Callable[[str], None]) -> None:
        self._name, self._price, self._expected, self._say = name, price, expected, say
        self._last = self._since = time.monotonic()
        self._asked = self._done = self._bought = 0
        self._written = 0.0

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

    def now(self, journal: Journal, *, waits: float = 0.0) -> None:
        """Tell, if nothing was told for a while; nothing leaves before ``waits`` seconds."""
        now = time.monotonic()
        if now - self._written >= EVERY:
            self.write(journal, waits=waits)
        if now - self._last < PATIENCE:
            return
        rate, asked = self._rate(now), self._asked_so_far(journal, waits)
        total = max(self._expected, self._asked)
        parts = [f"{self._name}: {self._done:,} of {total:,} answers", f"{rate:.3g} a second", *asked.paid()]
        if rate and total > self._done:
            parts.append(f"{(total - self._done) / rate:.0f} s left")
        self._tell(", ".join(parts))

    def write(self, journal: Journal, *, waits: float = 0.0) -> None:
        """Write down for other processes how far it is."""
        self._written = time.monotonic()
        self._asked_so_far(journal, waits).write(journal.path)

    def _asked_so_far(self, journal: Journal, waits: float) -> Answered:
        paid, now = journal.paid(), time.time()
        cost = paid.answers * self._price / 1000 if self._price else None
        return Answered(paid.answers, self._rate(time.monotonic()), cost, paid.possibly_twice, now + waits, now)

    def _rate(self, now: float) -> float:
        return self._bought / (now - self._since) if now > self._since else 0.0

    def _tell(self, line: str) -> None:
        self._last = time.monotonic()
        self._say(line)
