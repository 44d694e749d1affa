"""What a dry run on a cluster says that each rule asks for is what the plan explains."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import PROJECT, Project

from distillab.core.stages import STAGES
from distillab.params.load import load_params
from distillab.plan.build import build_plan
from distillab.plan.resources import asked
from distillab.reporting.departures import read_settings
from distillab.reporting.reported import Reported

SETTINGS = read_settings(Reported(PROJECT / "reports" / "reported"))
PRESETS = tuple(dict.fromkeys(preset for experiment in SETTINGS for preset in experiment["presets"]))
SMALL = ("imagenet_networks", "wong_kolter_har")
RULE = re.compile(r"^rule (\w+):$.*?^    wildcards: job=(\S+)$.*?^    resources: ([^\n]*)$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.workflow


@pytest.fixture
def without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.mark.parametrize("preset", PRESETS)
def test_settings_of_papers_are_for_gpus(preset: str, tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(PROJECT / "config")
    (tmp_path / "reports").symlink_to(PROJECT / "reports")
    (tmp_path / "params.yaml").write_text("preset: tiny\noverride: {}\n", encoding="utf-8")
    assert load_params(tmp_path, preset).device == "cuda"


def said_and_planned(project: Project, preset: str) -> None:
    """Each job of a dry run asks for what the plan has, and jobs that compute for a GPU."""
    project.choose(preset=preset)
    text = project.run("snakemake", "-n", "--profile", "slurm").stdout
    shown = {
        (stage, job): {name: int(re.search(rf"\b{name}=(\d+)", said)[1]) if f"{name}=" in said else 0
                       for name in ("gpu", "mem_mb", "runtime")}
        for stage, job, said in RULE.findall(text)
    }  # fmt: skip
    plan = build_plan(project.root)
    planned = {(job.stage, job.id): asked(plan, job, {}) for job in plan.jobs}
    assert shown == planned
    assert all(each["gpu"] == int(STAGES[stage].computes) for (stage, _), each in shown.items())
    explained = project.run("distillab", "plan", "--all", "--no-measure").stdout
    for stage in {stage for stage, _ in planned if STAGES[stage].computes}:
        most = max(each["runtime"] for (other, _), each in planned.items() if other == stage)
        line = explained.split(f"\n{stage}: ")[1].split("needs: ")[1].splitlines()[0]
        assert "a job: a GPU, memory " in line
        assert line.endswith(f"{most:,} minutes")


@pytest.mark.usefixtures("without_a_gpu")
@pytest.mark.parametrize("preset", SMALL)
def test_a_dry_run_shows_what_the_plan_explains(preset: str, fresh: Callable[[str], Project]) -> None:
    said_and_planned(fresh(preset), preset)


@pytest.mark.nightly
@pytest.mark.usefixtures("without_a_gpu")
@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset not in SMALL])
def test_every_dry_run_shows_what_the_plan_explains(preset: str, fresh: Callable[[str], Project]) -> None:
    said_and_planned(fresh(preset), preset)


def test_a_retry_asks_for_as_much_again(fresh: Callable[[str], Project]) -> None:
    """By Snakemake's own count of attempts: a rule that fails twice tells what it was given."""
    project = fresh("retried")
    (project.root / "Snakefile").write_text(
        'include: "workflow/rules/common.smk"\n'
        "rule fails:\n"
        "    output: 'given/{job}.json'\n"
        "    resources: mem_mb=memory_of('prepare'), runtime=minutes_of('prepare')\n"
        "    shell: \"echo '[{resources.mem_mb}, {resources.runtime}]' >> given/said; exit 1\"\n",
        encoding="utf-8",
    )
    project.run("snakemake", "--cores", "1", "--retries", "2", "given/all.json", check=False)
    given = [json.loads(line) for line in (project.root / "given" / "said").read_text().splitlines()]
    assert given == [[each * attempt for each in given[0]] for attempt in (1, 2, 3)]


def test_a_job_that_finds_no_gpu_names_the_override(fresh: Callable[[str], Project]) -> None:
    project = fresh("without")
    project.choose({"device": "cuda"})
    environment = project.environment() | {"CUDA_VISIBLE_DEVICES": ""}
    program = str(Path(sys.executable).parent / "distillab")
    for stage, code in (("prepare", 0), ("teach", 3)):
        done = subprocess.run(
            [program, stage, "all"], cwd=project.root, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) is (code == 0), done.stderr
    last = done.stderr.splitlines()[-1]
    assert "no GPU; expected a CUDA device; got none" in last
    assert last.endswith("or write `override: {device: cpu}` into params.yaml")
