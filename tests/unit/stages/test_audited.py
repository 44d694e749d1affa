"""The same audit of one network behind every door: what thieves are told, and what is measured, is what it says."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "blackbox"))

from paid_endpoint import running

from distillab.cli.audit import _prepare
from distillab.cli.run import run_job, run_stage
from distillab.core.payloads import load_tensors
from distillab.data import SyntheticSpec
from distillab.params.audit_file import read_audit
from distillab.params.audit_images import audit_images
from distillab.params.audit_plan import audit_plan
from distillab.plan import load_plan

PROJECT = Path(__file__).parents[3]
DATA = {"name": "synthetic", "train_images": 48, "test_images": 16}
WEIGHTS = np.random.default_rng(0).normal(0, 0.5, (64, 4)).astype(np.float32)
MODULE = """
import numpy as np

WEIGHTS = np.random.default_rng(0).normal(0, 0.5, (64, 4)).astype(np.float32)


def answer(x):
    return x.numpy().reshape(len(x), 64) @ WEIGHTS
"""


def probs(x):
    logits = np.asarray(x, np.float32).reshape(len(x), 64) @ WEIGHTS
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def pixels(split):
    raw = SyntheticSpec(**DATA).read()
    return getattr(raw, f"{split}_x").float().numpy() / raw.levels


def as_onnx(folder):
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "W"], ["y"])]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *rest])
            for name, rest in (("x", (1, 8, 8)), ("y", (4,))))  # fmt: skip
    graph = helper.make_graph(nodes, "net", [x], [y], [numpy_helper.from_array(WEIGHTS, "W")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "m.onnx")
    return {"onnx": "m.onnx"}


def as_torchscript(folder):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 4, bias=False))
    network.load_state_dict({"1.weight": torch.from_numpy(WEIGHTS.T.copy())})
    torch.jit.save(torch.jit.trace(network, torch.rand(2, 1, 8, 8)), str(folder / "m.pt"))
    return {"torchscript": "m.pt"}


def as_function(folder):
    (folder / "stranger.py").write_text(MODULE)
    return {"callable": "stranger:answer"}


def as_table(folder):
    frames = []
    for split in ("train", "test"):
        said = probs(pixels(split))
        names = [f"{split}/{i}" for i in range(len(said))]
        frames.append(pd.DataFrame({"id": names} | {f"p{k}": said[:, k] for k in range(4)}))
    pd.concat(frames).to_csv(folder / "answers.csv", index=False)
    return {"recorded": "answers.csv"}


def as_endpoint(_folder):
    return {"endpoint": {"batch": 16, "rate": 1000}}


@pytest.fixture(scope="module")
def endpoint():
    with running() as server:
        server.reply = lambda x: (str(probs(x).tolist()).encode(), "application/json")
        yield server


@pytest.mark.parametrize("door", [as_onnx, as_torchscript, as_function, as_table, as_endpoint])
def test_an_audit_asks_the_model_behind_every_door(door, endpoint, tmp_path, monkeypatch):
    model = door(tmp_path)
    if door is as_endpoint:
        model["endpoint"] |= {"url": endpoint.url}
    said = {"model": model, "trusted": True, "images": DATA, "test": 16, "queries": 48, "labels": 8, "seeds": 3,
            "defenses": ["label"], "budget": {"minutes": 0.01}, "device": "cpu"}  # fmt: skip
    (tmp_path / "audit.yaml").write_text(yaml.safe_dump(said))
    monkeypatch.syspath_prepend(str(tmp_path))
    audit, run = read_audit(tmp_path / "audit.yaml"), tmp_path / "audits" / "audit"
    plan = audit_plan(audit, audit_images(audit, tmp_path, run, tmp_path), tmp_path)
    _prepare(run, PROJECT, plan.override)
    monkeypatch.chdir(run)
    made = load_plan()
    run_stage(made, "prepare")
    rows = {member.id: member for member in made.members.values() if member.model and member.model.defense == "mine"}
    (teacher,) = (member for member in rows.values() if member.stage == "teach")
    told = next(member for member in rows.values() if member.stage == "knockoff" and member.model.thief == "poor_label")
    for wanted in (teacher.id, told.id, f"{teacher.id}-measure"):
        job = next(job for job in made.jobs if wanted in job.members)
        run_job(made.model_copy(update={"jobs": (job.model_copy(update={"members": (wanted,)}),)}), job.stage, job.id)
    answers = load_tensors(run / made.members[f"{teacher.id}-measure"].path)
    index = load_tensors(run / made.members["data-split"].path)["test"]
    assert np.allclose(answers["test"].exp().numpy(), probs(pixels("test"))[index.numpy()], atol=1e-5)
    assert len(answers["val"]) == 0
    sidecars = [member for member in made.members.values() if member.stage == "answer"]
    assert len(sidecars) >= 2
    if door is as_endpoint:
        assert set(endpoint.paid.values()) == {1}
        assert len(endpoint.paid) == plan.answers
