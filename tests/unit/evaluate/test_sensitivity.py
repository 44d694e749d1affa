"""Jacobian amplitudes: the table of the specification, and what cannot change them."""

import math

import pytest
import torch
from torch import nn

from distillab.data.dataset import ResidentImages
from distillab.evaluate.sensitivity import amplitudes, sensitivity


def of(logits, temperature=1.0):
    """Amplitudes with respect to the logits themselves."""
    values = torch.tensor([logits])
    k = len(logits)
    return amplitudes(values, torch.eye(k).view(1, k, k, 1, 1), temperature)


@pytest.mark.parametrize(("margin", "log10"), [(15, -6.73), (20, -8.90), (100, -43.65), (110, -47.99), (800, -347.65)])
def test_saturated_amplitudes_are_exact_in_log_space(margin, log10):
    assert of([float(margin), 0.0, -1.0]).log10_all.item() == pytest.approx(log10, abs=0.005)


@pytest.mark.parametrize(("margin", "reading"), [(15, 1.925e-7), (20, 9.40e-10), (100, 1.68e-44), (800, 0.0)])
def test_float32_reads_what_the_specification_measured(margin, reading):
    assert of([float(margin), 0.0, -1.0]).float32_all.item() == pytest.approx(reading, rel=2e-3)


def test_float32_reads_zero_where_log_space_does_not():
    table = of([110.0, 0.0, -1.0])
    assert table.float32_all.item() == 0
    assert table.log10_all.item() > -50


@pytest.mark.parametrize(("temperature", "slope"), [(1.0, 0.25), (2.0, 0.125)])
def test_the_toy_of_two_logits(temperature, slope):
    gradients = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1, 1)
    table = amplitudes(torch.zeros(1, 2), gradients, temperature)
    for value in (table.log10_all, table.log10_pred):
        assert 10 ** value.item() == pytest.approx(slope)
    assert 10 ** table.log10_logit.item() == pytest.approx(0.5)


def random_case(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(6, 5, generator=generator) * 3, torch.randn(6, 5, 1, 3, 3, generator=generator)


def test_it_is_the_jacobian_of_softmax():
    logits, gradients = random_case()
    p = torch.softmax(logits.double(), dim=1)
    flat = gradients.double().flatten(2)
    full = (torch.diag_embed(p) - p[:, :, None] * p[:, None, :]) @ flat
    table = amplitudes(logits, gradients)
    rows = torch.arange(6)
    assert torch.allclose(table.log10_all, full.abs().mean(dim=(1, 2)).log10())
    assert torch.allclose(table.log10_pred, full[rows, p.argmax(1)].abs().mean(dim=1).log10())
    assert torch.allclose(table.float32_all, full.abs().mean(dim=(1, 2)), rtol=1e-4)


def test_a_temperature_is_a_division_of_the_logits():
    logits, gradients = random_case()
    hot, divided = amplitudes(logits, gradients, 4.0), amplitudes(logits / 4, gradients / 4)
    assert torch.allclose(hot.log10_all, divided.log10_all)
    assert torch.allclose(hot.float32_all, divided.float32_all)
    assert torch.allclose(hot.float32_all.log10(), hot.log10_all, atol=1e-5)
    assert torch.allclose(amplitudes(3 * logits, 3 * gradients).log10_logit, hot.log10_logit + math.log10(3))


def test_a_model_is_differentiated_at_its_images():
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3)).train()
    images = ResidentImages(
        torch.arange(20, dtype=torch.uint8).reshape(5, 1, 2, 2), torch.zeros(5, dtype=torch.int64), 20
    )
    table = sensitivity(net, images, torch.tensor([4, 0, 2]))
    x = images.x[[4, 0, 2]].float() / 20
    with torch.no_grad():
        logits = net.eval()(x)
    expected = amplitudes(logits, net[2].weight.detach().view(1, 3, 1, 2, 2).expand(3, 3, 1, 2, 2))
    for name, values in table.columns().items():
        assert torch.allclose(torch.from_numpy(values), getattr(expected, name), rtol=1e-4), name
