"""What the page on GPUs has one type, on a machine that pretends to have one: stages from data to certificates."""

import json
import os
from collections.abc import Callable

import pytest
from documents import blocks
from project import PROJECT, Project

pytestmark = pytest.mark.workflow

PAGE = PROJECT / "docs/how-to/gpu.md"
GPU_MACHINE = [PROJECT / "tests/workflow/gpu_machine", PROJECT / "tests/gpu"]
"""What pretends."""


@pytest.mark.timeout(1200)
def test_a_run_asks_for_the_gpu_and_computes_on_it(fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    project.choose(
        {
            "device": "cuda",
            "seeds": [0],
            "defenses": {"*": None, "ce": {}, "cmim": {}},
            "knockoff": {"attacks": {"mkd": None}},
            "chains": {"ta": {"steps": 1, "temperatures": [5]}},
        }
    )
    (block,) = (block for block in blocks(PAGE) if block.check == ("gpu",))
    path = os.pathsep.join([project.environment()["PYTHONPATH"], *map(str, GPU_MACHINE)])
    said = project.shell(block.text, PYTHONPATH=path, CUDA_VISIBLE_DEVICES="0")
    assert "gpu=1" in said or "gpu: 1" in said, said
    sidecars = {path.name: json.loads(path.read_text()) for path in project.results.glob("teachers/*/*.json")}
    assert {sidecar["run"]["device"] for sidecar in sidecars.values()} == {"cuda"}
    assert (project.results / "reports" / "index.html").exists()
