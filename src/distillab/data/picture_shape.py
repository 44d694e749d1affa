"""The shape of images that are read from image files: grey or RGB."""

from typing import Annotated

from pydantic import AfterValidator

from distillab.specs.model import ImageShape

GREY, RGB = 1, 3


def _of_picture(shape: ImageShape) -> ImageShape:
    if shape[0] not in {GREY, RGB}:
        raise ValueError("expected 1 channel (grey) or 3 (RGB), then height and width")
    return shape


PictureShape = Annotated[ImageShape, AfterValidator(_of_picture)]
"""Channels, 1 or 3, height and width: image files are decoded to nothing else."""
