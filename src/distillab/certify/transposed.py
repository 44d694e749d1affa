"""The transposed convolution, in the form that is fastest for its sizes."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

DENSE_WITHIN = 4
"""Strided kernels are multiplied as one dense matrix while the window's area is at most this times the kernel's."""


def transposed(
    coef: Float[Tensor, "r o h w"], weight: Float[Tensor, "o i kh kw"], stride: tuple[int, int]
) -> Float[Tensor, "r i h2 w2"]:
    """The adjoint of an unpadded convolution with one group: windows of ``(h - 1) stride + kernel`` places.

    Small windows become one matrix product: libraries leave most of a processor idle on thousands of tiny maps.
    A larger stride becomes a convolution of stride 1 with more channels, whose pixels are then shuffled into place.
    """
    if stride == (1, 1):
        return F.conv_transpose2d(coef, weight)
    if stride[0] != stride[1]:
        return F.conv_transpose2d(coef, weight, stride=stride)
    small = coef.shape[2] * coef.shape[3] * stride[0] ** 2 <= DENSE_WITHIN * weight.shape[2] * weight.shape[3]
    if small and len(coef) >= coef[0].numel():
        return _as_matrix(coef, weight, stride[0])
    return _shuffled(coef, weight, stride[0])


def _as_matrix(coef: Tensor, weight: Tensor, stride: int) -> Tensor:
    size = coef[0].numel()
    basis = torch.eye(size, dtype=coef.dtype, device=coef.device).unflatten(1, coef.shape[1:])
    images: Tensor = F.conv_transpose2d(basis, weight, stride=stride)
    return (coef.flatten(1) @ images.flatten(1)).view(-1, *images.shape[1:])


def _shuffled(coef: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Place s q + r of the result takes the kernel's places of remainder r: one sub-kernel for each remainder."""
    sizes = [(n - 1) * stride + k for n, k in zip(coef.shape[2:], weight.shape[2:], strict=True)]
    short = [-k % stride for k in weight.shape[2:]]
    parts: Tensor = F.pad(weight, (0, short[1], 0, short[0])).unflatten(3, (-1, stride)).unflatten(2, (-1, stride))
    kernels: Tensor = parts.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)
    image: Tensor = F.pixel_shuffle(F.conv_transpose2d(coef, kernels), stride)
    return image[:, :, : sizes[0], : sizes[1]]
