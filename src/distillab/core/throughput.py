"""How fast a network is on this machine: measured once per network, recipe and device, and kept."""

import json
from pathlib import Path
from typing import Any

from distillab.core.files import write_text
from distillab.core.workspace import HIDDEN

FILE = HIDDEN / "throughput.json"


class Throughput:
    """Seconds per image of one forward and backward pass, by a key that names network, images and settings."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._seconds: dict[str, float] = _read(self._path)

    def get(self, key: str) -> float | None:
        """Seconds per image, or None where it was never measured."""
        return self._seconds.get(key)

    @property
    def known(self) -> dict[str, float]:
        """All that was measured."""
        return dict(self._seconds)

    def put(self, key: str, seconds: float) -> None:
        """Remember a measurement."""
        self._seconds[key] = seconds
        write_text(self._path, json.dumps(self._seconds, indent=1, sort_keys=True) + "\n")


def _read(path: Path) -> dict[str, float]:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(key): float(value) for key, value in content.items()}
