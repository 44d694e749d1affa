"""Randomness is a value: equal names give equal numbers, and the global state is nobody's channel."""

import pytest
import torch

from distillab.core.generators import ExampleNoise, forked, generator


def test_equal_names_equal_numbers():
    draws = [torch.rand(5, generator=generator(*names)) for names in ((0, "a"), (0, "a"), (0, "b"), (1, "a"))]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])


def test_a_fork_is_seeded_by_its_names_and_leaves_no_trace():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    with forked(0, "init"):
        first = torch.rand(4)
    torch.rand(3)
    with forked(0, "init"):
        second = torch.rand(4)
    torch.set_rng_state(before)
    with forked(0, "dropout"):
        third = torch.rand(4)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_a_fork_is_undone_after_an_error():
    before = torch.get_rng_state()
    try:
        with forked(0, "init"):
            torch.rand(1)
            raise ValueError
    except ValueError:
        pass
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("drawn", [ExampleNoise.uniform, ExampleNoise.normal])
def test_noise_belongs_to_the_example(drawn):
    like = torch.empty(4, 2, 3, 3)
    noise = ExampleNoise(7, (10, 11, 12, 13))
    whole = drawn(noise, like, "start", 0)
    part = noise.take(torch.tensor([2, 0]))
    assert part.ids == (12, 10)
    assert torch.equal(drawn(part, like[:2], "start", 0), whole[[2, 0]])
    for other in (drawn(noise, like, "start", 1), drawn(ExampleNoise(8, noise.ids), like, "start", 0)):
        assert not (other == whole).any()
    assert len(whole.flatten(1).unique(dim=0)) == 4


def test_noise_touches_no_global_state_and_follows_its_model():
    before = torch.get_rng_state()
    noise = ExampleNoise(0, tuple(range(300)))
    like = torch.empty(300, 40, dtype=torch.float64)
    uniform, normal = noise.uniform(like), noise.normal(like)
    assert torch.equal(torch.get_rng_state(), before)
    assert (uniform.shape, uniform.dtype, normal.dtype) == (like.shape, torch.float64, torch.float64)
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.01
    assert abs(normal.mean()) < 0.04
    assert abs(normal.std() - 1) < 0.03
