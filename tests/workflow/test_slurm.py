"""The tiny preset through a real one-node Slurm gives the payload bytes of a local run, in the same words."""

import re
from collections.abc import Callable

import pytest
from cluster import OFTEN, accounts, ask, needs_slurm, queue
from documents import blocks
from project import PROJECT, TEACHERS, Project, different, wait_for

pytestmark = [*needs_slurm, pytest.mark.usefixtures("slurm")]


PAGE = PROJECT / "docs/how-to/slurm.md"

WHOLE = re.compile(r"([A-Z][^,;\n]*), (\d+) of \2\b")


def whole(said: str) -> set[str]:
    """What a run said that it did, all of it."""
    return {match[1] for match in WHOLE.finditer(said)}


def test_a_run_on_slurm_equals_a_local_one_in_bytes_and_in_words(
    finished: Project, fresh: Callable[[str], Project]
) -> None:
    remote = fresh("remote")
    done = remote.run("snakemake", "--profile", "slurm", *OFTEN, "--set-resources", "teach:gpu=1", "attack:gpu=1")
    said = done.stdout + done.stderr
    assert different(finished.payloads(), remote.payloads()) == []
    assert whole(said) == whole(finished.said.read_text(encoding="utf-8"))
    assert "SLURM" not in said


def test_the_page_on_slurm_says_what_one_types(finished: Project, fresh: Callable[[str], Project]) -> None:
    """Its commands, with the smallest preset in place of its own: the master is a job of the queue itself."""
    project = fresh("page")
    project.choose({"studies": ["undistillable"], "defenses": {"*": None, "ce": {}}, "robustness": {"families": []}})
    first, second = (block.text for block in blocks(PAGE) if block.check == ("slurm",))
    project.shell(first.replace("cifar100", "tiny"))
    wait_for(lambda: not queue(project))
    (said,) = (path.read_text(encoding="utf-8") for path in project.root.glob("slurm-*.out"))
    assert (project.results / "reports" / "index.html").exists(), said
    teachers = {name for name in project.payloads() if name.startswith("teachers/")}
    assert len(teachers) > 1
    assert not teachers & set(different(project.payloads(), finished.payloads()))
    assert "Nothing" in project.shell(second)


def test_gpu_rules_get_the_gres() -> None:
    assert ask("srun", "--gres=gpu:1", "printenv", "CUDA_VISIBLE_DEVICES").strip() == "0"


@pytest.mark.nightly
def test_jobs_that_are_sent_together_are_made_too(finished: Project, fresh: Callable[[str], Project]) -> None:
    remote = fresh("together")
    remote.run("snakemake", "--profile", "slurm", *OFTEN, "--slurm-array-jobs=all", *TEACHERS)
    assert different(remote.payloads(), {name: finished.payloads()[name] for name in remote.payloads()}) == []


@pytest.mark.nightly
def test_where_accounts_are_kept_jobs_are_asked_about_there(finished: Project, fresh: Callable[[str], Project]) -> None:
    remote = fresh("accounted")
    with accounts():
        remote.run("snakemake", "--profile", "slurm", *OFTEN, "--slurm-status-command", "sacct", *TEACHERS)
        rows = ask("sacct", "-n", "-P", "-o", "JobIDRaw,State,MaxRSS,WorkDir").splitlines()
    jobs = {row.split("|")[0] for row in rows if row.endswith(f"|{remote.root}")}
    states = {row.split("|")[1] for row in rows if row.split("|")[0] in jobs}
    assert (len(jobs), states) == (len(TEACHERS) + 1, {"COMPLETED"})  # and that of the data
    assert different(remote.payloads(), {name: finished.payloads()[name] for name in remote.payloads()}) == []
