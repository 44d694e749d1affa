"""How much memory the tables of a preset take at most: `collect` on made-up results of the preset's true size.

`make memory` copies the project to a temporary folder, and gives every member of the plan a payload of the shapes that
it would have and a sidecar of its own: the numbers are made up, and members of one kind share one file by hard links.
Then the one job of `collect` runs in a fresh process. Its peak is the kernel's, of the process and of those it starts.
The results of the last run are in `benchmarks/collect_memory.json`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from overhead import PROJECT, copy_project
from record import keep

LIMITS = {"cifar100": 1.5e9, "imagenet": 4e9}
"""Bytes of memory that a preset's tables may take."""


def main() -> None:
    """Make results up, collect them, print, and keep the result; fail where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=list(LIMITS), choices=list(LIMITS))
    parser.add_argument("--folder", type=Path, help="where the temporary folder is made (ImageNet's needs 1 GB)")
    options = parser.parse_args()
    found = {preset: measured(preset, options.folder) for preset in options.presets}
    keep({"presets": found}, PROJECT / "benchmarks" / "collect_memory.json")
    large = [preset for preset, row in found.items() if row["peak_bytes"] > LIMITS[preset]]
    if large:
        sys.exit(f"more memory than allowed: {', '.join(large)}")


def measured(preset: str, folder: Path | None) -> dict[str, Any]:
    """Size, seconds and peak of one preset's tables."""
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        project = copy_project(Path(temporary) / "project", preset)
        size = json.loads(ran(project, sys.executable, "benchmarks/made_up_results.py")["said"])
        cost = ran(project, Path(sys.executable).with_name("distillab"), "collect", "index")
        facts = json.loads(
            (project / "results" / preset / "tables" / "index" / "facts.json").read_text(encoding="utf-8")
        )
    if facts["cells_done"] != facts["cells_planned"]:
        sys.exit(f"{preset}: {facts['cells_done']} of {facts['cells_planned']} cells were found")
    del cost["said"]
    return size | cost | {"limit_bytes": int(LIMITS[preset])}


def ran(project: Path, *command: str | Path) -> dict[str, Any]:
    """What a command says, and its seconds and peak.

    A process starts with the peak of the one it was forked from: this one must stay small.
    """
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    start = time.perf_counter()
    with (project / "said.txt").open("w+", encoding="utf-8") as said, (project / "log.txt").open("w+") as log:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=said, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (said, log):
            file.seek(0)
        if process.returncode:
            sys.exit(log.read())
        unit = 1 if sys.platform == "darwin" else 1024
        return {
            "said": said.read(),
            "seconds": round(time.perf_counter() - start, 1),
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
            "peak_bytes": unit * usage.ru_maxrss,
        }


if __name__ == "__main__":
    main()
