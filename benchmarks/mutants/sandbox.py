"""A copy of the project in which code is broken, and forked processes that run its tests.

The heavy libraries are imported once, before any fork: a mutant then costs what its tests cost. The package itself is
never imported here.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAVY = ("numpy", "pandas", "torch", "scipy.stats", "matplotlib.pyplot", "seaborn", "pydantic", "pyarrow",
         "yaml", "psutil", "safetensors.torch", "coverage", "pytest", "sklearn.datasets", "hypothesis")  # fmt: skip

SAID = "said.txt"
"""Where a copy keeps what its last tests said."""

PATIENCE = 240.0
"""Seconds that the tests of a mutant get: one that runs for ever is noticed."""


@dataclass(frozen=True)
class Verdict:
    """What the tests said about a mutant."""

    killed: bool
    by: str
    """The first red test, or that time ran out."""

    @property
    def word(self) -> str:
        """For a line on the screen."""
        return "killed" if self.killed else "SURVIVED"


@dataclass(frozen=True)
class Reach:
    """Which test files run which lines: of every source file, line to test files, those that import it at line 0."""

    by_line: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests_of(self, file: str, line: int) -> list[str]:
        """Test files that run a line, the mirror of the source first, then the quickest.

        A line that runs on import, such as a constant, is reached by all tests of anything in its file.
        """
        lines = self.by_line.get(file, {})
        found = lines.get(line) or sorted({test for tests in lines.values() for test in tests})
        mirror = f"test_{Path(file).name}"
        return sorted(found, key=lambda test: (Path(test).name != mirror, self.seconds.get(test, 0.0)))


class Sandbox:
    """One copy of what git tracks or would."""

    def __init__(self, project: Path, tests: tuple[str, ...]) -> None:
        self.root, self.tests = Path(tempfile.mkdtemp()), tests
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=project, capture_output=True, text=True, check=True
        )
        for name in listed.stdout.splitlines():
            source, copy = project / name, self.root / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_file():
                shutil.copy2(source, copy)
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)  # tests ask git which files there are
        for name in HEAVY:
            __import__(name)

    def reach(self, files: list[str]) -> Reach:
        """Run the tests once and see which lines each of their files reaches.

        Raises:
            RuntimeError: a test is red before anything was broken.
        """
        answer = self.root / "reach.json"
        code = self._forked(lambda: _trace(files, self.tests, answer), patience=3600)
        if code:
            raise RuntimeError(f"the tests are red already: {(self.root / SAID).read_text()[-3000:]}")
        found = json.loads(answer.read_text(encoding="utf-8"))
        by_line = {file: {int(line): tests for line, tests in lines.items()} for file, lines in found["lines"].items()}
        return Reach(by_line, found["seconds"])

    def judge(self, file: str, source: str, tests: list[str]) -> Verdict:
        """Whether the tests notice that ``file`` reads ``source``; those named first, then all."""
        with self._broken(file, source):
            for chosen in ([tests] if tests else []) + [list(self.tests)]:
                answer = self.root / "red.txt"
                answer.unlink(missing_ok=True)
                code = self._forked(lambda chosen=chosen, answer=answer: _run(chosen, answer), patience=PATIENCE)
                if code:
                    return Verdict(True, answer.read_text() if answer.exists() else f"ended with {code}")
        return Verdict(False, "")

    def close(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.root, ignore_errors=True)

    @contextmanager
    def _broken(self, file: str, source: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
        path = self.root / file
        whole = path.read_text(encoding="utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
            compiled.unlink()
        path.write_text(source, encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(whole, encoding="utf-8")

    def _forked(self, work: Callable[[], int], *, patience: float) -> int:
        """Exit code of ``work`` in a process of its own, in the copy; 124 where it took too long."""
        pid = os.fork()
        if pid == 0:
            os.setsid()
            _enter(self.root)
            code = 1
            try:
                code = work()
            finally:
                os._exit(code)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return 124


def _enter(root: Path) -> None:
    """Make the copy the project of this process and of those it starts."""
    os.chdir(root)
    sys.path.insert(0, str(root / "src"))
    os.environ["PYTHONPATH"] = str(root / "src")
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    said = os.open(root / SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)


def _run(tests: list[str], answer: Path) -> int:
    """Pytest's exit code for some test files, stopped at the first red test, which is written to ``answer``."""
    import pytest

    class FirstRed:
        def pytest_runtest_logreport(self, report: Any) -> None:  # noqa: ANN401 - pytest's own
            if report.failed and not answer.exists():
                answer.write_text(report.nodeid, encoding="utf-8")

    return int(pytest.main(["-x", "-q", *tests], plugins=[FirstRed()]))


def _trace(files: list[str], tests: tuple[str, ...], answer: Path) -> int:
    """Write which lines of ``files`` each test file reaches, and how long it takes."""
    import coverage
    import pytest

    tracer = coverage.Coverage(data_file=None, include=[str(Path.cwd() / file) for file in files], config_file=False)
    seconds: dict[str, float] = {}

    class Contexts:
        def pytest_runtest_logstart(self, nodeid: str) -> None:
            tracer.switch_context(nodeid.split("::", maxsplit=1)[0])

        def pytest_runtest_logreport(self, report: Any) -> None:  # noqa: ANN401 - pytest's own
            file = report.nodeid.split("::", maxsplit=1)[0]
            seconds[file] = seconds.get(file, 0.0) + report.duration

    tracer.start()
    code = int(pytest.main(["-q", *tests], plugins=[Contexts()]))
    tracer.stop()
    data = tracer.get_data()
    lines = {file: data.contexts_by_lineno(str(Path.cwd() / file)) for file in files}
    named = {
        file: {line: [context for context in contexts if context] for line, contexts in of_file.items()}
        for file, of_file in lines.items()
    }
    answer.write_text(json.dumps({"lines": named, "seconds": seconds}), encoding="utf-8")
    return code
