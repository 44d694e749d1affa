"""Functionals over windows are those over whole maps."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from distillab.certify import sweep
from distillab.certify.crown import CROWN
from distillab.certify.dual import Dual
from distillab.certify.functionals import Functionals, Windows, unit_rows
from distillab.certify.trace import trace
from distillab.certify.transposed import transposed

SHAPE = (3, 5, 4)


def windows(stride=(2, 1), offset=(-1, -2), size=(3, 2), grid=(3, 4), seed=0):
    torch.manual_seed(seed)
    image = torch.tensor([0, 0, 1, 2, 2])
    at = Windows(torch.randint(grid[0] * grid[1], (5,)), grid, stride, offset)
    return Functionals(image, torch.randn(5, 3, *size).double(), SHAPE, at, inside=False)


@pytest.mark.parametrize("offset", [(-1, -2), (0, 1), (1, 0)])
@pytest.mark.parametrize("method", ["dot", "times", "clipped"])
def test_windows_are_whole_rows_in_short(offset, method):
    rows, value = windows(offset=offset), torch.randn(3, *SHAPE).double()
    whole = rows.whole()
    assert whole.coef.shape[1:] == SHAPE
    if method == "dot":
        assert torch.allclose(rows.dot(value), whole.dot(value))
    elif method == "times":
        assert torch.allclose(rows.times(value).whole().coef, whole.coef * value[rows.image])
    else:
        assert torch.allclose(rows.clipped().whole().coef, whole.coef)
        assert rows.clipped().coef.abs().sum() == pytest.approx(whole.coef.abs().sum().item())


@pytest.mark.parametrize("shared", [False, True])
def test_whole_images_of_rows_are_rows_in_short(shared):
    """As many rows for every image, with a template for each image or without."""
    torch.manual_seed(0)
    image, template = torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([1, 0, 1]).repeat(2) if shared else None
    fast = Functionals(image, torch.randn(2 if shared else 6, 7).double(), (7,), template=template, each=3)
    slow, value = replace(fast.spread(), each=0), torch.randn(2, 7).double()
    assert torch.allclose(fast.dot(value), slow.dot(value))
    assert torch.allclose(fast.radius(value.abs()), (slow.coef.abs() * value.abs()[image]).sum(dim=1))
    assert torch.allclose(fast.times(value).coef, slow.coef * value[image])
    doubled = fast.times(value).plus(fast, 2 * value)
    assert torch.allclose(doubled.coef, 3 * slow.coef * value[image])
    assert torch.allclose(doubled.coef, slow.times(value).plus(slow, 2 * value).coef)


def test_sums_of_windows_of_different_sizes():
    one, other = windows(), windows(offset=(0, -3), size=(2, 3))
    assert (one + other).windows is not None
    assert torch.allclose((one + other).whole().coef, one.whole().coef + other.whole().coef)
    far = windows(stride=(1, 1))
    assert (one + far).windows is None
    assert torch.allclose((one + far).coef, one.whole().coef + far.whole().coef)


def test_units_are_single_places():
    unit = torch.tensor([0, 7, 19, 59, 33])
    rows = unit_rows(torch.arange(5), unit, SHAPE, torch.zeros(()).double())
    value = torch.randn(5, *SHAPE).double()
    assert torch.equal(rows.dot(value), value.flatten(1)[torch.arange(5), unit])
    assert torch.equal(rows.whole().coef.flatten(1), F.one_hot(unit, 60).double())


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 3), (2, 1)])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (4, 2), (3, 4)])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5)])
@pytest.mark.parametrize("many", [1, 60])
def test_transposed_convolutions_agree_with_torch(stride, kernel, size, many):
    torch.manual_seed(0)
    coef, weight = torch.randn(many, 4, *size).double(), torch.randn(4, 2, *kernel).double()
    assert torch.allclose(transposed(coef, weight, stride), F.conv_transpose2d(coef, weight, stride=stride))


@pytest.mark.parametrize("spec", [Dual(), Dual(intersect=False), CROWN()], ids=lambda spec: spec.name)
@pytest.mark.parametrize("block", [1, 300])
def test_blocks_change_nothing(network, images, monkeypatch, spec, block):
    graph, x, y = trace(network("residual"), (2, 6, 5)), images(3), torch.tensor([0, 1, 2])
    whole = spec.margins(graph, x, y, 0.03)
    monkeypatch.setattr(sweep, "BLOCK", block)
    assert torch.allclose(spec.margins(graph, x, y, 0.03), whole, atol=1e-12)


def test_the_footprint_is_a_receptive_field():
    """Wong's small network: 4x4x16, then 10x10 pixels, and the whole first map from the dense layer on."""
    from distillab.models.wong import WongSmall

    graph = trace(WongSmall().build((1, 28, 28), 10), (1, 28, 28))
    before = [node for _, _, node in graph.activations]
    assert [graph.footprint(node) for node in before] == [16, 256, 3136]
