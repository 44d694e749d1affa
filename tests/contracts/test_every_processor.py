"""Every attack decides alike, and every bound is the same, under each instruction set that PyTorch can be told to use.

This process has one of them; each other one gets a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from attack_cases import IDS
from decisions import table

PROGRAM = Path(__file__).with_name("decisions.py")
AVAILABLE = {
    "default": True,
    "avx2": torch.cpu._is_avx2_supported(),
    "avx512": torch.cpu._is_avx512_supported(),
}
SOLVER = 1e-5
"""What the exact program's solver may be off by."""


@pytest.fixture(scope="module")
def here():
    return table()


@pytest.mark.parametrize("capability", AVAILABLE)
def test_decisions_are_those_of_this_process(here, capability, tmp_path):
    if not AVAILABLE[capability] or here["capability"] == capability:
        pytest.skip("not available, or this process's own")
    environment = os.environ | {"ATEN_CPU_CAPABILITY": capability}
    subprocess.run([sys.executable, PROGRAM, tmp_path / "there.npz"], env=environment, check=True, timeout=600)
    there = np.load(tmp_path / "there.npz")
    assert there["capability"] == capability
    assert set(there.files) == set(here)
    for name in set(here) - {"capability"}:
        tolerance = SOLVER if name.startswith("milp") else 1e-9
        np.testing.assert_allclose(there[name], here[name], rtol=0, atol=tolerance, err_msg=name)


def test_there_are_decisions_of_every_attack(here):
    assert all(here[f"{name} success"].any() for name in IDS)
    assert all(here[f"{name} distance"].dtype == np.float64 for name in IDS)
