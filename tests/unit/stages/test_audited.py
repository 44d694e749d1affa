"""The same audit of one network behind every door, to its page: what thieves are told and pages say is what it says."""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "blackbox"))
sys.path.insert(0, str(Path(__file__).parents[2] / "reports"))

from in_process import body
from paid_endpoint import at_random, running

from distillab.blackbox import rounds
from distillab.cli.audit import _prepare
from distillab.cli.run import run_stage
from distillab.core.payloads import load_tensors
from distillab.core.stages import STAGES
from distillab.core.torchvision_compat import import_torchvision
from distillab.data import SyntheticSpec
from distillab.models.brought import BROUGHT
from distillab.params.audit_file import read_audit
from distillab.params.audit_images import audit_images
from distillab.params.audit_plan import audit_plan
from distillab.plan import load_plan

PROJECT = Path(__file__).parents[3]
DATA = {"name": "synthetic", "channels": 3, "train_images": 48, "test_images": 16}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MODULE = """
from pathlib import Path

import torch

NETWORK = torch.jit.load(Path(__file__).with_name("m.pt"))
MEAN, STD = (torch.tensor(each).reshape(3, 1, 1) for each in {statistics})


def answer(x):
    return NETWORK((x - MEAN) / STD)
"""


@pytest.fixture(scope="module")
def network():
    """A network of torchvision's that knows the blobs: it takes normalized images (n, 3, h, w), and answers logits."""
    import_torchvision()
    from torchvision import models

    torch.manual_seed(0)
    made = models.resnet18(num_classes=4)
    raw = SyntheticSpec(**DATA | {"train_images": 128}).read()
    x, optimizer = normalized(raw.train_x.float().numpy() / raw.levels), torch.optim.Adam(made.parameters(), 1e-3)
    for _ in range(8):
        for part in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(made(x[part]), raw.train_y[part]).backward()
            optimizer.step()
    return made.eval()


def normalized(x):
    x = torch.as_tensor(np.asarray(x, np.float32))
    return (x - torch.tensor(MEAN).reshape(3, 1, 1)) / torch.tensor(STD).reshape(3, 1, 1)


def probs(network, x):
    with torch.no_grad():
        return network(normalized(x)).double().softmax(dim=1).numpy()


def pixels(split):
    raw = SyntheticSpec(**DATA).read()
    return getattr(raw, f"{split}_x").float().numpy() / raw.levels


def as_onnx(network, folder):
    batch = torch.export.Dim("batch", min=1, max=1024)
    torch.onnx.export(
        network, (torch.zeros(2, 3, 8, 8),), folder / "m.onnx", input_names=["input"], output_names=["logits"],
        dynamic_shapes=({0: batch},), dynamo=True, verbose=False,
    )  # fmt: skip
    return {"onnx": "m.onnx", "mean": [*MEAN], "std": [*STD]}


def as_torchscript(network, folder):
    torch.jit.save(torch.jit.trace(network, torch.rand(2, 3, 8, 8)), str(folder / "m.pt"))
    return {"torchscript": "m.pt", "mean": [*MEAN], "std": [*STD]}


def as_function(network, folder):
    as_torchscript(network, folder)
    (folder / "stranger.py").write_text(MODULE.format(statistics=(MEAN, STD)))
    return {"callable": "stranger:answer"}


def as_table(network, folder):
    frames = []
    for split in ("train", "test"):
        said = probs(network, pixels(split))
        names = [f"{split}/{i}" for i in range(len(said))]
        frames.append(pd.DataFrame({"id": names} | {f"p{k}": said[:, k] for k in range(4)}))
    pd.concat(frames).to_csv(folder / "answers.csv", index=False)
    return {"recorded": "answers.csv"}


def as_endpoint(_network, _folder):
    return {"endpoint": {"batch": 8, "rate": 200, "concurrent": 3, "attempts": 100}}


@pytest.fixture(scope="module")
def endpoint(network):
    """Slow, with too many requests in between, failures, and replies that are lost; it remembers what it was asked."""
    with running() as server:
        server.reply = lambda x: (str(probs(network, x).tolist()).encode(), "application/json")
        server.delay, server.honors_keys = 0.05, True
        server.fate = at_random("ok", "ok", "429", "500", "503 paid", "drop", "drop paid", "cut paid")
        yield server


DOORS = {
    as_onnx: "ONNX", as_torchscript: "TorchScript", as_function: "function", as_table: "recorded answers",
    as_endpoint: "HTTP endpoint",
}  # fmt: skip
ASKED = (as_table, as_endpoint)
"""Behind which of them nothing may be asked that is not needed."""


def audit_of(model, folder):
    """The audit of a model in the current folder, and its plan, all jobs made but the page's."""
    said = {"model": model, "trusted": True, "images": DATA, "test": 16, "queries": 48, "labels": 4, "seeds": 3,
            "defenses": ["label"], "budget": {"minutes": 0.01}, "device": "cpu"}  # fmt: skip
    (folder / "audit.yaml").write_text(yaml.safe_dump(said))
    audit, run = read_audit(folder / "audit.yaml"), folder / "audits" / "audit"
    plan = audit_plan(audit, audit_images(audit, folder, run, folder), folder)
    _prepare(run, PROJECT, plan.override)
    os.chdir(run)
    made = load_plan()
    for stage in STAGES:
        if stage != "report":
            run_stage(made, stage)
    return made


@pytest.mark.parametrize("door", DOORS)
def test_an_audit_asks_the_model_behind_every_door_and_tells_of_it(door, network, endpoint, tmp_path, monkeypatch):
    model = door(network, tmp_path)
    if door is as_endpoint:
        model["endpoint"] |= {"url": f"{endpoint.url}?deployment=blue-7"}
        monkeypatch.setattr(rounds, "FIRST_WAIT", 0.05)
        monkeypatch.setattr(rounds, "LONGEST_WAIT", 0.1)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)  # and back at the end
    made = audit_of(model, tmp_path)
    (teacher,) = (m for m in made.members.values() if m.stage == "teach" and m.model.defense == "mine")
    answers = load_tensors(Path(made.members[f"{teacher.id}-measure"].path))
    index = load_tensors(Path(made.members["data-split"].path))["test"]
    assert np.allclose(answers["test"].exp().numpy(), probs(network, pixels("test"))[index.numpy()], atol=1e-5)
    assert len(answers["val"]) == 0
    assert any(member.stage == "answer" for member in made.members.values())

    tables = Path("results/audit/tables/audit")
    verdicts = pd.read_parquet(tables / "verdicts.parquet").query("defense == 'mine' and thief == 'poor'")
    page = body("audit", tables)
    (leaks,) = set(verdicts["verdict"] == "distillable")  # three short trainings show either, by the processor
    found = "can be stolen:" if leaks else "is not shown to leak to"
    assert f"On Synthetic blobs, mine {found} a thief with 4 labels, answers to all 48 training images" in page
    assert f"mine is from elsewhere ({DOORS[door]}); asked about 48 by thieves, 16 to judge with." in page
    assert f"from elsewhere: {DOORS[door]}</td>" in page
    assert "from elsewhere: not trained here, and nothing to compare answer by answer" in page
    assert ("from elsewhere: asked about no image for this alone" in page) == (door in ASKED)
    assert "blue-7" not in page
    if door is as_endpoint:
        assert set(endpoint.paid.values()) == {1}
        assert len(endpoint.paid) == 64
        paid = BROUGHT.parse(teacher.spec["brought"]).paid(Path())
        assert paid.answers == 64
        assert paid.requests == len(endpoint.requests) > 8
        assert paid.possibly_twice > 0
