"""Truth values where numbers belong: Python takes ``true`` for 1, and a user who writes it means something else."""

from collections.abc import Iterator


def truths_for_numbers(written: object, read: object, place: str = "") -> Iterator[str]:
    """The key path of every truth value in ``written`` that became a number in ``read``."""
    if isinstance(written, bool):
        if isinstance(read, int | float) and not isinstance(read, bool):
            yield place
    elif isinstance(written, dict):
        for key, value in written.items():
            inside = read.get(key) if isinstance(read, dict) else getattr(read, key, None)
            yield from truths_for_numbers(value, inside, f"{place}.{key}".lstrip("."))
    elif isinstance(written, list) and isinstance(read, tuple):
        for position, (value, inside) in enumerate(zip(written, read, strict=False)):
            yield from truths_for_numbers(value, inside, f"{place}[{position}]")
