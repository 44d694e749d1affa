"""What the tests of more than one folder check with."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor


@pytest.fixture
def check_slope() -> Callable[[Callable[[], Tensor], list[Tensor]], None]:
    """A check that the gradient of a float64 loss agrees with its finite difference along a random direction."""

    def check(loss: Callable[[], Tensor], parameters: list[Tensor]) -> None:
        gradients = torch.autograd.grad(loss(), parameters)
        torch.manual_seed(1)
        way = [torch.randn_like(parameter) for parameter in parameters]
        slope = sum((g * w).sum().item() for g, w in zip(gradients, way, strict=True))

        def moved(step: float) -> float:
            with torch.no_grad():
                for parameter, w in zip(parameters, way, strict=True):
                    parameter.add_(w, alpha=step)
                value = loss().item()
                for parameter, w in zip(parameters, way, strict=True):
                    parameter.sub_(w, alpha=step)
            return value

        assert (moved(1e-6) - moved(-1e-6)) / 2e-6 == pytest.approx(slope, rel=1e-4)

    return check
