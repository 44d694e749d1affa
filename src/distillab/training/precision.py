"""Products of a training in TensorFloat-32, where its recipe says so; everywhere else float32 is float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from distillab.specs.train import TrainSpec


@contextmanager
def rounded_products(spec: TrainSpec, device: torch.device) -> Iterator[None]:
    """Within it, a GPU may round the factors of matrix products and convolutions to 10 bits of mantissa.

    That is so with ``precision: tf32`` alone; other recipes and CPUs see nothing of it. Afterwards it is as before:
    what looks at a network beside its training steps, as attacks and measurements do, computes in float32.
    """
    if spec.precision != "tf32" or device.type != "cuda":
        yield
        return
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    products.allow_tf32 = convolutions.allow_tf32 = True
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before
