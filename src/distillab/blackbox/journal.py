"""The journal: every answer that a paid-for model gave, kept before the next question leaves.

One SQLite file for each model, in WAL mode with ``synchronous=FULL``: a commit is on disk when it returns, its frames
carry checksums, and a torn one is dropped when the file is opened again. SQLite and not a log of our own, because
looking up and recovering are tested there better than here, and answers are found without being held in memory.
``locking_mode=EXCLUSIVE`` does without shared memory, so that a network disk will do: who may open the file is decided
by a lock beside it.

A request is noted before it leaves, with its body, so that after a kill the same bytes go out under the same key. Who
opens the journal finds the requests that are noted and not answered: they were in flight when a process died, or their
answer was torn. They are the only ones that are asked again, and their images are counted as possibly paid twice.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from distillab.core.errors import ArtifactError, BlockedError
from distillab.core.files import translated
from distillab.core.locks import exclusive

DIGEST = 16
"""Bytes of the hash that an image is known by."""

APPLICATION = 0x64614A31
"""Marks the file as a journal of this version."""

_SCHEMA = """
CREATE TABLE request (
    key TEXT PRIMARY KEY, wire TEXT NOT NULL, images BLOB NOT NULL, body BLOB, attempts INTEGER NOT NULL,
    lost INTEGER NOT NULL, in_flight INTEGER NOT NULL, seconds REAL NOT NULL, left_at REAL NOT NULL
);
CREATE TABLE answer (image BLOB PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Request:
    """A question about some images, as it goes out."""

    key: str
    """The same for the same images of the same model: its Idempotency-Key."""
    wire: str
    """How it is written; what was written otherwise is not sent again."""
    images: tuple[bytes, ...]
    """Their hashes."""
    body: bytes


@dataclass(frozen=True)
class Paid:
    """What was asked for and got, by all processes that ever wrote the journal."""

    answers: int
    """Images that have an answer."""
    requests: int
    """Requests that left, repeated ones too."""
    possibly_twice: int
    """Images of requests whose answer never came, each as often as that happened: paid for nothing, if at all."""
    seconds: float
    """That requests took, summed; those that a kill cut short left none."""

    @property
    def bought(self) -> int:
        """Images that were paid for, those possibly paid twice counted so."""
        return self.answers + self.possibly_twice


class Journal:
    """The journal while this process holds it; `opened` makes one."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self.path = connection, path
        with self._writing():
            connection.execute("UPDATE request SET lost = lost + 1, in_flight = 0 WHERE in_flight = 1")
            self.torn: int = connection.execute("SELECT changes()").fetchone()[0]
            """Requests that were in flight when the last process ended."""

    def known(self, images: Iterable[bytes]) -> dict[bytes, Float32[np.ndarray, " k"]]:
        """The answers that are here, by image."""
        find = "SELECT answer FROM answer WHERE image = ?"
        with _explained(self.path):
            found = ((image, self._connection.execute(find, (image,)).fetchone()) for image in images)
            return {image: np.frombuffer(row[0], "<f4") for image, row in found if row}

    def unanswered(self) -> list[Request]:
        """Requests that were noted and never answered nor refused."""
        with _explained(self.path):
            rows = self._connection.execute("SELECT key, wire, images, body FROM request WHERE body IS NOT NULL")
            return [Request(key, wire, _split(images), body) for key, wire, images, body in rows]

    def leaves(self, request: Request) -> None:
        """Note that the request goes out, before it does."""
        with self._writing():
            self._connection.execute(
                "INSERT INTO request VALUES (?, ?, ?, ?, 1, 0, 1, 0, ?) ON CONFLICT (key) DO UPDATE "
                "SET attempts = attempts + 1, in_flight = 1, body = excluded.body, left_at = excluded.left_at",
                (request.key, request.wire, b"".join(request.images), request.body, time.time()),
            )

    def answered(self, request: Request, rows: Float32[np.ndarray, "n k"], seconds: float) -> None:
        """Keep the answers to a request's images, in their order."""
        pairs = ((image, row.astype("<f4").tobytes()) for image, row in zip(request.images, rows, strict=True))
        with self._writing():
            self._connection.executemany("INSERT OR IGNORE INTO answer VALUES (?, ?)", pairs)
            self._settle(request, seconds, body=None, lost=0)

    def lost(self, request: Request, seconds: float) -> None:
        """Note that no usable answer came: the model may have been paid."""
        with self._writing():
            self._settle(request, seconds, body=request.body, lost=1)

    def turned_away(self, request: Request, seconds: float) -> None:
        """Note that the request was not taken, and so not paid for."""
        with self._writing():
            self._settle(request, seconds, body=request.body, lost=0)

    def give_up(self, requests: Iterable[Request]) -> None:
        """Never send these requests again: their images will be asked about otherwise."""
        with self._writing():
            self._connection.executemany("UPDATE request SET body = NULL WHERE key = ?", [(r.key,) for r in requests])

    def last_left(self) -> float:
        """When the last request left, in seconds since the epoch."""
        with _explained(self.path):
            return float(self._connection.execute("SELECT MAX(left_at) FROM request").fetchone()[0] or 0)

    def paid(self) -> Paid:
        """The counts so far."""
        totals = f"SELECT SUM(attempts), SUM(lost * (length(images) / {DIGEST})), SUM(seconds) FROM request"
        with _explained(self.path):
            answers = self._connection.execute("SELECT COUNT(*) FROM answer").fetchone()[0]
            attempts, twice, seconds = self._connection.execute(totals).fetchone()
        return Paid(answers, attempts or 0, twice or 0, seconds or 0.0)

    def _settle(self, request: Request, seconds: float, *, body: bytes | None, lost: int) -> None:
        self._connection.execute(
            "UPDATE request SET in_flight = 0, body = ?, lost = lost + ?, seconds = seconds + ? WHERE key = ?",
            (body, lost, seconds, request.key),
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; on disk when it ends."""
        with _explained(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield


@contextmanager
def opened(path: Path, *, wait: bool = True) -> Iterator[Journal]:
    """The journal at ``path``, made where there is none, for this process alone.

    Raises:
        ArtifactError: the file is no journal, or is damaged.
        BlockedError: the disk is full or the folder cannot be written.
        BusyError: another process holds it (unless ``wait``).
    """
    with exclusive(path.with_suffix(".lock"), wait=wait):
        with translated(path), path.open("ab"):  # says what is wrong with a folder better than SQLite does
            pass
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            with _explained(path):
                _prepare(connection, path)
            yield Journal(connection, path)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if found != APPLICATION and (found or not empty):  # before anything is changed in it
        raise _foreign(path, "another database")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if empty:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {APPLICATION}; COMMIT;")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """SQLite's errors as one line each."""
    try:
        yield
    except sqlite3.OperationalError as error:
        full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        raise BlockedError(
            "the disk is full" if full else "cannot be written",
            where=str(path),
            got="" if full else str(error),
            do="nothing that was answered is lost: make room or change permissions, and run again",
        ) from error
    except sqlite3.DatabaseError as error:
        raise _foreign(path, str(error)) from error


def _foreign(path: Path, got: str) -> ArtifactError:
    return ArtifactError(
        "is no journal of answers, or is damaged",
        where=str(path),
        got=got,
        do="bring back a copy, or move it away: what it held will be asked again",
    )


def _split(images: bytes) -> tuple[bytes, ...]:
    return tuple(images[i : i + DIGEST] for i in range(0, len(images), DIGEST))
