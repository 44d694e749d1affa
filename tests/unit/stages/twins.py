"""A teacher that was trained here, written to files in every form in which a network can be brought back in."""

import warnings
from pathlib import Path

import torch
from small_project import OVERRIDE, SmallProject
from torch import Tensor, nn

from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain

ORIGINAL = "ce-cnn_digits"
FORMS = ("weights", "torchscript", "exported", "onnx", "function")
KEYS = {"callable": "function"}

ALONE = OVERRIDE | {"studies": ["undistillable"], "defenses": {"*": None, "ce": {}}}
"""The original's project."""


def project_with_twins(folder: Path, override: dict[str, object] | None = None) -> SmallProject:
    """A project in which the original and its twins are teachers; their files lie in ``folder``."""
    first = SmallProject(folder / "original", ALONE)
    places = written(original(first.weights(f"{ORIGINAL}-s0")), folder)
    return SmallProject(folder / "project", ALONE | {"models": places, "trusted": trusted(places)} | (override or {}))


def trusted(places: dict[str, dict[str, object]]) -> list[str]:
    """The models that may run code."""
    return [key for key in places if key in ("torchscript", "exported", "function")]


def original(weights: dict[str, Tensor]) -> nn.Module:
    """The network with these weights."""
    network = build_model(MODELS.parse({"name": "cnn_digits"}), Domain((1, 8, 8), 5, (0.5,), (0.5,)), seed=0)
    network.load_state_dict(weights)
    return network.eval()


def written(network: nn.Module, folder: Path) -> dict[str, dict[str, object]]:
    """Files of all forms; key to how parameters name each."""
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    batch = {0: torch.export.Dim("batch", min=1)}
    torch.save(network.state_dict(), folder / "net.pth")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network, x), folder / "net.pt")
        torch.export.save(torch.export.export(network, (x,), dynamic_shapes=(batch,)), folder / "net.pt2")
        torch.onnx.export(
            network, (x,), folder / "net.onnx", dynamic_shapes=(batch,), external_data=False, verbose=False
        )
    source = f"import torch\nnet = torch.jit.load({str(folder / 'net.pt')!r}).eval()\ndef ask(x):\n    return net(x)\n"
    (folder / "twin_by_function.py").write_text(source)
    return {
        "weights": {"weights": str(folder / "net.pth"), "arch": "cnn_digits"},
        "torchscript": {"torchscript": str(folder / "net.pt")},
        "exported": {"exported": str(folder / "net.pt2")},
        "onnx": {"onnx": str(folder / "net.onnx")},
        "function": {"callable": "twin_by_function:ask"},
    }


def teacher(key: str) -> str:
    """The id of a twin's member."""
    return f"{key}-{'cnn_digits' if key == 'weights' else key}-s0"
