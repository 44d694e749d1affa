"""ImageNet's two ways to cut a square out of a photograph."""

import math

import torch
from PIL import Image

AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
TRIES = 10


def center_view(image: Image.Image, size: int) -> Image.Image:
    """The center of ``image``: of the square over its shorter side, the middle 224/256, at ``size`` x ``size``."""
    side = min(image.size) * 224 / 256
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return _cut(image, (left, top, left + side, top + side), size)


def random_view(image: Image.Image, size: int, generator: torch.Generator) -> Image.Image:
    """A rectangle of random area and aspect ratio anywhere in ``image``, at ``size`` x ``size``.

    Area uniform in 8 to 100 % of the image, log aspect ratio uniform in log 3/4 to log 4/3, ten tries to fit, else the
    central rectangle of the nearest allowed ratio.

    Reference: Szegedy et al. 2015, "Going deeper with convolutions", section 6.
    """
    for area, ratio, x, y in torch.rand(TRIES, 4, generator=generator).tolist():
        pixels = image.width * image.height * (AREA[0] + area * (AREA[1] - AREA[0]))
        aspect = math.exp(math.log(RATIO[0]) + ratio * math.log(RATIO[1] / RATIO[0]))
        width, height = (float(round(math.sqrt(side))) for side in (pixels * aspect, pixels / aspect))
        if 0 < width <= image.width and 0 < height <= image.height:
            left, top = x * (image.width - width + 1) // 1, y * (image.height - height + 1) // 1
            return _cut(image, (left, top, left + width, top + height), size)
    return _cut(image, _central(image), size)


def _central(image: Image.Image) -> tuple[float, float, float, float]:
    aspect = min(max(image.width / image.height, RATIO[0]), RATIO[1])
    width, height = min(image.width, image.height * aspect), min(image.height, image.width / aspect)
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return (left, top, left + width, top + height)


def _cut(image: Image.Image, box: tuple[float, float, float, float], size: int) -> Image.Image:
    """The rectangle ``box`` (left, top, right, bottom) at ``size`` x ``size``, antialiased bilinear."""
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box)
