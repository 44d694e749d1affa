"""A throw-away copy of the project, and real processes in it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from distillab.core.locks import living
from distillab.core.processes import Owner
from distillab.studies import PAGES

PROJECT = Path(__file__).parents[2]
RUN_DEPENDENT = {name for page in PAGES for name in (f"tables/{page}/run.json", f"reports/{page}.html")}
"""Payloads that say when and how long."""

TABLES = tuple(f"results/tiny/receipts/collect/{page}.json" for page in ("index", "undistillable", "ta", "certified"))
"""What to ask snakemake for where a test reads everything but the pages: all else is made for it."""

ONE_STUDY = ("results/tiny/receipts/collect/undistillable.json",)
"""What to ask for where the models of one study are enough: teachers, students, knockoffs and attacks on teachers."""

MODELS = (*ONE_STUDY, *(f"results/tiny/receipts/{stage}/all.json" for stage in ("distill", "sensitivity", "certify")))
"""What every stage that computes makes, if not all of it."""

TEACHERS = tuple(
    f"results/tiny/receipts/teach/all/{job}.json" for job in ("for_undistillable_certified", "for_undistillable")
)
"""What to ask snakemake for where teachers are enough."""

LONG = {"studies": ["undistillable"], "train": {"epochs": 60, "checkpoint_every": 3}, "seeds": [0],
        "robustness": {"attacks": {"cw_l2": None}}}  # fmt: skip
"""One study, whose trainings take long enough to be hit in the middle."""


@dataclass(frozen=True)
class Project:
    """A project folder with its own package."""

    root: Path

    @property
    def results(self) -> Path:
        """Where the tiny preset's results go."""
        return self.root / "results" / "tiny"

    def copy(self, root: Path) -> "Project":
        """The same project elsewhere, file times kept, to change at will."""
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root)

    def choose(self, override: dict[str, Any] | None = None, preset: str = "tiny") -> None:
        """Write ``params.yaml``."""
        content = yaml.safe_dump({"preset": preset, "override": override or {}})
        (self.root / "params.yaml").write_text(content, encoding="utf-8")

    def run(self, *command: str, check: bool = True, path: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program of this environment in the project; its output and exit code."""
        done = subprocess.run(
            self.command(*command),
            cwd=self.root,
            env=self.environment(path),
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done

    def snakemake(self, *arguments: str, check: bool = True) -> str:
        """Run snakemake; everything it says."""
        done = self.run("snakemake", "--cores", "2", *arguments, check=check)
        return done.stdout + done.stderr

    def shell(self, script: str, **variables: str) -> str:
        """Run a script as a reader would who stands in the project; everything it says."""
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.root,
            env=self.environment() | variables,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}{done.stderr[-6000:]}"
        return done.stdout + done.stderr

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a program in a process group of its own; what it says goes to a file."""
        with self.said.open("w", encoding="utf-8") as said:
            return subprocess.Popen(
                self.command(*command), cwd=self.root, env=self.environment(), stdout=said, stderr=said, text=True,
                start_new_session=True,
            )  # fmt: skip

    @property
    def said(self) -> Path:
        """What the program that was started last says."""
        return self.root.with_name(self.root.name + ".said")

    def log(self, stage: str, job: str = "**/*") -> str:
        """What the jobs of a stage have written, or one of them."""
        return "".join(path.read_text() for path in sorted((self.results / "logs" / stage).glob(f"{job}.log")))

    def forget_log(self, stage: str) -> None:
        """Remove what the jobs of a stage have written."""
        shutil.rmtree(self.results / "logs" / stage, ignore_errors=True)

    def running(self) -> list[Owner]:
        """The stages that run."""
        return living(self.root / ".distillab" / "running")

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line of a program of this environment."""
        return [str(Path(sys.executable).parent / program), *arguments]

    def environment(self, path: str | None = None) -> dict[str, str]:
        """The environment variables of a program."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        search = path or os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return inherited | {"PYTHONPATH": str(self.root / "src"), "PATH": search}

    def payloads(self) -> dict[str, bytes]:
        """Every payload whose bytes must not depend on how it came about."""
        files = [p for p in self.results.rglob("*") if p.is_file() and p.with_name(p.name + ".json").exists()]
        named = {path.relative_to(self.results).as_posix(): path.read_bytes() for path in files}
        return {name: content for name, content in named.items() if name not in RUN_DEPENDENT}

    def edit(self, name: str, old: str, new: str, count: int = -1) -> None:
        """Replace text in a file that must hold it: everywhere, or so many times."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, count), encoding="utf-8")


def copy_project(target: Path) -> Project:
    """The files git tracks or would, with the tiny preset and nothing made."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if name.startswith("results/"):
            continue
        source, copy = PROJECT / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            copy.symlink_to(source.readlink())
        elif source.is_file():
            shutil.copy2(source, copy)
    project = Project(target)
    project.choose()
    return project


def different(ours: dict[str, bytes], theirs: dict[str, bytes]) -> list[str]:
    """Names of payloads that only one side has, or whose bytes differ."""
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def rules_run(text: str) -> set[str]:
    """Rules in the job statistics of a dry or real run."""
    lines = text.rsplit("Job stats:", maxsplit=1)[-1].splitlines() if "Job stats:" in text else []
    names = set()
    for line in lines[3:]:
        words = line.split()
        if len(words) != 2 or words[0] == "total":
            break
        names.add(words[0])
    return names - {"all"}


def wait_for(condition: Callable[[], object], seconds: float = 600) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def git(project: Project, *arguments: str) -> str:
    """What git says in a project."""
    command = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", *arguments]
    return subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=True).stdout


def commit(project: Project, message: str, *paths: str) -> None:
    """Commit everything, or these paths."""
    git(project, "add", "-A", *paths)
    git(project, "commit", "-qm", message)
