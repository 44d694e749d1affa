"""Where the CPU seconds of a fresh run go: inside stages, inside reports, and orchestration.

`make overhead` copies the project to a temporary folder, runs the chosen preset there from nothing, and prints the
table. Stages and reports report their own CPU seconds after imports; everything else is overhead: Snakemake, the
interpreter's start, importing torch. The results of the last run are in `benchmarks/overhead.json`.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

PROJECT = Path(__file__).parents[1]
CPU_LINE = re.compile(r"cpu after imports: ([\d.]+) s")
SPAN_LINE = re.compile(r"^(\d+:\d+:\d+) ", re.MULTILINE)


def main() -> None:
    """Run, measure, print, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="digits")
    parser.add_argument("--cores", type=int, default=min(os.cpu_count() or 1, 2))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder) / "project", options.preset)
        cold = timed(project, "snakemake", "--cores", str(options.cores))
        warm = timed(project, "snakemake", "--cores", str(options.cores))
        result = account(project, options.preset, options.cores, cold) | {"second_run": warm}
    print(table(result))
    path = PROJECT / "benchmarks" / "overhead.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def copy_project(target: Path, preset: str) -> Path:
    """A copy of what git tracks or would, with ``preset`` chosen and nothing made yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if not name.startswith("results/") and (PROJECT / name).is_file() and not (PROJECT / name).is_symlink():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)
    (target / "params.yaml").write_text(f"preset: {preset}\noverride: {{}}\n", encoding="utf-8")
    return target


def timed(project: Path, *command: str) -> dict[str, float]:
    """Wall and CPU seconds of a command and all its children."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": round(wall, 2), "cpu": round(cpu, 2)}


def account(project: Path, preset: str, cores: int, cold: dict[str, float]) -> dict[str, object]:
    """The shares of a run, from the logs of its jobs."""
    folder = project / "results" / preset / "logs"
    inside = {"stages": 0.0, "reports": 0.0}
    spans: dict[str, float] = {}
    for log in sorted(folder.rglob("*.log")):
        text, job = log.read_text(encoding="utf-8"), log.relative_to(folder).with_suffix("")
        found = CPU_LINE.findall(text)
        inside["reports" if job.parts[0] == "report" else "stages"] += sum(float(value) for value in found)
        spans[job.as_posix()] = _span(text)
    overhead = cold["cpu"] - inside["stages"] - inside["reports"]
    return {
        "preset": preset,
        "cores": cores,
        "cpu": cold["cpu"],
        "wall": cold["wall"],
        "stages": round(inside["stages"], 2),
        "reports": round(inside["reports"], 2),
        "overhead": round(overhead, 2),
        "overhead_percent": round(100 * overhead / cold["cpu"], 1),
        "idle_percent": round(100 * (1 - cold["cpu"] / (cores * cold["wall"])), 1),
        "job_seconds": spans,
        "critical_path": round(critical_path(spans), 1),
    }


def critical_path(spans: dict[str, float]) -> float:
    """Seconds of the longest chain of jobs: the slowest job of each stage, one stage after the other."""
    order = (
        ("prepare",), ("teach", "baseline", "distill"), ("knockoff",), ("measure", "attack", "certify", "sensitivity"),
        ("collect",), ("report",),
    )  # fmt: skip
    return sum(max((s for job, s in spans.items() if job.split("/")[0] in stages), default=0.0) for stages in order)


def table(result: dict[str, object]) -> str:
    """The result as people read it."""
    names = ("cpu", "stages", "reports", "overhead", "overhead_percent", "wall", "critical_path", "idle_percent")
    lines = [f"preset {result['preset']} on {result['cores']} cores, seconds unless percent"]
    lines += [f"{name:18} {result[name]:>8}" for name in names]
    second = result["second_run"]
    assert isinstance(second, dict)
    return "\n".join(
        [*lines, f"{'second run, wall':18} {second['wall']:>8}", f"{'second run, cpu':18} {second['cpu']:>8}"]
    )


def _span(log: str) -> float:
    stamps = [datetime.strptime(stamp, "%H:%M:%S") for stamp in SPAN_LINE.findall(log)]
    return (stamps[-1] - stamps[0]).total_seconds() if stamps else 0.0


if __name__ == "__main__":
    main()
