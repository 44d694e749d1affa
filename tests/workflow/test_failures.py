"""What fails costs its own cells: a list, pages of what is there, and a retry that makes what is missing alone."""

import json
import os
import signal
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest
from project import Project, different, wait_for

from distillab.core.receipts import read_receipt

pytestmark = pytest.mark.workflow

FAILS = "ls-cnn_digits-s0-pgd_linf"
"""Neither the first nor the last member of its job."""

FAULT = f'''
    if member.id == "{FAILS}" and Path("fault").exists():
        exec(Path("fault").read_text())
    device = device_for(member, workspace)
'''
KILL = "import os; os.kill(os.getpid(), 9)"
MEMORY = """
import resource
import numpy
soft, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (2**28, hard))
try:
    numpy.ones(2**28)
finally:
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
"""
FAULTS = {"raise": 'raise ValueError("boom <b>")', "memory": MEMORY, "kill": KILL}
REASONS = {
    "raise": "ValueError: boom <b>",
    "memory": "Unable to allocate 2.00 GiB for an array",
    "kill": "its job was killed, or ran out of memory or time; the last line of its log: ",
}
PAGES = ("index", "undistillable")
CELLS = 4 * 2 * 2 + 3 * 2 * 2
"""Knockoffs and attacks: of four teachers by two methods, on three by two, with two seeds each."""
RECEIPTS = "receipts/attack"


@dataclass(frozen=True)
class Faulty:
    """A run in which one attack failed, and what it said."""

    project: Project
    kind: str
    code: int
    said: str

    def receipt(self, job: str) -> dict[str, str]:
        """What is missing of a job of attacks."""
        found = read_receipt(self.project.results / RECEIPTS / f"{job}.json")
        assert found
        return found.missing


@pytest.fixture(scope="module")
def edited(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished project, all of whose attacks are to be made again, one job for each attack; one may fail."""
    project = finished.copy(tmp_path_factory.mktemp("edited") / "project")
    project.choose({"studies": ["undistillable"], "batch": {"attack": ["family", "model", "logits", "seed"]}})
    project.edit("src/distillab/stages/attack.py", "\n    device = device_for(member, workspace)\n", FAULT)
    project.edit("src/distillab/stages/attack.py", "import pandas", "from pathlib import Path\n\nimport pandas")
    return project


@pytest.fixture(scope="module")
def undisturbed(edited: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What comes of it where nothing fails."""
    project = edited.copy(tmp_path_factory.mktemp("undisturbed") / "project")
    project.snakemake()
    return project


@pytest.fixture(scope="module", params=FAULTS)
def faulty(request: pytest.FixtureRequest, edited: Project, tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    """The run in which the attack raises, is killed, or gets no memory."""
    project = edited.copy(tmp_path_factory.mktemp(request.param) / "project")
    (project.root / "fault").write_text(FAULTS[request.param], encoding="utf-8")
    done = project.run("snakemake", "--cores", "2", check=False)
    return Faulty(project, request.param, done.returncode, done.stdout + done.stderr)


def missing(faulty: Faulty) -> dict[str, str]:
    facts = json.loads((faulty.project.results / "tables" / "index" / "facts.json").read_text())
    assert facts["cells_done"] < facts["cells_planned"]
    return {gap["id"]: gap["reason"] for gap in facts["missing"]}


def test_the_run_ends_non_zero_with_a_list_of_what_is_missing_and_why(faulty: Faulty) -> None:
    assert faulty.code != 0
    head = next(line for line in faulty.said.splitlines() if "payloads could not be made" in line)
    assert ("distillab: 1 of " in head) == (faulty.kind != "kill")
    (line,) = [line for line in faulty.said.splitlines() if line.startswith(f"  attack pgd_linf: {FAILS}: ")]
    assert REASONS[faulty.kind] in line
    if faulty.kind == "kill":
        assert line.rstrip().endswith(FAILS), "the last line of the log says what was being made"
    assert "The same command makes just these" in faulty.said
    assert "Traceback" not in faulty.said


def test_what_failed_is_told_at_once_with_its_log(faulty: Faulty) -> None:
    lines = faulty.said.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("Failed: ")]
    assert lines[at].endswith("(results/tiny/logs/attack/pgd_linf.log)")
    assert FAILS in lines[at]
    assert at < next(number for number, line in enumerate(lines) if "payloads could not be made" in line)
    assert len(lines) < 60
    assert "\033" not in faulty.said


def test_everything_else_is_made(faulty: Faulty) -> None:
    assert faulty.receipt("cw_l2") == {}
    if faulty.kind != "kill":
        assert faulty.receipt("pgd_linf").keys() == {FAILS}
    attacks = faulty.project.results / "attacks" / "teachers"
    assert (attacks / "ce-cnn_digits" / "pgd_linf" / "raw-s0.parquet.json").stat().st_mtime > faulty_since(faulty)


def faulty_since(faulty: Faulty) -> float:
    return (faulty.project.root / "fault").stat().st_mtime


def test_pages_and_tables_show_what_is_there(faulty: Faulty) -> None:
    since = faulty_since(faulty)
    for page in PAGES:
        path = faulty.project.results / "reports" / f"{page}.html"
        assert path.stat().st_mtime > since
        assert 'class="outdated"' not in path.read_text()
        assert "boom <b>" not in path.read_text()
    found = missing(faulty)
    assert REASONS[faulty.kind] in found[FAILS]
    assert (len(found) == 1) == (faulty.kind != "kill")
    facts = json.loads((faulty.project.results / "tables" / "index" / "facts.json").read_text())
    assert (facts["cells_planned"], facts["cells_done"]) == (CELLS, CELLS - len(found))
    index = (faulty.project.results / "reports" / "index.html").read_text()
    assert f"{len(found)} of {CELLS} cells failed or are missing" in index
    assert f"<code>{FAILS}</code> {escape(found[FAILS])}" in index


def test_a_retry_makes_what_is_missing_and_nothing_else(faulty: Faulty, undisturbed: Project, tmp_path: Path) -> None:
    project = faulty.project.copy(tmp_path / "retried")
    again = project.snakemake(check=False)
    assert REASONS[faulty.kind] in again, "as long as it fails, it is tried again and told"
    (project.root / "fault").unlink()
    project.snakemake()
    log = (project.results / "logs" / "attack" / "pgd_linf.log").read_text()
    assert f"{FAILS}: made in" in log
    assert "ce-cnn_digits-s0-pgd_linf: from the store" in log
    assert (log.count(": made in ") == 1) == (faulty.kind != "kill")
    assert different(undisturbed.payloads(), project.payloads()) == []
    assert "Nothing to be done" in project.snakemake()
    facts = json.loads((project.results / "tables" / "index" / "facts.json").read_text())
    assert (facts["cells_done"], facts["missing"]) == (CELLS, [])


def start(project: Project) -> "tuple[int, Path]":
    """A run that stands in its attacks: its process, and the page of robust accuracies."""
    (project.root / "fault").write_text("import time; time.sleep(600)", encoding="utf-8")
    master = project.start("snakemake", "--cores", "2")
    log = project.results / "logs" / "attack" / "pgd_linf.log"
    before = log.stat().st_mtime if log.exists() else 0.0
    wait_for(lambda: log.exists() and log.stat().st_mtime > before and FAILS in log.read_text())
    return master.pid, project.results / "reports" / "index.html"


def test_a_page_says_that_it_is_older_than_a_run_that_was_killed(edited: Project, tmp_path: Path) -> None:
    project = edited.copy(tmp_path / "project")
    pid, page = start(project)
    os.killpg(pid, signal.SIGKILL)
    assert "This page is older than what it should show." in page.read_text()
    (project.root / "fault").unlink()
    project.run("distillab", "resume", "--", "--cores", "2", "results/tiny/reports/index.html")
    assert "This page is older" not in page.read_text()
    assert "This page is older" in (page.with_name("undistillable.html")).read_text()


def test_ctrl_c_renders_no_pages_and_ends_at_once(edited: Project, tmp_path: Path) -> None:
    project = edited.copy(tmp_path / "project")
    pid, page = start(project)
    before, began = page.read_bytes(), time.monotonic()
    os.killpg(pid, signal.SIGINT)
    wait_for(lambda: not project.running() and not alive(pid), 60)
    assert time.monotonic() - began < 30
    assert page.read_bytes() == before
    assert not list((project.root / ".distillab" / "failures").rglob("*.json")), "nobody failed"


def alive(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False
