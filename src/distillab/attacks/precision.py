"""The precision of images: what it may round, and how code that takes float32 for granted runs in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from distillab.core.shapes import Images
from distillab.specs.attack import Norm

ROUNDING = 1e-6
"""What float32 may add to a pixel's range and, also relative to it, to a perturbation's largest distance."""


def rounding(x: Images, norm: Norm = "linf") -> float:
    """What the precision of images may add to a pixel, or to a distance in ``norm``: more than ``ROUNDING`` in half."""
    step = torch.finfo(x.dtype).eps
    pixels = x[0].numel() if len(x) and norm == "l2" else 1
    return ROUNDING if step < ROUNDING else step * sqrt(pixels)


@contextmanager
def precision_of(like: Tensor) -> Iterator[None]:
    """Inside, new tensors and ``.float()`` have the dtype of ``like``; nothing changes where that is float32."""
    if like.dtype == torch.float32:
        yield
        return
    before = torch.get_default_dtype()
    torch.set_default_dtype(like.dtype)
    try:
        with _FloatIs(like.dtype):
            yield
    finally:
        torch.set_default_dtype(before)


class _FloatIs(TorchFunctionMode):
    """What ``Tensor.float`` converts to."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        return args[0].to(self.dtype) if func is Tensor.float else func(*args, **(kwargs or {}))
