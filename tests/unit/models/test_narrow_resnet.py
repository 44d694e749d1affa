"""The narrow ResNet-18 is the wide one where it is as wide, and shrinks with the square of its width."""

import pytest
import torch
from torch import nn

from distillab.models.count import planned_parameter_count
from distillab.models.narrow_resnet import ResNet18Narrow
from distillab.models.resnet import ResNet18


def in_order(network):
    """Its parameters and buffers by kind of layer; torchvision declares a unit's shortcut last, as the narrow one."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.BatchNorm2d | nn.Linear)]


def test_as_wide_as_the_paper_it_answers_like_torchvisions_network():
    torch.manual_seed(0)
    shape = (3, 32, 32)
    reference, network = ResNet18().build(shape, 10).eval(), ResNet18Narrow(width=64).build(shape, 10).eval()
    for mine, theirs in zip(in_order(network), in_order(reference), strict=True):
        mine.load_state_dict(theirs.state_dict())
    x = torch.rand(2, *shape)
    assert torch.allclose(network(x), reference(x), atol=1e-5)


@pytest.mark.parametrize("width", [1, 8, 16])
def test_parameters_in_closed_form(width):
    w = width
    units = [(w, w), (w, w), (w, 2 * w), (2 * w, 2 * w), (2 * w, 4 * w), (4 * w, 4 * w), (4 * w, 8 * w), (8 * w, 8 * w)]
    convolutions = 9 * 3 * w + sum(9 * a * b + 9 * b * b + (a * b if a != b else 0) for a, b in units)
    norms = 2 * (w + sum(2 * b + (b if a != b else 0) for a, b in units))
    dense = 8 * w * 10 + 10
    assert planned_parameter_count(ResNet18Narrow(width=w), (3, 32, 32), 10) == convolutions + norms + dense


def test_the_default_has_176_402_parameters():
    assert planned_parameter_count(ResNet18Narrow(), (3, 32, 32), 10) == 176_402


def test_small_images_and_one_channel_are_taken():
    network = ResNet18Narrow().build((1, 8, 8), 3).eval()
    assert network(torch.rand(2, 1, 8, 8)).shape == (2, 3)
