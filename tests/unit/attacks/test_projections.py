import pytest
import torch

from distillab.attacks.projections import NORMS, L2Ball, ball_around
from distillab.core.generators import ExampleNoise


def images(n, seed=0):
    return (torch.rand(n, 3, 6, 6, generator=torch.Generator().manual_seed(seed)) * 1.4 - 0.2).clamp(0, 1)


def test_norms_by_hand():
    delta = torch.zeros(1, 3, 2, 2)
    delta[0, :, 0, 0] = torch.tensor([0.3, -0.4, 0.0])
    delta[0, 0, 1, 1] = 5e-5
    measured = {name: norm(delta).item() for name, norm in NORMS.items()}
    assert measured == pytest.approx({"l0": 1, "l1": 0.70005, "l2": 0.5, "linf": 0.4}, abs=1e-6)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("eps", [0.0, 0.1, 2.0])
def test_projection_lands_in_the_ball_and_the_cube_and_stays_there(norm, eps):
    x = images(40)
    ball = ball_around(x, eps, norm)
    once = ball.project(x + torch.randn(x.shape, generator=torch.Generator().manual_seed(1)))
    assert (NORMS[norm](once - x) <= eps * (1 + 1e-6) + 1e-6).all()
    assert once.min() >= 0
    assert once.max() <= 1
    assert torch.allclose(ball.project(once), once, atol=1e-6)


def test_l2_projection_by_hand():
    x = torch.full((1, 1, 1, 2), 0.5)
    x_adv = ball_around(x, 0.1, "l2").project(x + torch.tensor([0.3, 0.4]))
    assert x_adv.flatten().tolist() == pytest.approx([0.56, 0.58])


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_ascent_has_unit_length_and_zero_stays_zero(norm):
    gradient = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(2)) * 1e-3
    gradient[3] = 0
    direction = ball_around(images(4), 0.1, norm).ascent(gradient)
    assert NORMS[norm](direction).tolist() == pytest.approx([1, 1, 1, 0], abs=1e-5)
    assert ((direction * gradient).flatten(1).sum(dim=1)[:3] > 0).all()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_samples_fill_the_ball(norm):
    """Away from the cube's faces, the radius of a uniform point has the distribution r^m of its volume."""
    x = torch.full((400, 1, 1, 2), 0.5)
    noise = ExampleNoise(0, tuple(range(400)))
    radius = NORMS[norm](ball_around(x, 0.2, norm).sample(noise, 0) - x) / 0.2
    assert radius.max() <= 1 + 1e-6
    assert radius.square().mean().item() == pytest.approx(0.5, abs=0.05)
    assert radius.square().quantile(0.25).item() == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_samples_belong_to_the_example_and_the_restart(norm):
    x = images(1).expand(6, -1, -1, -1)
    ball, noise = ball_around(x, 0.1, norm), ExampleNoise(0, tuple(range(6)))
    rows = torch.tensor([4, 1])
    first = ball.sample(noise, 0)
    assert torch.equal(ball.take(rows).sample(noise.take(rows), 0), first[rows])
    assert not torch.equal(first, ball.sample(noise, 1))
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("scale", [1e30, 1.0, 1e-13, 1e-25, 1e-38])
def test_a_gradient_of_any_size_has_a_direction_of_unit_length(scale):
    gradient = scale * torch.tensor([3.0, -4.0, 0.0, 0.0]).view(1, 1, 2, 2)
    direction = L2Ball.around(torch.full((1, 1, 2, 2), 0.5), 0.1).ascent(gradient)
    assert direction.flatten().tolist() == pytest.approx([0.6, -0.8, 0.0, 0.0])
    assert not L2Ball.around(gradient, 0.1).ascent(0 * gradient).any()
