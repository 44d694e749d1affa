"""torchvision's own data sets: checksummed files that are fetched where they are absent."""

import contextlib
import http.client
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distillab.core.errors import ArtifactError

SECONDS = 30.0
"""How long a silent server is waited for."""


def torchvision_dataset(name: str, root: Path, *, train: bool, files: str) -> Any:  # noqa: ANN401 - torchvision is untyped
    """``torchvision.datasets.<name>`` at ``root``, downloaded first where its files are absent.

    Args:
        name: the class in ``torchvision.datasets``.
        root: torchvision's root folder.
        train: which published split.
        files: the files a user can put there by hand, for the error message.

    Raises:
        ArtifactError: the files are neither there nor to be had.
    """
    from distillab.core.torchvision_compat import import_torchvision

    import_torchvision()
    from torchvision import datasets

    try:
        with _patience(SECONDS), contextlib.redirect_stdout(sys.stderr):
            return getattr(datasets, name)(root, train=train, download=True)
    except (OSError, RuntimeError, EOFError, http.client.HTTPException) as error:
        raise ArtifactError(
            f"no files of {name}, and the download failed ({error})",
            where=str(root),
            expected=files,
            do=f"put them into {root}, or run once where the internet can be reached",
        ) from error


@contextlib.contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Give up on silent servers inside the block; torchvision sets no time limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
