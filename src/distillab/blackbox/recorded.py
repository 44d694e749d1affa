"""A table of recorded answers: one row for each image, read block by block; nothing in it is executed or unpickled.

====== ============================================================================================
suffix content
====== ============================================================================================
csv    a first line ``id,p0,p1,...`` or ``id,label``, then a line for each image, separated by commas
parquet the same columns; ids are texts or whole numbers
npz    arrays ``ids`` and ``answers``, (n, k) or (n,) of labels
====== ============================================================================================
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from distillab.blackbox.forms import AnswerFormat, Fault
from distillab.blackbox.npy import array_of
from distillab.core.errors import ArtifactError
from distillab.core.shown import shown

BLOCK = 2**14
"""Rows that are read at a time."""

LARGEST = 2**32
"""Bytes of answers that are held in memory."""

LONGEST_ID = 1000

_DAMAGE = (
    EOFError, OSError, ValueError, KeyError, IndexError, OverflowError, MemoryError, RuntimeError, struct.error,
    zlib.error, lzma.LZMAError, zipfile.BadZipFile,
)  # fmt: skip
"""What reading a damaged npz raises."""

Block = tuple[list[str], "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class Recorded:
    """The answers of a table, in its order."""

    ids: list[str]
    rows: Float32[np.ndarray, "n width"]


def read_recorded(path: Path, answer: AnswerFormat) -> Recorded:
    """The recorded answers at ``path``.

    Raises:
        ArtifactError: the file is absent or no such table; an id is missing or there twice; an answer is none.
    """
    readers = {".csv": _csv_blocks, ".parquet": _parquet_blocks, ".npz": _npz_blocks}
    if path.suffix not in readers:
        raise _bad(path, "no table of recorded answers", expected=" or ".join(readers), got=shown(path.name))
    if not path.is_file():
        raise _bad(path, "no such file")
    ids: dict[str, None] = {}
    rows: list[Float32[np.ndarray, "n width"]] = []
    for names, values in readers[path.suffix](path, answer):
        _add_ids(path, ids, names)
        found = answer.rows(values, len(names))
        if isinstance(found, Fault):
            where = path if found.row is None else f"{path}: id {shown(names[found.row])}"
            raise _bad(where, found.what, expected=found.expected, got=found.got)
        rows.append(found)
        if len(ids) * answer.width * 4 > LARGEST:
            raise _bad(path, "more answers than fit in memory", expected=f"at most {LARGEST:,} bytes")
    if not ids:
        raise _bad(path, "no answers", expected="a row for each image")
    return Recorded(list(ids), np.concatenate(rows))


def _add_ids(path: Path, ids: dict[str, None], names: list[str]) -> None:
    for name in names:
        if not name or len(name) > LONGEST_ID or "\n" in name:
            raise _bad(path, "a row without a usable id", expected="the name of an image", got=shown(name))
        if name in ids:
            raise _bad(path, "an id that is there twice", got=shown(name), do="keep one row of it")
        ids[name] = None


def _csv_blocks(path: Path, answer: AnswerFormat) -> Iterator[Block]:
    import pyarrow as pa
    from pyarrow import csv

    with path.open("rb") as file:
        first = file.readline(2**20).decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r\n")
    columns = _columns(path, first.split(","), answer, hint=_separator(first))
    types = {name: pa.float64() for name in columns} | {"id": pa.string()}
    options = csv.ConvertOptions(column_types=types, include_columns=["id", *columns])
    try:
        with csv.open_csv(path, convert_options=options) as batches:
            for batch in batches:
                yield _block(path, batch, columns, answer)
    except pa.ArrowInvalid as error:
        raise _bad(path, "no csv table of recorded answers", got=str(error)) from error


def _parquet_blocks(path: Path, answer: AnswerFormat) -> Iterator[Block]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            columns = _columns(path, file.schema_arrow.names, answer)
            for batch in file.iter_batches(BLOCK, columns=["id", *columns]):
                yield _block(path, batch, columns, answer)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _bad(path, "no parquet table of recorded answers", got=str(error)) from error


def _columns(path: Path, found: list[str], answer: AnswerFormat, hint: str = "") -> list[str]:
    """The columns that hold answers, class by class."""
    wanted = ["label"] if answer.form == "labels" else [f"p{i}" for i in range(answer.classes)]
    more = [name for name in found if name.startswith("p") and name[1:].isdigit() and name not in wanted]
    if sorted(found) != sorted({"id", *wanted, *found}) or not {"id", *wanted} <= set(found) or more:
        expected = "id,label" if answer.form == "labels" else f"id,p0,...,p{answer.classes - 1}"
        raise _bad(
            path, "other columns than those of recorded answers",
            expected=f"{expected} for {answer.form} of {answer.classes} classes", got=shown(",".join(found)), do=hint,
        )  # fmt: skip
    return wanted


def _separator(first: str) -> str:
    for name, separator in (("semicolons", ";"), ("tabs", "\t"), ("bars", "|")):
        if "," not in first and separator in first:
            return f"separate columns by commas, not by {name}"
    return ""


def _block(path: Path, batch: Any, columns: list[str], answer: AnswerFormat) -> Block:  # noqa: ANN401 - pyarrow's
    import pyarrow as pa

    kind = batch.column("id").type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise _bad(path, "ids of another type", expected="texts or whole numbers", got=str(kind))
    empty = [name for name in ("id", *columns) if batch.column(name).null_count]
    if empty:
        raise _bad(path, "a row without a value", got=f"nothing in column {empty[0]}")
    names = [str(name) for name in batch.column("id").to_pylist()]
    values = np.stack([batch.column(name).to_numpy(zero_copy_only=False) for name in columns], axis=1)
    return names, values[:, 0] if answer.form == "labels" else values


def _npz_blocks(path: Path, _answer: AnswerFormat) -> Iterator[Block]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > 3 * LARGEST:
                raise _bad(path, "more answers than fit in memory", expected=f"at most {3 * LARGEST:,} bytes")
            found = sorted(name.removesuffix(".npy") for name in archive.namelist())
            if not {"ids", "answers"} <= {*found}:
                raise _bad(path, "other arrays than those of recorded answers", expected="ids and answers",
                           got=shown(found))  # fmt: skip
            ids, values = (array_of(archive.read(f"{name}.npy"), kinds="Uiuf") for name in ("ids", "answers"))
    except _DAMAGE as error:
        do = "store ids as texts, not as objects: they could run code" if "object" in str(error) else ""
        raise _bad(path, "no npz file of recorded answers", got=str(error), do=do) from error
    if ids.ndim != 1 or ids.dtype.kind not in "Uiu" or values.ndim < 1 or len(ids) != len(values):
        got = f"ids of shape {ids.shape} and type {ids.dtype}, answers of shape {values.shape}"
        raise _bad(path, "not one id for each answer", expected="ids (n,) of texts or whole numbers", got=got)
    for start in range(0, len(ids), BLOCK):
        yield [str(name) for name in ids[start : start + BLOCK].tolist()], values[start : start + BLOCK]


def _bad(where: object, what: str, *, expected: str = "", got: str = "", do: str = "") -> ArtifactError:
    return ArtifactError(what, where=str(where), expected=expected, got=got, do=do)
