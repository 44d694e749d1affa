"""What the tests of more than one folder check with."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor

from distillab.params.load import load_params
from distillab.studies import PAGES

REPOSITORY = Path(__file__).parents[2]

RICH = {
    "studies": ["undistillable", "ta", "adversarial", "certified"],
    "seeds": [3, 7],
    "data": {"augment": {"crop_padding": 1}},
    "pairs": [
        {"teacher": "cnn_digits", "student": "papernot_digits"},
        {"teacher": "papernot_digits", "student": "papernot_digits"},
    ],
    "train": {"threads": 2},
    "student_train": {
        "epochs": 3, "batch_size": 16, "precision": "bfloat16", "channels_last": True, "threads": 4,
    },
    "defenses": {"*": None, "ce": {}, "ls": {"train": {"epochs": 4}}, "st": {}},
    "knockoff": {
        "attacks": {
            "*": None, "kd": {}, "live": {"name": "kd", "responses": "live", "train": {"epochs": 2, "threads": 3}},
        },
        "label_smoothing": [0.1, 0.25],
    },
    "chains": {
        "ta": {"steps": 1, "temperatures": [5], "init": "common_warm", "one_seed_from": 1},
        "left": {"teacher_defense": "ls", "steps": 1, "temperatures": [2.5]},
    },
    "robustness": {"examples": 6, "attacks": {"cw_l2": None}, "transfer": ["pgd_linf"]},
    "headline": {"defenses": ["ls"], "attacks": ["kd"], "seeds": [9]},
    "sensitivity": {"images": 5},
    "certification": {"defenses": ["ls"], "certifiers": {"dual": None}},
    "batch": {stage: [] for stage in ("teach", "knockoff", "distill", "attack")},
}  # fmt: skip
"""One of everything: two networks, two recipes, a headline seed, trained and kept chains, transfers."""


def lay_out(root):
    """The presets of this repository, and pages without content."""
    shutil.copytree(REPOSITORY / "config", root / "config")
    (root / "reports").mkdir()
    for report in PAGES:
        (root / "reports" / f"{report}.py").write_text("from distillab.reporting import tables\n")


def choose(root, override, preset):
    """Write ``params.yaml``."""
    content = {"preset": preset, "override": override or {}}
    (root / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return root


@pytest.fixture
def project(tmp_path):
    """Write a project whose ``params.yaml`` has this preset and override; return its root."""
    lay_out(tmp_path)
    return lambda override=None, preset="tiny": choose(tmp_path, override, preset)


@pytest.fixture(scope="session")
def kept_project(tmp_path_factory):
    """The same of a project that several tests read."""

    def written(override, preset="tiny"):
        root = tmp_path_factory.mktemp("kept")
        lay_out(root)
        return choose(root, override, preset)

    return written


@pytest.fixture(scope="session")
def rich_params(kept_project):
    """Parameters with one of everything, and the root of their project."""
    root = kept_project(RICH)
    return load_params(root), root


@pytest.fixture
def params_of(project):
    """Validated parameters of a preset with an override."""
    return lambda override=None, preset="tiny": load_params(project(override, preset))


@pytest.fixture
def check_slope() -> Callable[[Callable[[], Tensor], list[Tensor]], None]:
    """A check that the gradient of a float64 loss agrees with its finite difference along a random direction."""

    def check(loss: Callable[[], Tensor], parameters: list[Tensor]) -> None:
        gradients = torch.autograd.grad(loss(), parameters)
        torch.manual_seed(1)
        way = [torch.randn_like(parameter) for parameter in parameters]
        slope = sum((g * w).sum().item() for g, w in zip(gradients, way, strict=True))

        def moved(step: float) -> float:
            with torch.no_grad():
                for parameter, w in zip(parameters, way, strict=True):
                    parameter.add_(w, alpha=step)
                value = loss().item()
                for parameter, w in zip(parameters, way, strict=True):
                    parameter.sub_(w, alpha=step)
            return value

        assert (moved(1e-6) - moved(-1e-6)) / 2e-6 == pytest.approx(slope, rel=1e-4)

    return check
