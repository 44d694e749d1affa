"""What a recipe lets a GPU do within a training step: rounded products, kernels that do not repeat their bytes."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from distillab.specs.train import TrainSpec


@contextmanager
def kernels_of(spec: TrainSpec, device: torch.device) -> Iterator[None]:
    """Within it, a GPU has the kernels of a recipe; CPUs see nothing of it.

    With ``precision: tf32`` factors of matrix products and convolutions may be rounded to 10 bits of mantissa. With
    ``deterministic: false`` the fastest kernel for a shape is searched for, and sums may be taken in any order.
    Afterwards it is as before: what looks at a network beside its training steps, as attacks and measurements do,
    computes in float32 by kernels that repeat their bytes.
    """
    if device.type != "cuda" or (spec.deterministic and spec.precision != "tf32"):
        yield
        return
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32, convolutions.benchmark
    repeats, warns = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    if spec.precision == "tf32":
        products.allow_tf32 = convolutions.allow_tf32 = True
    if not spec.deterministic:
        convolutions.benchmark = True
        torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32, convolutions.benchmark = before
        torch.use_deterministic_algorithms(repeats, warn_only=warns)
