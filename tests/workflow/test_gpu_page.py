"""What the page on GPUs has one type, on a machine that pretends to have one: stages from data to certificates."""

import json
import os
from collections.abc import Callable

import pytest
from documents import blocks
from project import PROJECT, Project

from distillab.core.stages import STAGES

pytestmark = pytest.mark.workflow

PAGE = PROJECT / "docs/how-to/gpu.md"
GPU_MACHINE = [PROJECT / "tests/workflow/gpu_machine", PROJECT / "tests/gpu"]
"""What pretends."""

FEW = {
    "device": "cuda",
    "studies": ["undistillable", "certified"],
    "seeds": [0],
    "defenses": {"*": None, "ce": {}, "cmim": {}},
    "knockoff": {"attacks": {"mkd": None}},
}
"""Of the preset tiny one model of each kind."""

COMPUTED = {stage.folder for stage in STAGES.values() if stage.computes}
"""Folders of payloads that a device computes."""


@pytest.mark.timeout(1200)
def test_all_that_computes_is_on_the_gpu_and_nothing_mixes_devices(fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    project.choose(FEW)
    (block,) = (block for block in blocks(PAGE) if block.check == ("gpu",))
    path = os.pathsep.join([project.environment()["PYTHONPATH"], *map(str, GPU_MACHINE)])
    project.shell(block.text, PYTHONPATH=path, CUDA_VISIBLE_DEVICES="0")
    made = {name: json.loads((project.results / f"{name}.json").read_text()) for name in project.payloads()}
    devices = {name: sidecar["environment"]["device"] for name, sidecar in made.items()}
    computed = {name for name in devices if name.partition("/")[0] in COMPUTED}
    assert {devices[name] for name in computed} == {"cuda"}
    kinds = {name.partition("/")[0] for name in computed}
    assert kinds >= {"teachers", "students", "knockoffs", "measures", "attacks", "certificates"}
