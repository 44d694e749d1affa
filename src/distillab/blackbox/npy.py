"""Arrays of numbers or texts in numpy's format from elsewhere, read from their bytes.

Not by ``numpy.load``, which reserves what a header promises before it has seen it. Nothing is unpickled.
"""

import io
import tokenize
from typing import Any

import numpy as np
from numpy.lib import format as npy

MAGIC = npy.MAGIC_PREFIX
"""How such an array begins."""


def array_of(content: bytes, *, kinds: str = "iuf") -> "np.ndarray[Any, Any]":
    """The array that is written in ``content``.

    Args:
        content: a whole ``.npy`` file.
        kinds: of numbers and texts, as numpy's types name them, that the array may hold.

    Raises:
        ValueError: it is none, of another kind, cut off or too long; the message says which.
    """
    file = io.BytesIO(content)
    try:
        read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(file)
        sizes = [*map(int, shape)]
        blank = np.broadcast_to(np.empty((), dtype), sizes)
    except (
        ValueError,
        TypeError,
        SyntaxError,
        RecursionError,
        MemoryError,
        OverflowError,
        tokenize.TokenError,
    ) as error:
        raise ValueError("the header of no .npy array of version 1 or 2") from error
    if dtype.kind not in kinds:
        raise ValueError(f"values of type {dtype}")
    promised, there = blank.nbytes, len(content) - file.tell()
    if promised != there:
        raise ValueError(f"{there} bytes in place of the {promised} of the array")
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(sizes, order="F" if fortran else "C")
