import pytest
import torch

from distillab.attacks.precision import precision_of, rounding


def test_code_that_says_float_gets_the_precision_of_the_images():
    with precision_of(torch.zeros(1, dtype=torch.float64)):
        assert torch.ones(1).dtype == torch.float64
        assert torch.rand(2).dtype == torch.float64
        third = torch.tensor([1, 3]).float().reciprocal()
        assert third.dtype == torch.float64
        assert third[1].item() == 1 / 3
        assert torch.zeros(1, dtype=torch.float32).dtype == torch.float32


def test_a_gradient_passes_through_what_float_made():
    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    with precision_of(x):
        (x.float() * x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_single_precision_is_left_alone():
    with precision_of(torch.zeros(1)):
        assert torch.ones(1).dtype == torch.float32
        assert torch.ones(1, dtype=torch.float64).float().dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_is_as_before_after_an_error(dtype):
    with pytest.raises(ZeroDivisionError), precision_of(torch.zeros(1, dtype=dtype)):
        raise ZeroDivisionError
    assert torch.ones(1).dtype == torch.float32
    assert torch.ones(1, dtype=torch.float64).float().dtype == torch.float32


def test_half_precision_rounds_more_and_float32_as_before():
    x = torch.zeros(2, 1, 8, 8)
    for norm in ("linf", "l2"):
        assert rounding(x, norm) == rounding(x.double(), norm) == 1e-6
    assert rounding(x.half()) == 2**-10
    assert rounding(x.half(), "l2") == 8 * 2**-10
    assert rounding(x.bfloat16()) == 2**-7
