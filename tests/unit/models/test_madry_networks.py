import pytest
import torch
from torch import nn

from distillab.models.madry import MadryMNIST, MadryWRN, PerImageStandardize, PoolAndPad


def test_each_image_is_standardized_by_itself():
    x = torch.rand(3, 3, 8, 8)
    y = PerImageStandardize()(x)
    torch.testing.assert_close(y.mean(dim=(1, 2, 3)), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.flatten(1).std(dim=1, correction=0), torch.ones(3))
    assert torch.equal(PerImageStandardize()(x[1:2]), y[1:2])


def test_brightness_and_contrast_do_not_matter():
    x = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(PerImageStandardize()(0.3 * x + 0.5), PerImageStandardize()(x), atol=1e-4, rtol=1e-4)


def test_the_gradient_flows_through_the_statistics():
    """What does not depend on brightness and contrast has no derivative along them."""
    x = torch.rand(4, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    y = (PerImageStandardize()(x) * torch.randn(4, 3, 8, 8, dtype=torch.float64)).sum()
    (gradient,) = torch.autograd.grad(y, x)
    assert gradient.abs().max() > 1
    zeros = torch.zeros(4, dtype=torch.float64)
    torch.testing.assert_close(gradient.flatten(1).sum(dim=1), zeros, atol=1e-9, rtol=0)
    torch.testing.assert_close((gradient * x).flatten(1).sum(dim=1), zeros, atol=1e-9, rtol=0)


def test_standardization_has_its_analytic_gradient():
    x = torch.rand(2, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(PerImageStandardize(), x)


def test_the_floor_is_one_over_the_root_of_the_pixels_in_bytes():
    x = torch.full((1, 1, 2, 2), 0.5, dtype=torch.float64)
    x[0, 0, 0, 0] += 4e-4  # below the floor: std 1.7e-4 against 1 / (255 * 2)
    y = PerImageStandardize()(x)
    torch.testing.assert_close(y[0, 0, 0, 0], torch.tensor(3e-4 * 255 * 2, dtype=torch.float64))


def test_a_constant_image_has_a_finite_gradient():
    x = torch.full((1, 3, 8, 8), 0.5, requires_grad=True)
    (gradient,) = torch.autograd.grad(PerImageStandardize()(x).square().sum() + PerImageStandardize()(x)[0, 0, 0, 0], x)
    assert gradient.isfinite().all()


def test_the_shortcut_averages_and_pads_both_sides():
    x = torch.arange(8.0).view(1, 2, 2, 2)
    y = PoolAndPad(2, 6, 2)(x)
    assert y.flatten().tolist() == [0, 0, 1.5, 5.5, 0, 0]


def test_the_simple_network_learns_from_its_image():
    network = MadryWRN(widths="simple").build((3, 32, 32), 10)
    x = torch.rand(2, 3, 32, 32, requires_grad=True)
    logits = network(x)
    assert logits.shape == (2, 10)
    (gradient,) = torch.autograd.grad(logits[:, 0].sum(), x)
    assert (gradient.flatten(1).norm(dim=1) > 0).all()


def test_leaky_slope_and_batch_norm_are_tensorflows():
    network = MadryWRN(widths="simple").build((3, 32, 32), 10)
    assert {m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)} == {0.1}
    assert {(m.momentum, m.eps) for m in network.modules() if isinstance(m, nn.BatchNorm2d)} == {(0.1, 1e-3)}


@pytest.mark.parametrize("index", [0, 3, 7, 9])
def test_mnist_weights_are_truncated_normal_and_biases_constant(index):
    layer = MadryMNIST().build((1, 28, 28), 10)[index]
    assert torch.equal(layer.bias, torch.full_like(layer.bias, 0.1))
    assert layer.weight.abs().max() <= 0.2
    assert abs(layer.weight.std().item() - 0.088) < 0.01  # 0.1 * sqrt(1 - 4 phi(2) / (2 Phi(2) - 1))
