"""Random faults, each followed by `distillab resume`; in the end the bytes are those of an undisturbed run.

`make chaos N=50` copies the project to a temporary folder and sends SIGKILL, SIGINT or SIGTERM to the master, to one of
its stages or to the whole process group, at random moments of a small run. A run that gets through is compared and made
again from nothing, until N faults were delivered. The counts of the last time are in `benchmarks/chaos.json`.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml
from overhead import copy_project
from record import keep

LONG = {"train": {"epochs": 40, "checkpoint_every": 3}, "seeds": [0], "robustness": {"attacks": {"cw_l2": None}}}
"""Trainings that take long enough to be hit."""

PAGES = ("index", "undistillable", "ta", "certified")
TARGETS = tuple(f"results/tiny/receipts/collect/{page}.json" for page in PAGES)
RUN_DEPENDENT = {f"tables/{page}/run.json" for page in PAGES}
KINDS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
PLACES = ("master", "stage", "group")
SHARE = 0.2
"""The longest wait for a fault, as a share of the seconds of an undisturbed run."""

EARLY = 0.2
"""Share of waits that begin with the run, and not with its first stage."""

ENDING = 60.0
"""Seconds after which a run that was asked to end counts as hanging."""


def main() -> None:
    """Disturb, resume, compare, and keep the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chaos = Chaos(project(Path(folder) / "project"), random.Random(options.seed))
        result = {"faults": options.faults, "seed": options.seed} | chaos.deliver(options.faults)
    keep(result, Path(__file__).with_suffix(".json"))


def project(root: Path) -> Path:
    """A copy of the project with the tiny preset, and trainings to hit."""
    copy_project(root, "tiny")
    (root / "params.yaml").write_text(yaml.safe_dump({"preset": "tiny", "override": LONG}), encoding="utf-8")
    return root


@dataclass
class Chaos:
    """One project that is disturbed again and again."""

    root: Path
    moments: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    during: Counter[str] = field(default_factory=Counter)
    slowest_end: float = 0.0
    tracebacks: int = 0
    finished: int = 0

    def deliver(self, faults: int) -> dict[str, object]:
        """Deliver ``faults`` faults, let the last run end, and say what happened."""
        start = time.monotonic()
        self._undisturbed(self._begin())
        longest, expected = SHARE * (time.monotonic() - start), self._payloads()
        self._forget()
        while self.struck.total() < faults:
            self._disturbed_run(faults, longest)
            if self._whole():
                self._compare(expected)
                self._forget()
        self._undisturbed(self._begin())
        self._compare(expected)
        return {
            "payloads": len(expected),
            "runs_compared": self.finished,
            "by_kind_and_place": dict(sorted(self.struck.items())),
            "while_running": dict(sorted(self.during.items())),
            "tracebacks": self.tracebacks,
            "slowest_end_seconds": round(self.slowest_end, 1),
        }

    def _disturbed_run(self, faults: int, longest: float) -> None:
        """Resume, and strike until the run has ended."""
        master, before = self._begin(), self.struck.total()
        while self.struck.total() < faults:
            early = self.moments.random() < EARLY
            while not early and master.poll() is None and not stages_below(master.pid):
                time.sleep(0.1)
            try:
                master.wait(self.moments.uniform(0, longest))
                break
            except subprocess.TimeoutExpired:
                self._strike(master, self.moments.choice(KINDS), self.moments.choice(PLACES))
        if self.struck.total() == before:
            self._undisturbed(master)
        master.wait()

    def _strike(self, master: "subprocess.Popen[bytes]", kind: signal.Signals, place: str) -> None:
        stages = stages_below(master.pid)
        if place == "stage" and not stages:
            return
        if place == "stage":
            self.moments.choice(list(stages)).send_signal(kind)
        elif place == "group":
            os.killpg(master.pid, kind)
        else:
            os.kill(master.pid, kind)
        self.struck[f"{kind.name} {place}"] += 1
        names = list(stages.values()) or ["no stage"]
        self.during.update(names)
        print(f"{self.struck.total():4} {kind.name} {place}, while running: {', '.join(names)}", flush=True)
        if place != "stage":
            self._ended(master, kind, list(stages))

    def _ended(self, master: "subprocess.Popen[bytes]", kind: signal.Signals, stages: list[psutil.Process]) -> None:
        """Wait until the master has ended: with an error, and with its stages unless it could do nothing any more."""
        start = time.monotonic()
        code = master.wait(ENDING)
        self.slowest_end = max(self.slowest_end, time.monotonic() - start)
        assert code or self._whole(), "an interrupted run says that all is well"
        if kind != signal.SIGKILL:
            alive = [process for process in stages if process.is_running()]
            assert not alive, f"outlived {kind.name}: {alive}"
            self.tracebacks += (self.root / "chaos.log").read_text(encoding="utf-8").count("Traceback")

    def _begin(self) -> "subprocess.Popen[bytes]":
        program = Path(sys.executable).parent / "distillab"
        environment = os.environ | {"PYTHONPATH": str(self.root / "src")}
        with (self.root / "chaos.log").open("wb") as log:
            return subprocess.Popen(
                [program, "resume", "--", "--cores", "2", *TARGETS],
                cwd=self.root, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _undisturbed(self, master: "subprocess.Popen[bytes]") -> None:
        if master.wait():
            sys.exit("a run failed by itself:\n" + (self.root / "chaos.log").read_text(encoding="utf-8"))

    def _whole(self) -> bool:
        return all((self.root / target).exists() for target in TARGETS)

    def _payloads(self) -> dict[str, str]:
        """Hash of each payload, that is of each file with a sidecar, but for what says when and how long."""
        results = self.root / "results" / "tiny"
        files = [path for path in results.rglob("*") if path.with_name(path.name + ".json").exists()]
        hashes = {path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        return {name: value for name, value in hashes.items() if name not in RUN_DEPENDENT}

    def _compare(self, expected: dict[str, str]) -> None:
        found = self._payloads()
        other = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        assert not other, f"other bytes than an undisturbed run: {other}"
        self.finished += 1

    def _forget(self) -> None:
        for name in ("results", ".distillab", ".snakemake"):
            shutil.rmtree(self.root / name, ignore_errors=True)


def stages_below(pid: int) -> dict[psutil.Process, str]:
    """The stages that a master runs now, by name."""
    stages = {}
    for process in psutil.Process(pid).children():
        with suppress(psutil.Error):
            command = process.cmdline()
            if [Path(part).name for part in command[1:2]] == ["distillab"]:
                stages[process] = command[2]
    return stages


if __name__ == "__main__":
    main()
