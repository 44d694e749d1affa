"""Random crops, flips and rotations of a batch, on the batch's device.

Every number is drawn on the CPU, row by row of the batch, so that an image is augmented alike on every device.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from distillab.core.shapes import Images
from distillab.core.transfer import sent
from distillab.specs.augment import AugmentSpec


def augmented(x: Shaped[Tensor, "n c h w"], spec: AugmentSpec, generator: torch.Generator) -> Shaped[Tensor, "n c h w"]:
    """``x`` after a random crop, flip and rotation, each only where ``spec`` asks for it.

    Stored pixels stay stored pixels under crop and flip; a rotation needs pixels in [0, 1].
    """
    n = len(x)
    if spec.crop_padding:
        shift = torch.randint(2 * spec.crop_padding + 1, (n, 2), generator=generator)
        x = crop(x, shift, padding=spec.crop_padding)
    if spec.flip:
        x = flip(x, torch.rand(n, generator=generator) < 0.5)
    if spec.rotation:
        x = rotate(x, (2 * torch.rand(n, generator=generator) - 1) * spec.rotation)
    return x


def crop(x: Shaped[Tensor, "n c h w"], shift: Int[Tensor, "n 2"], *, padding: int) -> Shaped[Tensor, "n c h w"]:
    """Windows of the original size in ``x`` padded with zeros; ``shift`` is each window's top and left, 0 to 2 padding.

    A shift of ``padding`` both ways is the image itself.
    """
    h, w = x.shape[2:]
    windows = F.pad(x, (padding,) * 4).unfold(2, h, 1).unfold(3, w, 1)
    top, left = sent(shift, x.device).unbind(1)
    return windows[torch.arange(len(x), device=x.device), :, top, left]


def flip(x: Shaped[Tensor, "n c h w"], mirrored: Bool[Tensor, " n"]) -> Shaped[Tensor, "n c h w"]:
    """``x`` with the rows of ``mirrored`` mirrored left to right."""
    return torch.where(sent(mirrored, x.device)[:, None, None, None], x.flip(3), x)


def rotate(x: Images, degrees: Float[Tensor, " n"]) -> Images:
    """``x`` turned counterclockwise about its center, bilinear, zero outside; pixels stay in [0, 1]."""
    h, w = x.shape[2:]
    angle = degrees * (math.pi / 180)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # Grid coordinates run from -1 to 1 along both axes: the off-diagonal terms undo the image's aspect ratio.
    rows = [torch.stack([cos, -sin * (h / w), zero], 1), torch.stack([sin * (w / h), cos, zero], 1)]
    grid = F.affine_grid(sent(torch.stack(rows, 1), x.device).to(x.dtype), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False).clamp(0, 1)
