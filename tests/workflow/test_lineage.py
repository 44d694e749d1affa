"""Nothing stands on bytes that are no longer there: changed parents, other machines, damage, forgery."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from project import Project

from distillab.core.payloads import load_tensors, save_tensors
from distillab.core.sidecar import payload_of, read_sidecar, sidecar_path, write_sidecar
from distillab.core.store import Store
from distillab.studies import STUDIES

pytestmark = pytest.mark.workflow

TEACHER = "teachers/ls-cnn_digits/s0.safetensors"
ALWAYS = 3
"""The class that the other teacher names, whatever it is shown."""

REMADE = {
    "knockoff": ["ls-cnn_digits--kd-cnn_digits-s0", "ls-cnn_digits--mkd-cnn_digits-s0"],
    "measure": [
        "ls-cnn_digits-s0-measure",
        "ls-cnn_digits--kd-cnn_digits-s0-measure",
        "ls-cnn_digits--mkd-cnn_digits-s0-measure",
    ],
    "attack": ["ls-cnn_digits-s0-pgd_linf", "ls-cnn_digits-s0-cw_l2"],
}
"""Stage to the members that stand on that teacher."""

JOBS = {"knockoff": "all", "measure": "all/for_undistillable", "attack": "all/for_undistillable"}
"""Stage to the job that makes them."""

LONG = {"studies": ["undistillable"], "seeds": [0], "defenses": {"ls": None, "st": None, "cmim": None},
        "train": {"epochs": 60, "checkpoint_every": 3}}  # fmt: skip
"""One teacher, whose training takes long enough to be killed in the middle."""


def replace_teacher(project: Project) -> None:
    """Other weights under the same key, with a sidecar that fits: what another torch would have left."""
    path = project.results / TEACHER
    weights = load_tensors(path)
    weights["network.7.weight"].zero_()
    weights["network.7.bias"].zero_()[ALWAYS] = 10.0
    save_tensors(path, weights)
    write_sidecar(path, read_sidecar(path).model_copy(update={"payload": payload_of(path)}))


def entry_of(project: Project, name: str) -> Path:
    """The payload in the store of one under ``results/``."""
    sidecar = read_sidecar(project.results / name)
    return Store(project.root / ".distillab" / "store").entry(sidecar.stage, sidecar.key, Path(name).suffix).payload


@pytest.fixture(scope="module")
def replaced(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished run with another teacher, gone on with on another instruction set: as far as the index page."""
    project = finished.copy(tmp_path_factory.mktemp("replaced") / "project")
    replace_teacher(project)
    other = "avx2" if torch.backends.cpu.get_cpu_capability() == "DEFAULT" else "default"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATEN_CPU_CAPABILITY", other)
        project.snakemake("results/tiny/reports/index.html")
    return project


@pytest.mark.parametrize("stage", REMADE)
def test_what_stands_on_a_replaced_teacher_is_made_again(replaced: Project, stage: str) -> None:
    log = replaced.log(stage, JOBS[stage])
    for member in REMADE[stage]:
        assert f"{member}: made again: its parent was replaced: results/tiny/" in log
        assert f"{member}: made in" in log
    with_answers = len(REMADE[stage]) + (stage == "knockoff")
    assert log.count(": made again: ") == log.count(": made in ") == with_answers, "and nothing else"


def test_the_tables_show_the_teacher_that_is_there(replaced: Project, finished: Project) -> None:
    data, split = (load_tensors(replaced.results / "data" / f"{part}.safetensors") for part in ("images", "split"))
    share = float((data["test_y"][split["test"]] == ALWAYS).double().mean())
    now, before = (pd.read_parquet(run.results / "tables" / "index" / "models.parquet") for run in (replaced, finished))
    teachers = [frame[frame["model"] == "ls-cnn_digits"].set_index("seed")["test_accuracy"] for frame in (now, before)]
    assert teachers[0][0] == pytest.approx(share)
    assert teachers[1][0] > 2 * share
    assert teachers[0][1] == teachers[1][1], "the other seed's teacher is what it was"


def test_a_page_names_both_environments_and_what_was_made_in_each(replaced: Project, finished: Project) -> None:
    (before,) = json.loads((finished.results / "tables" / "index" / "run.json").read_text())["environments"]
    first, second = json.loads((replaced.results / "tables" / "index" / "run.json").read_text())["environments"]
    assert second["stages"] == {stage: len(members) for stage, members in REMADE.items()}
    assert second["payloads"] == 7
    assert first["payloads"] == before["payloads"] - 7
    assert {name for name, value in first["environment"].items() if second["environment"][name] != value} == {"kernels"}
    page = (replaced.results / "reports" / "index.html").read_text()
    assert f"made in 2 environments: kernels {first['environment']['kernels']} (" in page
    assert f"kernels {second['environment']['kernels']} (7 payloads: " in page
    assert "2 environments" not in (finished.results / "reports" / "index.html").read_text()


def test_verify_names_the_tables_that_were_not_made_again(replaced: Project) -> None:
    done = replaced.run("distillab", "verify", check=False)
    assert done.returncode == 3
    lines = {line.partition(": its parent was replaced: ")[0] for line in done.stdout.splitlines()}
    assert lines == {f"results/tiny/{file}" for file in STUDIES["undistillable"].files}


def test_a_proved_run_stays_proved_and_is_not_run_again(finished_copy: Project) -> None:
    assert "written to results/tiny/manifest.json" in finished_copy.run("distillab", "verify", "--write").stdout
    assert "Nothing to be done" in finished_copy.snakemake()
    assert "all as in results/tiny/manifest.json" in finished_copy.run("distillab", "verify").stdout
    replace_teacher(finished_copy)
    said = finished_copy.run("distillab", "verify", check=False).stdout
    assert f"results/tiny/{TEACHER}: payload" in said
    assert "results/tiny/measures/teachers/ls-cnn_digits/s0.safetensors: its parent was replaced" in said


def test_a_flipped_bit_in_a_checkpoint_costs_the_epochs_and_nothing_else(finished: Project, tmp_path: Path) -> None:
    project = finished.copy(tmp_path / "project")
    project.choose(LONG)
    project.run("distillab", "prepare", "all")
    whole = project.copy(tmp_path / "whole")
    process = project.start("distillab", "teach", "all")
    checkpoint = wait_for_checkpoint(project, process.pid)
    process.wait()
    content = bytearray(checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    checkpoint.write_bytes(content)

    said = project.run("distillab", "teach", "all").stderr
    assert "damaged, or another training's: starting again at the first epoch" in said
    assert "ce-cnn_digits-s0: epoch 1 of 60" in said
    whole.run("distillab", "teach", "all")
    name = "teachers/ce-cnn_digits/s0.safetensors"
    assert (project.results / name).read_bytes() == (whole.results / name).read_bytes()
    assert read_sidecar(project.results / name).digest == read_sidecar(whole.results / name).digest


def wait_for_checkpoint(project: Project, pid: int) -> Path:
    """The checkpoint of a training that was killed as soon as it had one."""
    folder, end = project.root / ".distillab" / "store" / "teach", time.monotonic() + 300
    while not (found := list(folder.glob("*/*/checkpoint.safetensors"))):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
    os.killpg(pid, signal.SIGKILL)
    return found[0]


def test_a_foreign_entry_in_the_store_is_made_again(finished_copy: Project) -> None:
    name = "teachers/ls-cnn_digits/s0.safetensors"
    before = (finished_copy.results / name).read_bytes()
    ours, foreign = entry_of(finished_copy, name), entry_of(finished_copy, "teachers/ce-cnn_digits/s0.safetensors")
    shutil.copy(foreign, ours)
    shutil.copy(sidecar_path(foreign), sidecar_path(ours))
    said = finished_copy.run("distillab", "teach", "all").stderr
    assert "is another member's, ce-cnn_digits-s0 with key" in said
    assert "ls-cnn_digits-s0: made in" in said
    assert (finished_copy.results / name).read_bytes() == before
    assert "made in" not in finished_copy.run("distillab", "teach", "all").stderr


def test_forged_results_are_refused_in_the_project_and_made_again_in_the_store(finished_copy: Project) -> None:
    name = "knockoffs/paper/ls-cnn_digits/kd-cnn_digits/s0.safetensors"
    shown, kept = sidecar_path(finished_copy.results / name), sidecar_path(entry_of(finished_copy, name))
    honest = read_sidecar(finished_copy.results / name)
    for path in (shown, kept):
        content = json.loads(path.read_text())
        content["results"]["queries"] = 1
        path.write_text(json.dumps(content))
    finished_copy.run("distillab", "collect", "all")
    gaps = json.loads((finished_copy.results / "tables" / "index" / "facts.json").read_text())["missing"]
    reasons = {gap["id"]: gap["reason"] for gap in gaps}
    assert f"{name}.json: edited; expected digest {honest.digest[:12]}..." in reasons[honest.id]
    assert "ls-cnn_digits--kd-cnn_digits-s0: made in" in finished_copy.run("distillab", "knockoff", "all").stderr
    assert read_sidecar(finished_copy.results / name).digest == honest.digest


def test_an_edited_plan_is_built_again_and_a_kept_one_needs_no_torch(finished_copy: Project) -> None:
    (path,) = (finished_copy.root / ".distillab" / "plans").glob("*.json")
    built = path.read_text()
    path.write_text(built.replace('"seeds":[0,1]', '"seeds":[0,7]', 1))
    look = (
        "import sys; from distillab.plan import load_plan; print(load_plan().params['seeds'], 'torch' in sys.modules)"
    )
    assert finished_copy.run("python", "-c", look).stdout.split("\n")[0] == "[0, 1] True"
    assert path.read_text() == built
    assert finished_copy.run("python", "-c", look).stdout.split("\n")[0] == "[0, 1] False"
