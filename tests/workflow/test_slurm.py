"""The tiny preset through a real one-node Slurm gives the payload bytes of a local run."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from project import Project, different

NODE = Path(__file__).with_name("slurm_node.sh")
ALLOWED = bool(os.environ.get("CI") or os.environ.get("DISTILLAB_SLURM"))

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not ALLOWED, reason="installs packages and starts daemons: only in CI or by `make slurm-test`"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to install and start Slurm"),
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs Debian's packages"),
]


@pytest.fixture(scope="module")
def slurm() -> Iterator[None]:
    """A Slurm node that answers."""
    done = subprocess.run(["bash", str(NODE)], capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    yield
    subprocess.run(["scancel", "--quiet", "--user=root"], timeout=30, check=False)


@pytest.mark.usefixtures("slurm")
def test_slurm_run_equals_local_run(finished: Project, fresh: Callable[[str], Project]) -> None:
    remote = fresh("remote")
    done = remote.run("snakemake", "--profile", "slurm", "--set-resources", "teach:gpu=1", "attack:gpu=1")
    assert "slurm" in (done.stdout + done.stderr).lower()
    assert different(finished.payloads(), remote.payloads()) == []


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
