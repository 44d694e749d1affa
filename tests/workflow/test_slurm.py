"""The tiny preset through a real one-node Slurm gives the payload bytes of a local run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
NODE = Path(__file__).with_name("slurm_node.sh")
ALLOWED = bool(os.environ.get("CI") or os.environ.get("DISTILLAB_SLURM"))

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not ALLOWED, reason="installs packages and starts daemons: only in CI or by `make slurm-test`"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to install and start Slurm"),
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs Debian's packages"),
]

RUN_DEPENDENT = {"tables/run.json", "reports/index.html", "reports/undistillable.html"}
"""Payloads that say when and how long."""


@pytest.fixture(scope="module")
def slurm() -> Iterator[None]:
    """A Slurm node that answers."""
    done = subprocess.run(["bash", str(NODE)], capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    yield
    subprocess.run(["scancel", "--quiet", "--user=root"], timeout=30, check=False)


def copy_of_project(target: Path) -> Path:
    """The files git knows or would add, with the tiny preset chosen."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        source, copy = PROJECT / name, target / name
        if source.is_symlink():
            copy.symlink_to(source.readlink())
        elif source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    (target / "params.yaml").write_text(yaml.safe_dump({"preset": "tiny", "override": {}}), encoding="utf-8")
    return target


def snakemake(project: Path, *arguments: str) -> str:
    """Run snakemake with the project's own package; its output."""
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done.stdout + done.stderr


def payloads(project: Path) -> dict[str, bytes]:
    """Every payload whose bytes must not depend on where it was made."""
    results = project / "results" / "tiny"
    files = [path for path in results.rglob("*") if path.is_file() and path.with_name(path.name + ".json").exists()]
    named = {path.relative_to(results).as_posix(): path.read_bytes() for path in files}
    return {name: content for name, content in named.items() if name not in RUN_DEPENDENT}


@pytest.mark.usefixtures("slurm")
def test_slurm_run_equals_local_run(tmp_path: Path) -> None:
    local = copy_of_project(tmp_path / "local")
    remote = copy_of_project(tmp_path / "remote")
    snakemake(local, "--cores", "2")
    said = snakemake(remote, "--profile", "slurm", "--set-resources", "teach:gpu=1", "attack:gpu=1")
    assert "SLURM" in said or "slurm" in said

    ours, theirs = payloads(local), payloads(remote)
    assert len(ours) > 40
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


@pytest.mark.usefixtures("slurm")
def test_gpu_rules_get_the_gres() -> None:
    done = subprocess.run(
        ["srun", "--gres=gpu:1", "printenv", "CUDA_VISIBLE_DEVICES"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "0", done.stderr
