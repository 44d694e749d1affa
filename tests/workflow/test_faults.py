"""Killed, damaged, full, unwritable: nothing lost, nothing half-written, one clear line."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from project import LONG, ONE_STUDY, TEACHERS, Project, copy_project, different, rules_run, wait_for

from distillab.core.absence import FAILURES

pytestmark = pytest.mark.workflow


def kill_group(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("uninterrupted") / "project")
    project.choose(LONG)
    project.snakemake(*ONE_STUDY)
    return project


def test_killed_at_random_moments_ends_with_the_same_bytes(
    uninterrupted: Project, fresh: Callable[[str], Project]
) -> None:
    project = fresh("killed")
    project.choose(LONG)
    moments = random.Random(2)
    for stage in ("teach", "teach", "knockoff"):
        process = project.start("distillab", "resume", "--", "--cores", "2", *ONE_STUDY)
        project.forget_log(stage)
        wait_for(lambda stage=stage: "epoch" in project.log(stage))
        time.sleep(moments.uniform(0.0, 0.8))
        kill_group(process)
    project.run("distillab", "resume", "--", "--cores", "2", *ONE_STUDY)
    assert different(uninterrupted.payloads(), project.payloads()) == []


def test_a_child_of_a_killed_master_is_ended_first(uninterrupted: Project, fresh: Callable[[str], Project]) -> None:
    project = fresh("orphaned")
    project.choose(LONG)
    process = project.start("snakemake", "--cores", "2", *ONE_STUDY)
    wait_for(lambda: "epoch" in project.log("teach"))
    for child in project.running():
        os.kill(child.pid, signal.SIGSTOP)  # one holds its model, and keeps it for as long as the test looks
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    second = project.run("distillab", "teach", "all", check=False)
    assert second.returncode == 3
    assert "is being written by another process" in second.stderr
    assert "distillab resume" in second.stderr

    project.run("distillab", "resume", "--", "--cores", "2", *ONE_STUDY)
    assert not project.running()
    assert different(uninterrupted.payloads(), project.payloads()) == []


def test_parameters_that_change_while_a_run_goes_on_are_not_mixed_with_those_of_its_beginning(
    uninterrupted: Project, fresh: Callable[[str], Project]
) -> None:
    project = fresh("changed")
    project.choose(LONG)
    master = project.start("snakemake", "--cores", "2", *ONE_STUDY)
    wait_for(lambda: "epoch" in project.log("teach"))
    project.choose({**LONG, "robustness": {"attacks": {"cw_l2": None, "pgd_linf": {"eps": 0.2}}}})
    assert master.wait(600) != 0
    assert "the parameters or the code have changed since this run began" in project.log("attack")
    assert not list((project.results / "attacks").rglob("*.parquet"))
    assert list((project.results / "knockoffs").rglob("*.safetensors")), "what does not depend on the change is made"
    project.choose(LONG)
    project.run("snakemake", "--cores", "2", *ONE_STUDY)
    assert different(uninterrupted.payloads(), project.payloads()) == []


def test_damaged_artifacts_are_never_read_and_heal(finished_copy: Project) -> None:
    before = finished_copy.payloads()
    first, second = ((finished_copy.results / "teachers" / "ce-cnn_digits" / f"s{seed}.safetensors") for seed in (0, 1))
    content = first.read_bytes()
    shutil.rmtree(finished_copy.root / ".distillab" / "store" / "measure")
    for damaged in (content[:-10], content[:-1] + bytes([content[-1] ^ 1])):
        first.write_bytes(damaged)
        assert_refused(finished_copy, first)
    shutil.copy(first.with_name("s0.safetensors.json"), second.with_name("s1.safetensors.json"))
    assert_refused(finished_copy, first, second)

    assert "made again: results/tiny/teachers/ce-cnn_digits/s0.safetensors: edited or foreign" in (
        finished_copy.snakemake()
    )
    assert different(before, finished_copy.payloads()) == []
    assert "made in" not in finished_copy.log("teach")


def assert_refused(project: Project, *models: Path) -> None:
    """They cost what is measured of them, and nothing else."""
    done = project.run("distillab", "measure", "all", check=False)
    lines = [line for line in done.stderr.splitlines() if "failed: " in line]
    members = [f"{model.parent.name}-{model.stem}-measure" for model in models]
    for line, member, model in zip(lines, members, models, strict=True):
        assert f" {member}: failed: " in line
        assert f"{model.parent.name}/{model.name}" in line
    (failures,) = (project.root / FAILURES / "tiny" / "measure").glob("*.json")
    assert json.loads(failures.read_text()).keys() == {*members}


def test_stale_files_without_records_are_made_again(finished_copy: Project) -> None:
    """Other parameters, and nothing that tells Snakemake so."""
    shutil.rmtree(finished_copy.root / ".snakemake" / "metadata")
    finished_copy.choose({"train": {"epochs": 7}})
    assert {"teach", "baseline", "knockoff", "distill", "measure", "attack"} <= rules_run(finished_copy.snakemake("-n"))
    finished_copy.snakemake("results/tiny/receipts/baseline/all.json")
    log = finished_copy.log("baseline")
    assert log.count(": made in ") == 2


@pytest.mark.parametrize("recorded", [False, True])
def test_a_file_without_its_sidecar_is_not_trusted(finished_copy: Project, *, recorded: bool) -> None:
    if not recorded:
        shutil.rmtree(finished_copy.root / ".snakemake" / "metadata")
    sidecar = finished_copy.results / "teachers" / "ce-cnn_digits" / "s0.safetensors.json"
    before = sidecar.read_bytes()
    sidecar.unlink()
    finished_copy.snakemake(*TEACHERS)
    assert sidecar.read_bytes() == before
    assert "made in" not in finished_copy.log("teach")


@pytest.fixture
def small_disk(fresh: Callable[[str], Project]) -> Iterator[Project]:
    """A project whose results lie on a disk of 300 KB."""
    project = fresh("full")
    mount = project.root / "results"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", mount], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("cannot mount a small file system here")
    yield project
    subprocess.run(["umount", mount], check=True)


def test_a_full_disk_is_one_line_and_nothing_is_lost(small_disk: Project) -> None:
    done = small_disk.run("distillab", "prepare", "all", check=False)
    assert done.returncode == 3
    lines = [line for line in done.stderr.splitlines() if line.startswith("distillab:")]
    assert len(lines) == 1
    assert "the disk is full" in lines[0]
    assert list((small_disk.root / ".distillab" / "store" / "prepare").glob("*/*/payload.safetensors.json"))
    assert not list((small_disk.root / "results").rglob("*.tmp"))


def test_an_unwritable_results_folder_is_one_line(fresh: Callable[[str], Project]) -> None:
    project = fresh("unwritable")
    (project.root / "results").write_text("a file stands where the folder should be")
    done = project.run("distillab", "prepare", "all", check=False)
    assert done.returncode == 3
    assert "cannot be written" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_controller_that_hangs_is_one_line(fresh: Callable[[str], Project], tmp_path: Path) -> None:
    """Snakemake's plugin waits for it at every start, with or without a cluster."""
    pytest.importorskip("snakemake_executor_plugin_slurm")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("scontrol", "sinfo", "squeue", "sacct"):
        (programs / name).write_text("#!/bin/sh\nexec sleep 60\n")
        (programs / name).chmod(0o755)
    own = Path(sys.executable).parent
    done = fresh("silent").run("snakemake", "-n", *ONE_STUDY, path=f"{programs}:{own}:/usr/bin:/bin")
    lines = [line for line in done.stderr.splitlines() if "controller" in line]
    assert len(lines) == 1
    assert lines[0].startswith("distillab: Slurm's controller does not answer, for which Snakemake waits up to 10 s")
