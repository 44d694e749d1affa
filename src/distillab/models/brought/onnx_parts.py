"""The files beside an ONNX file that hold its weights, found without a library of it: names alone are read.

Reference: onnx.proto, messages ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto; protobuf's encoding.
"""

from collections.abc import Iterator
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.shown import shown

INSIDE = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
"""Kind of message to those of its fields that lead to weights, by number."""

FIXED = {1: 8, 5: 4}
"""Bytes of the fields of fixed size, by wire type."""

DEEPEST = 64
"""Messages within messages: graphs within nodes within graphs."""


def files_beside(path: Path) -> dict[str, Path]:
    """The files that an ONNX file names for its weights, by the names that it has for them, in order; often none.

    Raises:
        ArtifactError: it cannot be read, is no ONNX file, or names a file that is not beside or below it.
    """
    try:
        content = memoryview(path.read_bytes())
        names = sorted({bytes(name).decode() for name in _locations(content, "model", 0)})
    except OSError as error:
        raise ArtifactError("cannot be read", where=str(path), got=error.strerror or "") from error
    except (ValueError, IndexError) as error:
        raise ArtifactError("is no ONNX file", where=str(path), expected="what onnx.save writes") from error
    return {name: _beside(path, name) for name in names}


def _beside(path: Path, name: str) -> Path:
    folder = path.parent.resolve()
    found = (folder / name).resolve()
    if not name or "\0" in name or found == folder or not found.is_relative_to(folder):
        raise ArtifactError(
            "names a file of weights that is not in its folder", where=str(path), expected=f"files in {folder}",
            got=shown(name), do="save it with its weights inside, or beside it",
        )  # fmt: skip
    return path.parent / name


def _locations(message: memoryview, kind: str, depth: int) -> Iterator[memoryview]:
    """What the entries ``location`` of all tensors in a message say."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    if kind == "entry":
        entry = dict(_fields(message))
        if bytes(entry.get(1, b"")) == b"location":
            yield entry.get(2, memoryview(b""))
        return
    for number, value in _fields(message):
        if inner := INSIDE[kind].get(number):
            yield from _locations(value, inner, depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of the fields that hold bytes; numbers are passed over.

    Raises:
        ValueError: the message is none, or ends in the middle of a field.
        IndexError: as ``ValueError``.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            _, at = _varint(message, at)
            continue
        if wire != 2 and wire not in FIXED:
            raise ValueError("no wire type")
        size, at = _varint(message, at) if wire == 2 else (FIXED[wire], at)
        if not number or at + size > len(message):
            raise ValueError("a field without end")
        if wire == 2:
            yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at a position, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without end")
