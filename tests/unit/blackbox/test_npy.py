"""Arrays from elsewhere are read as numpy writes them, and all else is one kind of error, before memory is taken."""

import io
import struct
import tracemalloc

import numpy as np
import pytest

from distillab.blackbox.npy import MAGIC, array_of


def written(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def crafted(header, content=b"", version=1):
    text = header.encode() + b"\n"
    return MAGIC + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + content


@pytest.mark.parametrize("array", [
    np.arange(6.0).reshape(2, 3), np.arange(6, dtype=">i2").reshape(2, 3), np.asfortranarray(np.eye(3, dtype="f2")),
    np.array(2.5), np.zeros((0, 4)), np.uint8([1, 2]),
])  # fmt: skip
def test_what_numpy_wrote_is_read(array):
    found = array_of(written(array))
    np.testing.assert_array_equal(found, array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)


def test_texts_are_read_where_they_may_be():
    texts = np.array(["a", "bcd"])
    np.testing.assert_array_equal(array_of(written(texts), kinds="U"), texts)
    with pytest.raises(ValueError, match="values of type <U3"):
        array_of(written(texts))


def header(shape, dtype="'<f8'"):
    return f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}"


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("text", "content", "says"), [
    ("{'descr': '<f8', 'shape': (1,", b"", "header"), ("{'descr': '<f8", b"", "header"), ("(" * 5000, b"", "header"),
    ("{'descr': '<f8', 3: False, 'shape': (1,)}", b"", "header"), (header("(-2, -2)"), bytes(32), "header"),
    (header(f"({'1, ' * 100})"), bytes(8), "header"), (header(f"(0, {'9' * 30})"), b"", "header"),
    (header("(2,)", "'O'"), bytes(16), "values of type object"), (header("(2,)", "'<c8'"), bytes(16), "type complex64"),
    (header("(10**9,)".replace("10**9", str(10**12))), bytes(8), "8 bytes in place of the 8000000000000"),
    (header("(1,)"), bytes(9), "9 bytes in place of the 8"), (header("(True, 2)"), bytes(8), "8 bytes in place of"),
])  # fmt: skip
def test_what_numpy_would_not_write_is_refused_and_reserves_nothing(version, text, content, says):
    tracemalloc.start()
    with pytest.raises(ValueError, match=says):
        array_of(crafted(text, content, version))
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


@pytest.mark.parametrize("content", [b"", b"\x93NUM", MAGIC, MAGIC + b"\x09\x00", MAGIC + b"\x01\x00\xff"])
def test_what_ends_in_its_head_is_refused(content):
    with pytest.raises(ValueError, match="header"):
        array_of(content)
