"""`make bench-gpu`: ratios on a GPU, in at most ten minutes, part by part; a call goes on where the last one stopped.

A result is kept for the device and the commit it was measured on; another commit or device starts anew. Without a GPU,
``--device cpu --small`` shows that everything runs, and proves nothing about speed.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from parts import PARTS, SMALL, Bench, Size
from record import machine

RESULT = Path(__file__).parent / "results" / "gpu.json"
LIMIT = 600.0
"""Seconds after which no part is begun."""


def main() -> int:
    """Measure the parts that are missing."""
    options = _options()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("no GPU here: --device cpu --small shows that everything runs", file=sys.stderr)
        return 2
    about = {"device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu", "commit": _commit()}
    found = _known(options.output, about)
    bench, start = Bench(device, SMALL if options.small else Size()), time.monotonic()
    for name, part in PARTS.items():
        if name in found["parts"]:
            continue
        if time.monotonic() - start > options.limit:
            print(f"{name} and what follows: not begun within {options.limit:g} s; call it again", file=sys.stderr)
            return 1
        print(name, file=sys.stderr)
        found["parts"][name] = _measured(part, bench)
        _write(options.output, found | {"machine": machine(), "size": vars(bench.size)})
    print(json.dumps(found["parts"], indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--small", action="store_true", help="tiny networks and few steps")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds after which no part is begun")
    parser.add_argument("--output", type=Path, default=RESULT)
    return parser.parse_args()


def _measured(part: Any, bench: Bench) -> dict[str, Any]:  # noqa: ANN401 - a part
    try:
        return {name: round(value, 4) for name, value in part(bench).items()}
    except ImportError as error:
        return {"not measured": f"no {error.name}: pip install -e .[bench]"}


def _known(path: Path, about: dict[str, str]) -> dict[str, Any]:
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if all(known.get(name) == value for name, value in about.items()):
            return known
    return {**about, "parts": {}}


def _write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
    return subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
