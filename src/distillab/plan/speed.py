"""Timing work on this machine: from batches that are small to the real one, within a time and a memory limit."""

import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

LONG = 0.1
"""Seconds after which a measurement is long enough, whatever its batch."""

GROWTH = 4
"""From one batch that is timed to the next."""

MEMORY = 250 * 2**20
"""Bytes that timing may take beside what the process has: small batches need far less, large networks do not."""


def seconds_per_image(seconds_of: Callable[[int], float], batch: int, *, least: int = 2) -> float:
    """Seconds of one image in a batch of the real size, from batches that grow until one takes long enough.

    Where that is before the real batch is reached, the line through the last two goes on: ``(a + b n) / n``, with
    what a batch costs whatever its size apart from what each image adds.

    Args:
        seconds_of: Seconds of one batch of so many images.
        batch: Images of a real batch.
        least: Images of the first batch; statistics of a batch need two.
    """
    timed = list[tuple[int, float]]()
    size = min(least, batch)
    while not timed or (timed[-1][0] < batch and timed[-1][1] < LONG):
        try:
            timed.append((size, seconds_of(size)))
        except (RuntimeError, MemoryError):  # a batch that does not fit
            if not timed:
                raise
            break
        size = min(batch, GROWTH * size)
    return _extended(timed, batch) / batch


def _extended(timed: list[tuple[int, float]], batch: int) -> float:
    """Seconds of a batch, by the line through the last two that were timed."""
    size, seconds = timed[-1]
    if size == batch or len(timed) == 1:
        return seconds * batch / size
    before, less = timed[-2]
    slope = max(0.0, min((seconds - less) / (size - before), seconds / size))
    return seconds + slope * (batch - size)


def clock(device: str) -> float:
    """Seconds of this process's work: CPU seconds of a thread, whom others on the machine do not slow down.

    With several threads, or on a GPU for which it waits, seconds that pass.
    """
    if device == "cuda":
        torch.cuda.synchronize()
    return time.process_time() if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter()


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def bounded(seconds: float, memory: int | None = MEMORY) -> Iterator[None]:
    """Work that ends by an error when its time or its memory is up, where the system and the thread allow it.

    Args:
        seconds: That may pass.
        memory: Bytes beside what the process has; None for any, as on a GPU, whose driver maps more than there is.

    Raises:
        TimeoutError: The seconds have passed.
        RuntimeError: Torch got no memory.
    """
    if seconds <= 0:
        raise TimeoutError
    with _memory(memory), _alarm(seconds):
        yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _time_is_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _time_is_up(_signal: int, _frame: object) -> None:
    raise TimeoutError


@contextmanager
def _memory(extra: int | None) -> Iterator[None]:
    """A limit on the data that this process holds: on Linux only, where it is known how much that is now."""
    held = _data_bytes()
    if held is None or extra is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = held + extra if soft == resource.RLIM_INFINITY else min(soft, held + extra)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_bytes() -> int | None:
    if sys.platform != "linux":
        return None
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(pages[5]) * resource.getpagesize()
