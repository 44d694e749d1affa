import pytest
import torch
from torch import nn

from distillab.core.errors import SpecError
from distillab.models.normalize import Normalize, normalized


def test_each_channel_has_its_own_statistics():
    x = torch.tensor([0.25, 0.5, 1.0]).view(1, 3, 1, 1)
    y = Normalize((0.25, 0.0, 0.5), (1.0, 0.5, 0.25))(x)
    torch.testing.assert_close(y.flatten(), torch.tensor([0.0, 1.0, 2.0]))


def test_statistics_travel_with_the_weights_and_are_not_learned():
    model = normalized(nn.Flatten(), (0.1, 0.2), (0.3, 0.4))
    assert not list(model.parameters())
    other = normalized(nn.Flatten(), (0.0, 0.0), (1.0, 1.0))
    other.load_state_dict(model.state_dict())
    x = torch.rand(2, 2, 3, 3)
    assert torch.equal(other(x), model(x))
    assert other.normalize.mean.shape == other.normalize.std.shape == (1, 2, 1, 1)


def test_a_budget_stays_in_pixel_units():
    model = normalized(nn.Flatten(), (0.5,), (0.25,))
    x = torch.rand(1, 1, 2, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(x).sum(), x)
    torch.testing.assert_close(gradient, torch.full_like(x, 4.0))


@pytest.mark.parametrize(("mean", "std"), [((0.5,), (1.0, 1.0)), ((0.5,), (0.0,)), ((0.5, 0.5), (1.0, -1.0)), ((), ())])
def test_statistics_that_normalize_nothing_are_refused(mean, std):
    with pytest.raises(SpecError, match="one positive std per channel"):
        Normalize(mean, std)
