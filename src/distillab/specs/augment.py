"""What training does to its images."""

from pydantic import Field

from distillab.specs.base import Spec


class AugmentSpec(Spec):
    """Training-time augmentation; the order is resized crop, crop, flip, rotation."""

    crop_padding: int = Field(
        default=0, ge=0, le=256, description="Zero padding before a random crop of the original size"
    )
    flip: bool = Field(default=False, description="Mirror half of the images horizontally")
    rotation: float = Field(
        default=0.0, ge=0, le=180, description="Largest rotation in degrees, either way (data sets in memory only)"
    )
    resized_crop: bool = Field(default=False, description="Random resized crop (streaming data sets only)")
