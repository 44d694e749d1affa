"""Which arithmetic a GPU may use within a training step, and beside it: read off torch's own switches."""

from types import SimpleNamespace

import pytest
import torch

from distillab.specs.train import TrainSpec
from distillab.training.precision import kernels_of


def switches():
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


pytestmark = pytest.mark.usefixtures("strict_products")


@pytest.mark.parametrize(
    ("precision", "device", "rounds"),
    [
        ("tf32", "cuda", True),
        ("tf32", "cpu", False),
        ("float32", "cuda", False),
        ("bfloat16", "cuda", False),
    ],
)
def test_products_are_rounded_where_the_recipe_says_so_and_nowhere_else(precision, device, rounds):
    with kernels_of(TrainSpec(epochs=1, precision=precision), SimpleNamespace(type=device)):
        assert switches() == (rounds, rounds)
    assert switches() == (False, False)


def test_they_are_not_after_an_error():
    with (
        pytest.raises(ZeroDivisionError),
        kernels_of(TrainSpec(epochs=1, precision="tf32"), torch.device("cuda")),
    ):
        raise ZeroDivisionError
    assert switches() == (False, False)


@pytest.mark.parametrize("deterministic", [True, False])
def test_fast_kernels_are_for_recipes_that_ask_for_them_and_for_their_steps_alone(deterministic):
    torch.use_deterministic_algorithms(True, warn_only=True)
    recipe = TrainSpec(epochs=1, deterministic=deterministic)
    try:
        with kernels_of(recipe, torch.device("cuda")):
            assert torch.are_deterministic_algorithms_enabled() == deterministic
            assert torch.backends.cudnn.benchmark != deterministic
            assert switches() == (False, False)
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        assert not torch.backends.cudnn.benchmark
        with kernels_of(recipe, torch.device("cpu")):
            assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
