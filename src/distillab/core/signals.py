"""Ctrl-C and SIGTERM: one clean end, however often they come, of a process and of the stages it started."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psutil

PATIENCE = 5.0
"""Seconds a process gets to end by itself after it was asked to."""

ENDING = (signal.SIGINT, signal.SIGTERM)

Handler = Callable[[int, FrameType | None], None]


class Interrupted(KeyboardInterrupt):
    """Somebody asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit_code = 128 + number


def end_on_signals() -> None:
    """Have the first SIGINT or SIGTERM raise ``Interrupted``; later ones do not disturb the cleaning up."""
    _handle(_interrupt)


def end_with_stages_on_signals() -> None:
    """The same for a process with stages below it: they are asked to end, and ended if they do not."""
    _handle(_interrupt_all)


def leave_ending_to_parent() -> None:
    """Have a worker end without a word when its parent ends it, and let its parent alone hear of Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def ending() -> bool:
    """Whether this process was asked to end."""
    return signal.getsignal(signal.SIGINT) is _ignore


def _handle(handler: Handler) -> None:
    for number in ENDING:
        signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _handle(_ignore)
    raise Interrupted(number)


def _interrupt_all(number: int, frame: FrameType | None) -> None:
    threading.Thread(target=_end_stages, daemon=True).start()
    _interrupt(number, frame)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Unlike SIG_IGN, a handler is not inherited by programs that are started."""


def _end_stages() -> None:
    """End every stage below this process for as long as it lives: one may be about to start."""
    asked: dict[psutil.Process, float] = {}
    while True:
        for process in _stages_below(os.getpid()):
            if process not in asked:
                asked[process] = time.monotonic()
                _send(process, signal.SIGTERM)
            elif time.monotonic() - asked[process] > PATIENCE:
                _send(process, signal.SIGKILL)
        time.sleep(0.1)


def _stages_below(pid: int) -> list[psutil.Process]:
    """Programs named distillab: what else snakemake started, such as ``scancel``, is its own to end."""
    return [process for process in psutil.Process(pid).children(recursive=True) if _is_distillab(process)]


def _is_distillab(process: psutil.Process) -> bool:
    try:
        return any(Path(part).name == "distillab" for part in process.cmdline()[:2])
    except psutil.Error:
        return False


def _send(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
