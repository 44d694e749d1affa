"""Which arithmetic a GPU may use within a training step, and beside it: read off torch's own switches."""

import os
from types import SimpleNamespace

import pytest
import torch

from distillab.specs.train import TrainSpec
from distillab.training.precision import WORKSPACE, exact_kernels, kernels_of, use_exact_kernels


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


LIBRARIES = [
    getattr(library, part)
    for library, parts in (
        (torch.backends.cuda, ("matmul",)),
        (torch.backends.cudnn, ("conv", "rnn")),
        (torch.backends.mkldnn, ("matmul", "conv", "rnn")),
    )
    for part in parts
]
"""Torch's newer switches of rounding."""


def kernels():
    """Everything that exact kernels set; None for an older switch that torch refuses to read."""
    found = [torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()]
    found += [torch.backends.cudnn.benchmark, os.environ.get(WORKSPACE)]
    for read in (lambda: torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision):
        try:
            found.append(read())
        except RuntimeError:
            found.append(None)
    return found + [library.fp32_precision for library in LIBRARIES]


EXACT = [True, True, False, ":4096:8", False, "highest", *["ieee"] * 6]


def fast():
    """Torch's own convolutions, products of a user who asks for speed, and a search for kernels."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("medium")


def fast_by_newer_switches():
    torch.backends.cuda.matmul.fp32_precision = torch.backends.mkldnn.conv.fp32_precision = "tf32"


@pytest.fixture(params=[fast, fast_by_newer_switches])
def before(request, monkeypatch):
    """Switches that a user has set, put back after the test."""
    monkeypatch.delenv(WORKSPACE, raising=False)
    with exact_kernels():
        torch.use_deterministic_algorithms(False)
        os.environ.pop(WORKSPACE)
        request.param()
        yield kernels()


def test_kernels_are_exact_within_and_as_before_afterwards(before):
    assert before != EXACT
    with exact_kernels():
        assert kernels() == EXACT
    assert kernels() == before
    with pytest.raises(ZeroDivisionError), exact_kernels():
        raise ZeroDivisionError
    assert kernels() == before


def test_a_stage_has_the_same_until_it_ends(before):
    use_exact_kernels()
    assert kernels() == EXACT


def test_a_recipe_rounds_within_exact_kernels_and_leaves_them_exact(before):
    with exact_kernels():
        with kernels_of(TrainSpec(epochs=1, precision="tf32"), torch.device("cuda")):
            assert switches() == (True, True)
        assert switches() == (False, False)


def test_a_users_workspace_stays(monkeypatch):
    monkeypatch.setenv(WORKSPACE, ":16:8")
    with exact_kernels():
        assert os.environ[WORKSPACE] == ":16:8"
    assert os.environ[WORKSPACE] == ":16:8"
