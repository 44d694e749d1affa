"""Which GPUs there are, and that jobs beside each other take different ones: with real processes that hold locks."""

import subprocess
import sys

import pytest

from distillab.core import gpus
from distillab.core.gpus import VISIBLE, driver, gpus_here, take_gpu

HOLDER = """
import sys
from pathlib import Path
from distillab.core.gpus import take_gpu
print(take_gpu(Path(sys.argv[1]), sys.argv[2:], {}), flush=True)
sys.stdin.read()
"""


def holder(folder, *gpus):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), *gpus], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        ("", []),
        ("-1", []),
        ("0", ["0"]),
        ("2, 5", ["2", "5"]),
        ("1,-1,2", ["1"]),
        ("GPU-8,MIG-1/2", ["GPU-8", "MIG-1/2"]),
    ],
)
def test_the_environment_says_which_are_visible(visible, names, tmp_path):
    (tmp_path / "nvidia7").touch()
    assert gpus_here({VISIBLE: visible}, tmp_path) == names


def test_else_the_driver_does(tmp_path):
    for name in ("nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm", "nvidia0", "nvidia3x"):
        (tmp_path / name).touch()
    assert gpus_here({}, tmp_path) == ["0", "1", "2"]


def test_a_container_with_a_few_of_a_machines_gpus_counts_them_from_zero(tmp_path):
    for name in ("nvidia3", "nvidia5"):
        (tmp_path / name).touch()
    assert gpus_here({}, tmp_path) == ["0", "1"]


def test_a_driver_says_what_it_is_where_there_is_one(tmp_path):
    assert driver(tmp_path / "version") == ""
    (tmp_path / "version").write_text("Kernel Module  550.1\n")
    assert driver(tmp_path / "version") == "Kernel Module  550.1\n"


def test_one_gpu_needs_no_choice(tmp_path):
    environment = {}
    assert take_gpu(tmp_path / "gpus", ["3"], environment) is None
    assert take_gpu(tmp_path / "gpus", [], environment) is None
    assert environment == {}
    assert not (tmp_path / "gpus").exists()


def test_jobs_beside_each_other_take_different_gpus_and_share_when_there_are_more(tmp_path):
    held = [holder(tmp_path, "0", "GPU-1/2") for _ in range(4)]
    try:
        assert [name for _, name in held] == ["0", "GPU-1/2", "0", "GPU-1/2"]
        killed, _ = held[1]
        killed.kill()
        killed.wait()
        environment = {}
        assert take_gpu(tmp_path, ["0", "GPU-1/2"], environment) == "GPU-1/2"
        assert environment == {VISIBLE: "GPU-1/2"}
    finally:
        for process, _ in held:
            process.kill()
            process.wait()


def test_machines_that_share_a_folder_have_gpus_of_their_own(tmp_path, monkeypatch):
    process, name = holder(tmp_path, "0", "1")
    try:
        assert name == "0"
        monkeypatch.setattr(gpus, "gethostname", lambda: "elsewhere")
        assert take_gpu(tmp_path, ["0", "1"], {}) == "0"
    finally:
        process.kill()
        process.wait()
