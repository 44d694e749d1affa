import math

import pytest
import torch
from torch import nn

from distillab.models import MODELS
from distillab.models.blocks import Residual, pre_activation
from distillab.models.papernot import SmallCNN

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)


def layers(name, shape, kind):
    torch.manual_seed(0)
    return [layer for layer in MODELS[name]().build(shape, 10).modules() if isinstance(layer, kind)]


@pytest.mark.parametrize(("name", "shape"), [("papernot_mnist", MNIST), ("papernot_digits", (1, 8, 8))])
def test_papernot_weights_are_glorot_uniform(name, shape):
    for layer in layers(name, shape, nn.Conv2d | nn.Linear):
        area = layer.weight[0, 0].numel()
        bound = math.sqrt(6 / (area * (layer.weight.shape[0] + layer.weight.shape[1])))
        assert 0.95 * bound < layer.weight.abs().max() <= bound
        assert not layer.bias.any()


@pytest.mark.parametrize("name", ["wong_resnet", "wong_small", "resnet20"])
def test_he_convolutions_have_the_variance_of_their_fan_out(name):
    for layer in layers(name, CIFAR, nn.Conv2d):
        std = math.sqrt(2 / (layer.kernel_size[0] ** 2 * layer.out_channels))
        assert layer.weight.std().item() == pytest.approx(std, rel=5 / math.sqrt(2 * layer.weight.numel()))
        assert layer.bias is None or not layer.bias.any()


def test_gray_wong_small_keeps_pytorchs_initialization():
    first = layers("wong_small", MNIST, nn.Conv2d)[0]
    assert first.weight.abs().max() <= 1 / 4  # uniform within 1 / sqrt(fan-in of 16)
    assert first.bias.any()


def test_trades_network_starts_without_an_opinion():
    torch.manual_seed(0)
    network = SmallCNN().build(MNIST, 10)
    assert not network(torch.rand(2, *MNIST)).any()
    second = network[2]
    assert second.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 32)), rel=0.05)


def test_residual_is_a_sum():
    x = torch.rand(2, 3)
    torch.testing.assert_close(Residual(nn.ReLU())(x - 0.5), (x - 0.5).relu() + x - 0.5)
    torch.testing.assert_close(Residual(nn.Identity(), nn.Tanh())(x), x + x.tanh())


@pytest.mark.parametrize("share", [False, True])
def test_a_shared_activation_reaches_the_shortcut_and_only_then(share):
    unit = pre_activation(4, 4, share=share).eval()
    for layer in unit.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.zeros_(layer.weight)
    x = torch.randn(2, 4, 5, 5)
    expected = x.relu() / math.sqrt(1 + 1e-5) if share else x
    torch.testing.assert_close(unit(x), expected)


@pytest.mark.parametrize(("name", "activated", "count"), [("wrn_34_10", True, 3), ("resnet20", False, 2)])
def test_convolutional_shortcuts_see_what_their_papers_give_them(name, activated, count):
    """TRADES' shortcuts start after the activation, those of the small pre-activation ResNets before it."""
    seen = []
    network = MODELS[name]().build((3, 8, 8), 10).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
            layer.register_forward_hook(lambda _layer, x, _y: seen.append((x[0] >= 0).all().item()))
    network(torch.rand(2, 3, 8, 8) - 0.5)
    assert seen == [activated] * count


def test_only_madrys_first_unit_shares_its_activation():
    network = MODELS["madry_wrn"](widths="simple").build(CIFAR, 10)
    units = [layer for layer in network if isinstance(layer, nn.Sequential | Residual)]
    assert [isinstance(unit, nn.Sequential) for unit in units] == [True] + [False] * 14


@pytest.mark.parametrize("name", ["wrn_34_10", "madry_wrn"])
def test_wide_networks_start_with_zero_dense_biases(name):
    (dense,) = layers(name, (3, 8, 8), nn.Linear)
    assert not dense.bias.any()
