"""Every pair of network and image size trains, or is refused in one line before anything is made."""

import pytest
import torch

from distillab.certify.ibp import IBP
from distillab.certify.trace import trace
from distillab.core.registry import name_of
from distillab.models import MODELS
from distillab.models.count import planned_parameter_count
from distillab.models.load import build_model
from distillab.params.checks import impossible
from distillab.params.root import Params
from distillab.specs.model import Domain

CLASSES = 257
SHAPES = [(1, 1, 1), (1, 5, 9), (3, 8, 8), (1, 28, 28), (3, 32, 32)]
LIGHT = 1_000_000

every_size = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
every_network = pytest.mark.parametrize("model", MODELS.members, ids=name_of)
light_network = pytest.mark.parametrize(
    "model", [m for m in MODELS if planned_parameter_count(m(), (m.shapes or SHAPES[-1:])[0], 10) < LIGHT], ids=name_of
)


def refusals(model, shape, *studies):
    """What `distillab check` says of teachers of this network on images of this shape."""
    data = {"name": "image_folder", "title": "Odd", "path": "images", "shape": shape, "classes": CLASSES}
    params = Params.model_validate(
        {
            "preset": "tiny",
            "studies": studies,
            "data": data,
            "pairs": [{"teacher": {"name": name_of(model)}, "student": {"name": "mlp"}}],
            "train": {"epochs": 1, "batch_size": 2, "optimizer": {"name": "sgd"}},
            "defenses": {"ce": {"name": "ce"}},
            "certification": {"certifiers": {"ibp": {"name": "ibp"}}},
        }
    )
    return impossible(params)


def domain(shape):
    return Domain(shape, CLASSES, (0.5,) * shape[0], (0.5,) * shape[0])


@every_network
@every_size
def test_a_network_learns_from_these_images_or_is_refused(model, shape):
    lines = refusals(model, shape, "undistillable")
    if lines:
        (line,) = lines
        assert line.startswith(f"params: pairs[0].teacher: {name_of(model)} does not fit Odd; expected images of ")
        assert f"got {'x'.join(map(str, shape))} images" in line
        assert "\n" not in line
        return
    device = "cpu" if planned_parameter_count(model(), shape, CLASSES) < LIGHT else "meta"
    with torch.device(device):
        network = model().build(shape, CLASSES).train()
        logits = network(torch.rand(2, *shape))
        assert logits.shape == (2, CLASSES)
        torch.nn.functional.cross_entropy(logits, torch.tensor([1, CLASSES - 1])).backward()
        assert all(parameter.grad is not None for parameter in network.parameters())
        assert network.eval()(torch.rand(1, *shape)).shape == (1, CLASSES)


@light_network
@every_size
def test_a_network_is_bounded_on_these_images_or_the_study_is_refused(model, shape):
    lines = refusals(model, shape, "undistillable", "certified")
    assert len(lines) <= 1, "one reason at a time"
    if not lines:
        domain = Domain(shape, CLASSES, (0.5,) * shape[0], (0.5,) * shape[0])
        network = build_model(model(), domain, seed=0).eval()
        margins = IBP().margins(trace(network, shape), torch.rand(2, *shape), torch.tensor([1, CLASSES - 1]), 0.01)
        assert margins.shape == (2, CLASSES)


def test_the_dense_network_takes_any_size_and_is_certified():
    assert [refusals(MODELS["mlp"], shape, "undistillable", "certified") for shape in SHAPES] == [[]] * len(SHAPES)


def test_nothing_but_a_network_for_any_size_takes_one_pixel():
    assert {name_of(model) for model in MODELS if not model().misfit((1, 1, 1))} == {"mlp", "vgg8", "wong_har"}
