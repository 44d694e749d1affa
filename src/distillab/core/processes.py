"""Which process is meant: a number is used again, a number with a start time and a folder is not."""

import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

SLACK = 2.0
"""Seconds by which two readings of one start time may differ, as clocks are set."""


@dataclass(frozen=True)
class Owner:
    """A process that runs or holds something in a project."""

    pid: int
    host: str
    started: float
    """Its start, in seconds since the epoch."""
    folder: str
    """Where it says so: a copy of the project says nothing about processes."""
    job: str

    @classmethod
    def this_process(cls, folder: Path, job: str) -> "Owner":
        """The process that asks, as the owner of something in ``folder``."""
        started = psutil.Process().create_time()
        return cls(os.getpid(), socket.gethostname(), started, str(folder.resolve()), job)

    @classmethod
    def read(cls, text: str, folder: Path) -> "Owner | None":
        """Who is named in a file of ``folder``; None if that is nobody, or was written elsewhere."""
        try:
            owner = cls(**json.loads(text))
        except (ValueError, TypeError):
            return None
        return owner if owner.folder == str(folder.resolve()) else None

    def text(self) -> str:
        """What ``read`` reads."""
        return json.dumps(asdict(self))

    def here(self) -> bool:
        """Whether it runs, or ran, on this machine."""
        return self.host == socket.gethostname()

    def process(self) -> psutil.Process | None:
        """The living process; None if it has ended, even if its number is another's by now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= SLACK
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.started).isoformat(sep=" ", timespec="seconds")
        return f"{self.job}, pid {self.pid} on {self.host} since {since}"
