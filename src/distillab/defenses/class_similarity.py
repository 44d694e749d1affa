"""How alike two classes are, from the vectors of their names or from their images: cosines in [-1, 1]."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from distillab.core.errors import SpecError
from distillab.data.dataset import batches
from distillab.training.objective import Task

TOGETHER = 500
"""Images that are averaged at a time."""

Similarity = Float[Tensor, "k k"]


def word_similarity(path: Path, *, sha256: str, classes: int) -> Similarity:
    """Cosines of the vectors in a text file of word2vec's format, whose rows stand in the order of the classes.

    Raises:
        SpecError: the file is absent, is not the one with this SHA-256, is not of this format, or has not one row per
            class.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError("no such word vectors", where=str(path), got=error.strerror or "an error") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SpecError(
            "not the word vectors of the parameters",
            where=str(path),
            expected=f"SHA-256 {sha256}",
            got=found,
            do="restore the file, or change vectors_sha256",
        )
    vectors = _word2vec(content.decode(errors="replace"), path)
    if len(vectors) != classes:
        raise SpecError("one vector per class is needed", where=str(path), expected=f"{classes}", got=f"{len(vectors)}")
    return cosines(vectors)


def image_similarity(task: Task) -> Similarity:
    """Cosines of the classes' mean training images, of which the mean over the classes is taken off.

    A stand-in where there are no word vectors: what looks alike on average, whatever it is called.
    """
    k, pixels = task.classes, int(np.prod(task.domain.shape))
    sums, counts = torch.zeros(k, pixels, dtype=torch.float64), torch.zeros(k, dtype=torch.float64)
    for batch in batches(task.images, task.train, batch_size=TOGETHER):
        y = batch.y.cpu()
        sums.index_add_(0, y, batch.x.cpu().flatten(1).double())
        counts += torch.bincount(y, minlength=k)
    means = sums / counts.clamp_min(1)[:, None]
    return cosines(means - means.mean(0))


def cosines(vectors: Float[Tensor, "k d"]) -> Similarity:
    """Cosine of every two rows, 0 with a row of zeros."""
    unit = torch.nn.functional.normalize(vectors, dim=1)
    return unit @ unit.T


def _word2vec(text: str, path: Path) -> Float[Tensor, "k d"]:
    try:
        header, *lines = text.splitlines()
        count, size = map(int, header.split())
        rows = np.array([line.split()[1:] for line in lines if line.strip()], dtype=np.float64)
    except ValueError as error:
        raise _malformed(path, "text that does not parse") from error
    if rows.shape != (count, size) or not np.isfinite(rows).all():
        raise _malformed(path, f"numbers of shape {rows.shape} under the header {header!r}")
    return torch.from_numpy(rows)


def _malformed(path: Path, got: str) -> SpecError:
    return SpecError(
        "not in word2vec's text format",
        where=str(path),
        expected="a line `count size`, then a word and its numbers on each line",
        got=got,
    )
