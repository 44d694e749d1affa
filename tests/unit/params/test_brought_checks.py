"""Networks from elsewhere in parameters: each mistake is one line before any job, and nothing in a file is run."""

import os

import pytest
import torch

from distillab.core.errors import SpecError


class Marker:
    """Unpickled, it leaves a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (os.mkdir, (self.path,))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with one file of each kind, which leave a mark when they are run; the current one."""
    torch.save({"w": torch.zeros(2), "x": Marker(tmp_path / "mark")}, tmp_path / "net.pth")
    (tmp_path / "net.pt").write_bytes((tmp_path / "net.pth").read_bytes())
    (tmp_path / "net.onnx").write_bytes(b"nothing of the kind")
    (tmp_path / "mine.py").write_text("from pathlib import Path\nPath('mark').mkdir()\ndef ask(x):\n    return x\n")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


WEIGHTS = {"weights": "net.pth", "arch": "cnn_digits"}
CODE = "a file of this kind can run code when it is read; if you trust whoever made it, write `trusted: [mine]`"


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ({}, "params: models.mine: expected one of the keys weights, torchscript"),
        ({"weights": "net.pth", "onnx": "net.onnx"}, "got weights and onnx"),
        ({"weights": "net.pth"}, "params: models.mine.arch: missing; expected its architecture"),
        (WEIGHTS | {"arch": "resnet"}, "params: models.mine.arch: expected one of"),
        (WEIGHTS | {"mean": [0.5]}, "expected mean and std, or neither"),
        (WEIGHTS | {"mean": [0.5], "std": [0]}, "expected std above 0"),
        (WEIGHTS | {"mean": [0.5, 0.5], "std": [1, 1]}, "models.mine.mean: expected 1 numbers"),
        (WEIGHTS | {"data": "mnist"}, "models.mine.data: the run is on digits; expected a model for it; got"),
        (WEIGHTS | {"students": ["vgg8"]}, "models.mine.students: expected some of cnn_digits"),
        (WEIGHTS | {"weights": "none.pth"}, "models.mine: none.pth: no such file"),
        (WEIGHTS | {"weights": "folder"}, "models.mine: folder: cannot be read as a model; expected a regular file"),
        ({"onnx": "net.onnx"}, "models.mine: net.onnx: is no ONNX file"),
        ({"torchscript": "net.pt"}, f"models.mine: {CODE}"),
        ({"exported": "net.pt"}, f"models.mine: {CODE}"),
        ({"callable": "mine:ask"}, f"models.mine: {CODE}"),
        ({"callable": "no_such_module:ask"}, "no_such_module: no such module"),
        ({"callable": "mine"}, "models.mine.callable: expected"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_run(here, params_of, model, says):
    with pytest.raises(SpecError) as told:
        params_of({"models": {"mine": model}})
    assert says in str(told.value)
    assert all(len(line) < 1000 and line.isprintable() for line in str(told.value).splitlines())
    assert not (here / "mark").exists()


def test_reading_what_may_be_read_runs_nothing(here, params_of):
    params = params_of({"models": {"mine": WEIGHTS, "ours": {"callable": "mine:ask"}}, "trusted": ["ours"]})
    assert all(len(model.fingerprint()) == 64 for model in params.models.values())
    assert not (here / "mark").exists()


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ({"models": {"ce": WEIGHTS}}, "models.ce: ce is a defense, too"),
        ({"trusted": ["mine"]}, "trusted: expected some of the keys of models; got 'mine'"),
        ({"models": {"mine": WEIGHTS}, "defenses": {"st": {"base": "yours"}}}, "starts from teachers of 'yours'"),
        (
            {"models": {"mine": WEIGHTS}, "defenses": {"st": {"base": "mine"}, "two": {"name": "st", "base": "st"}}},
            "defenses.two.base: st protects outputs itself",
        ),
    ],
)
def test_rows_and_names_must_fit(here, params_of, override, says):
    with pytest.raises(SpecError) as told:
        params_of(override)
    assert says in str(told.value)


def test_a_defense_may_be_around_a_network_from_elsewhere(here, params_of):
    params = params_of({"models": {"mine": WEIGHTS}, "defenses": {"st": {"base": "mine"}}})
    assert [params.brought(row) for row in ("ce", "st", "mine")] == [None, "mine", "mine"]
    assert [*params.rows][-1] == "mine"


def test_no_chain_starts_from_one(here, params_of):
    torch.save({"w": torch.zeros(2)}, here / "net.pth")
    models = {"models": {"mine": {"weights": "net.pth", "arch": "cnn_digits"}}}
    with pytest.raises(SpecError, match=r"chains\.own\.teacher_defense: a model from elsewhere: chains start .*'mine'"):
        params_of(models | {"studies": ["undistillable", "ta"], "chains": {"own": {"teacher_defense": "mine"}}})
