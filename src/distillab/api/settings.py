"""What the functions of Python need of torch, whatever its caller has set."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from distillab.training.precision import exact_kernels


@contextmanager
def own_settings() -> Iterator[None]:
    """Within it, and within what it decorates, there are gradients and kernels are exact; afterwards as before."""
    with torch.inference_mode(mode=False), torch.enable_grad(), exact_kernels():
        yield


@contextmanager
def float32_by_default() -> Iterator[None]:
    """Within it new networks have float32 parameters, as the images that they are for; afterwards as before."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
