"""What is known of a data set before any file of it is read."""

from pydantic import Field

from distillab.specs.base import Spec
from distillab.specs.model import ImageShape


class DataFacts(Spec):
    """What is true of a data set whoever uses it; shown in reports and in error messages."""

    title: str
    source: str
    """Where the original comes from: a person's page or paper, never a registry."""
    license: str
    shape: ImageShape
    classes: int
    train: int | None
    """Training images before the validation split; None where only the files know."""
    test: int | None
    """Test images; None where only the files know."""
    split_rule: str
    """How train, validation and test come about, in one sentence."""
    levels: int = 255
    """The largest stored value of a pixel: a pixel in [0, 1] is the stored value over this."""
    standin: str = ""
    """Not empty where the files stand in for another data set: what every table must call them."""
    sha256: dict[str, str] = Field(default={})
    """SHA-256 of the raw files, unpacked, by file name."""
    md5: dict[str, str] = Field(default={})
    """MD5 of the raw files as published, by file name."""
