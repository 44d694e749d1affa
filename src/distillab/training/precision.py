"""Which kernels a GPU computes with: exact and repeatable ones, and what a recipe lets it do within a training step."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch

from distillab.specs.train import TrainSpec

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
"""What cuBLAS needs in the environment to repeat its bytes."""


_BACKENDS: Any = torch.backends
_PRODUCTS = (
    _BACKENDS.cuda.matmul, _BACKENDS.cudnn.conv, _BACKENDS.cudnn.rnn,
    _BACKENDS.mkldnn.matmul, _BACKENDS.mkldnn.conv, _BACKENDS.mkldnn.rnn,
)  # fmt: skip
"""What says, library by library, how the factors of products are rounded."""


def use_exact_kernels() -> None:
    """Deterministic and full float32 kernels: attacks and their verification must not run on rounded products."""
    os.environ.setdefault(WORKSPACE, ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    for library in _PRODUCTS:
        library.fp32_precision = "ieee"


@contextmanager
def exact_kernels() -> Iterator[None]:
    """Within it, and within what it decorates, kernels are those of `use_exact_kernels`; afterwards as before."""
    workspace, benchmark = os.environ.get(WORKSPACE), torch.backends.cudnn.benchmark
    repeats, warns = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    products, restore = [library.fp32_precision for library in _PRODUCTS], _older_switches()
    try:
        use_exact_kernels()
        yield
    finally:
        restore()
        for library, rounding in zip(_PRODUCTS, products, strict=True):
            library.fp32_precision = rounding
        torch.backends.cudnn.benchmark = benchmark
        torch.use_deterministic_algorithms(repeats, warn_only=warns)
        if workspace is None:
            os.environ.pop(WORKSPACE, None)


def _older_switches() -> Callable[[], None]:
    """Sets torch's older switches of rounding back to where they are now, as far as they can be read.

    Torch refuses to read one that says other than the newer, which take its place then.
    """
    convolutions: bool | None = None
    products: str | None = None
    with suppress(RuntimeError):
        convolutions = torch.backends.cudnn.allow_tf32
    with suppress(RuntimeError):
        products = torch.get_float32_matmul_precision()

    def restore() -> None:
        if convolutions is not None:
            torch.backends.cudnn.allow_tf32 = convolutions
        if products is not None:
            torch.set_float32_matmul_precision(products)

    return restore


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
