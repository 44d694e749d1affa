"""The result of a benchmark: printed, and kept with the machine and the versions it was measured on."""

import json
import platform
from datetime import date
from pathlib import Path
from typing import Any

import torch


def keep(result: dict[str, Any], path: Path | None) -> None:
    """Print the result with the day and the machine, and write it to ``path``, a JSON file, where one is given."""
    text = json.dumps(result | {"date": date.today().isoformat(), "machine": machine()}, indent=1)
    print(text)
    if path:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def machine() -> dict[str, str]:
    """What a ratio may depend on."""
    return {
        "processor": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
