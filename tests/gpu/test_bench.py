"""`make bench-gpu` at small size on the CPU: every part runs, and a call goes on where the last one stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def bench(output, *options, **environment):
    return subprocess.run(
        [sys.executable, "benchmarks/gpu/run.py", "--output", str(output), *options],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT / 'benchmarks'}"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_measures_its_parts_and_goes_on(tmp_path):
    output = tmp_path / "gpu.json"
    small = ("--device", "cpu", "--small")
    stopped = bench(output, *small, "--limit", "0")
    assert stopped.returncode == 1, stopped.stderr
    assert "call it again" in stopped.stderr
    assert bench(output, *small).returncode == 0
    found = json.loads(output.read_text())
    assert list(found["parts"]) == ["training", "knockoffs", "attacks", "bounds"]
    assert all(value > 0 for name in ("training", "knockoffs", "bounds") for value in found["parts"][name].values())
    found["parts"]["training"] = {"kept": 1}
    output.write_text(json.dumps(found))
    assert bench(output, *small).returncode == 0
    assert json.loads(output.read_text())["parts"]["training"] == {"kept": 1}
    output.write_text(json.dumps(found | {"commit": "another"}))
    assert "training" in bench(output, *small, "--limit", "0").stderr


def test_without_a_gpu_it_says_so(tmp_path):
    without = bench(tmp_path / "gpu.json", CUDA_VISIBLE_DEVICES="")
    assert without.returncode == 2
    assert without.stderr == "no GPU here: --device cpu --small shows that everything runs\n"
