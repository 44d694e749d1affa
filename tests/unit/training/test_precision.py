"""Which arithmetic a GPU may use within a training step, and beside it: read off torch's own switches."""

from types import SimpleNamespace

import pytest
import torch

from distillab.specs.train import TrainSpec
from distillab.training.precision import rounded_products


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
    with rounded_products(TrainSpec(epochs=1, precision=precision), SimpleNamespace(type=device)):
        assert switches() == (rounds, rounds)
    assert switches() == (False, False)


def test_they_are_not_after_an_error():
    with (
        pytest.raises(ZeroDivisionError),
        rounded_products(TrainSpec(epochs=1, precision="tf32"), torch.device("cuda")),
    ):
        raise ZeroDivisionError
    assert switches() == (False, False)
