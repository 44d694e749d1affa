"""SVHN: 32x32 color photographs of house numbers, cropped to a digit."""

import hashlib
import io
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.data.archives import find
from distillab.data.raw import RawData, checked
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts


class SVHNSpec(DataSpec):
    """SVHN, cropped digits, as published: ``train_32x32.mat`` and ``test_32x32.mat``."""

    name: Literal["svhn"] = "svhn"

    @property
    def facts(self) -> DataFacts:
        """What is true of SVHN."""
        return DataFacts(
            title="SVHN",
            source="Y. Netzer et al., Reading Digits in Natural Images with Unsupervised Feature Learning, 2011",
            license="non-commercial use only",
            shape=(3, 32, 32),
            classes=10,
            train=73_257,
            test=26_032,
            split_rule="The published 73,257 and 26,032 images, the extra ones left out; validation is a stratified "
            "part of the former.",
            md5={
                "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
                "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
            },
        )

    def read(self) -> RawData:
        """SVHN from ``root``, labels 0 to 9 as the digits are."""
        (train_x, train_y), (test_x, test_y) = (self._part(f"{name}_32x32.mat") for name in ("train", "test"))
        raw = RawData(train_x, train_y, test_x, test_y, self.facts.levels, tuple("0123456789"))
        return checked(raw, self.facts, where=self.root)

    def _part(self, name: str) -> tuple[UInt8[Tensor, "n c h w"], Int[Tensor, " n"]]:
        path = find(Path(self.root), (name,), title=self.facts.title)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ArtifactError("unreadable", where=str(path), got=str(error), do="get the file anew") from error
        found, expected = hashlib.md5(content, usedforsecurity=False).hexdigest(), self.facts.md5[name]
        if found != expected:
            raise ArtifactError("not the published file", where=str(path), expected=f"MD5 {expected}", got=found)
        return parse_mat(content, where=str(path))


def parse_mat(content: bytes, *, where: str) -> tuple[UInt8[Tensor, "n c h w"], Int[Tensor, " n"]]:
    """Images and digits of a MATLAB v5 file with ``X`` (height, width, 3, n) and ``y`` (n, 1), where 10 stands for 0.

    Raises:
        ArtifactError: not such a file.
    """
    from scipy.io import loadmat

    try:
        held = loadmat(io.BytesIO(content), variable_names=("X", "y"))  # type: ignore[arg-type]
        x, y = held["X"], held["y"].reshape(-1).astype(np.int64)
    except Exception as error:  # the reader of a damaged file may raise anything
        got = str(error) or type(error).__name__
        raise ArtifactError("not a MATLAB v5 file with X and y", where=where, got=got) from error
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[3] != len(y) or not ((y >= 1) & (y <= 10)).all():
        got = f"X {x.dtype} {x.shape}, y of {len(y)}"
        raise ArtifactError("unexpected content", where=where, expected="bytes X, one label 1 to 10 each", got=got)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(3, 2, 0, 1))), torch.from_numpy(y % 10)
