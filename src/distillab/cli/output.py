"""Standard output, which may be closed, a full disk, or a pipe that nobody reads any more."""

import os
import sys


def flush() -> None:
    """Write what was printed, so that an error of it can still be told.

    Raises:
        OSError: it cannot be written.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up() -> None:
    """Drop what is printed from now on, and what was not written yet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def give_up_unwritable() -> None:
    """Drop what cannot be written: Python would try again at its end, and complain."""
    try:
        flush()
    except OSError:
        give_up()
