"""What all grammars share: a case by its number, the time it may take, and what is right to happen to it.

A grammar has a file of its own, ``<kind>_grammar.py``, with ``case(random)``: one input, drawn from that generator
and nothing else. ``test_<kind>.py`` beside it has ``judge(case)``, which raises what the product raises and asserts
what must hold where it accepts the case, and two tests: a small one that always runs, and one marked ``fuzz`` with many
cases, which only `make fuzz` runs. Both are ``assert faults(case, judge, count) == {}``; a fault is told by the number
of its case, and ``drawn(case, number)`` draws that case again.
"""

import signal
import traceback
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import TypeVar

from distillab.core.errors import DistillabError

SEED = "distillab"
SECONDS = 20
"""The longest that a case may compute."""

LONGEST = 1_000
"""Characters of a line that a user can read."""

LINES = 21
"""Mistakes of one file that are told at once, and a line for the others."""

Case = TypeVar("Case")


def drawn(case: Callable[[Random], Case], number: int) -> Case:
    """The case of a number: the same in every run, whatever other cases are drawn."""
    return case(Random(f"{SEED}/{number}"))


def faults(
    case: Callable[[Random], Case],
    judge: Callable[[Case], object],
    count: int,
    *,
    first: int = 0,
    seconds: float = SECONDS,
) -> dict[int, str]:
    """What is wrong, by the number of the case: a traceback, a hang, a message that cannot be read, a false result."""
    found = {number: fault(judge, drawn(case, number), seconds=seconds) for number in range(first, first + count)}
    return {number: wrong for number, wrong in found.items() if wrong}


def fault(judge: Callable[[Case], object], case: Case, *, seconds: float = SECONDS) -> str:
    """What is wrong with what happens to a case; empty where nothing is."""
    try:
        with within(seconds):
            judge(case)
    except DistillabError as refused:
        return unreadable(str(refused))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {str(error)[:500]}\n{''.join(traceback.format_tb(error.__traceback__)[-3:])}"
    return ""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what computes longer, or waits for six times as long: other processes may have the machine."""

    def late(*_: object) -> None:
        raise TimeoutError(f"not done in {seconds} s")

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, 6 * seconds))
    before = [(signal.signal(number, late), signal.setitimer(timer, limit)) for number, timer, limit in timers]
    try:
        yield
    finally:
        for (number, timer, _), (handler, (rest, _)) in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)
            signal.setitimer(timer, rest)


def unreadable(message: str) -> str:
    """Why a person cannot read a message; empty where one can."""
    lines = message.split("\n")
    if not message.strip():
        return "an empty message"
    if len(lines) > LINES or max(map(len, lines)) > LONGEST:
        return f"{len(lines)} lines of up to {max(map(len, lines))} characters: {message[:200]!r}"
    hidden = {character for line in lines for character in line if unicodedata.category(character)[0] == "C"}
    return f"{sorted(hidden)} in {message[:200]!r}" if hidden else ""
