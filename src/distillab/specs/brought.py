"""What a network from elsewhere must offer: nobody trains it here, and it is judged as any teacher is."""

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from jaxtyping import Float32
from pydantic import Field, model_validator

from distillab.core.bounds import BatchSize, PixelDeviation, PixelMean
from distillab.core.errors import ArtifactError
from distillab.core.sidecar import file_hash
from distillab.specs.base import CHOOSING, MethodSpec
from distillab.specs.defense import DefenseKind

if TYPE_CHECKING:
    from torch import Tensor, nn

    from distillab.specs.model import Domain


LARGEST = 2**32
"""Bytes of a model's file: it is read as a whole, and kept once more."""


@dataclass(frozen=True)
class NamedImages:
    """The images of a run, with the names that others know them by."""

    names: "Callable[[], dict[str, list[str]]]"
    """Reads the names of all images of the data set, by split."""
    count: int
    """Images of the run."""
    walk: "Callable[[dict[str, list[str]]], Iterator[tuple[list[str], Float32[np.ndarray, 'n c h w']]]]"
    """Those of the run, some hundreds at a time: their names, and they themselves in [0, 1]."""


class BroughtSpec(MethodSpec):
    """A network from elsewhere. The field that is called as the kind names where it is.

    A row of the matrices beside defenses; there is one of it, whatever the seeds of the run.
    """

    kind: ClassVar[DefenseKind] = "brought"
    """Where pages show it."""

    gradients: ClassVar[bool] = False
    """Whether derivatives with respect to the image can be had: for white-box attacks and sensitivities."""

    traceable: ClassVar[bool] = False
    """Whether it is made of layers that certifiers know."""

    runs_code: ClassVar[bool] = False
    """Whether reading or asking it may run what is written in it; ``trusted`` must then name it."""

    largest: ClassVar[int] = LARGEST
    """Bytes of each of its files."""

    asked: ClassVar[bool] = False
    """Whether it is not here: nothing that is not needed is asked of it, and each image once."""

    answers: Literal["logits", "probabilities"] = Field(
        default="logits", description="What it answers; of probabilities the logarithm stands in for logits"
    )
    data: str | None = Field(
        default=None, description="Name of the data set that it is for: others are refused", json_schema_extra=CHOOSING
    )
    mean: tuple[PixelMean, ...] | None = Field(
        default=None, description="Subtracted from each channel of images in [0, 1] before it sees them"
    )
    std: tuple[PixelDeviation, ...] | None = Field(
        default=None, description="What each channel is divided by after that"
    )
    batch: BatchSize | None = Field(
        default=None, ge=1, description="Images that it takes at once, where that is fixed and its file does not say so"
    )
    students: tuple[str, ...] = Field(
        default=(), description="Student networks of `pairs` that rob it; all if empty", json_schema_extra=CHOOSING
    )

    @model_validator(mode="after")
    def _normalizes(self) -> "BroughtSpec":
        if (self.mean is None) != (self.std is None):
            raise ValueError("expected mean and std, or neither")
        if self.mean is not None and self.std is not None:
            if len(self.mean) != len(self.std):
                raise ValueError(f"expected as many of std as of mean; got {len(self.std)} and {len(self.mean)}")
            if min(self.std, default=0) <= 0:
                raise ValueError("expected std above 0")
        return self

    @property
    def network_name(self) -> str:
        """Name of its architecture where it is one of ours; empty where nobody knows."""
        return ""

    @property
    def needs(self) -> tuple[str, ...]:
        """No other row's teachers."""
        return ()

    @property
    def seeds(self) -> None:
        """Its knockoffs have all seeds of the run."""
        return None

    @abstractmethod
    def files(self) -> tuple[Path, ...]:
        """The files that it is made of; one that changes makes it another network.

        Raises:
            ArtifactError: one is absent, or they cannot be told.
        """

    def fingerprint(self) -> str:
        """Hash of what it is made of: of two equal ones the answers are equal. Nothing in it is run.

        Raises:
            ArtifactError: a file is absent, too large or no regular file.
        """
        hashes = [content_hash(path, largest=self.largest) for path in self.files()]
        return hashes[0] if len(hashes) == 1 else hashlib.blake2b("".join(hashes).encode(), digest_size=32).hexdigest()

    @abstractmethod
    def read(self, domain: "Domain") -> "dict[str, Tensor]":
        """Everything that ``open`` needs, as it is kept: equal files give equal tensors.

        Raises:
            ArtifactError: a file is damaged or of another kind.
            SpecError: it holds another network than was said.
        """

    def matched(self, payload: "dict[str, Tensor]", images: NamedImages) -> "dict[str, Tensor]":  # noqa: ARG002
        """The payload, once it is known which images it will be asked about.

        Raises:
            ArtifactError: it has nothing to say of some.
        """
        return payload

    @abstractmethod
    def open(self, payload: "dict[str, Tensor]", domain: "Domain") -> "nn.Module":
        """The network from images in [0, 1] to logits or log-probabilities (n, classes), frozen.

        Args:
            payload: what ``read`` left.
            domain: the data set that it is asked about.
        """


def content_hash(path: Path, *, largest: int = LARGEST) -> str:
    """BLAKE2b-256 of a file of the user's, of at most so many bytes.

    Raises:
        ArtifactError: it is absent, no regular file, too large, or cannot be read.
    """
    if not path.exists():
        raise ArtifactError("no such file", where=str(path))
    if not path.is_file():
        got = "a folder" if path.is_dir() else "a pipe, a socket or a device"
        raise ArtifactError("cannot be read as a model", where=str(path), expected="a regular file", got=got)
    try:
        if (size := path.stat().st_size) > largest:
            raise too_large(path, size, largest)
        return file_hash(path)
    except OSError as error:
        raise ArtifactError("cannot be read", where=str(path), got=error.strerror or "") from error


def too_large(path: Path, size: int, largest: int) -> ArtifactError:
    """That a file has more bytes than are read."""
    expected, got = f"at most {largest / 2**30:g} GiB", f"{size / 2**30:.1f} GiB"
    return ArtifactError("cannot be read as a model", where=str(path), expected=expected, got=got)
