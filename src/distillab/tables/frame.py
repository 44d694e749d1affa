"""Rows as a frame, or keys as a record, that hold what their table declares and no value that its units cannot take."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from distillab.core.errors import ContractError
from distillab.tables.table import Column, Table
from distillab.tables.units import ROUNDING, Dtype

_FOUND: dict[Dtype, set[str]] = {
    "str": {"string"},
    "bool": {"boolean"},
    "int64": {"integer", "floating", "mixed-integer-float"},
    "float64": {"integer", "floating", "mixed-integer-float"},
}
"""Dtype of a unit to what pandas calls values that are of this kind; a whole number may have become a float."""


def frame_of(table: Table, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """The rows with the declared columns, in their order and types; without rows the columns alone.

    Raises:
        ContractError: a column is missing or not declared, or a value is not one of its unit's.
    """
    frame = _frame(rows)
    if frame.empty:
        return pd.DataFrame({each.name: pd.Series([], dtype=_type(each)) for each in table.fixed})
    columns = table.declared(frame.columns)
    return pd.DataFrame({name: _checked(table, name, column, frame[name]) for name, column in columns.items()})


def record_of(table: Table, content: dict[str, Any]) -> dict[str, Any]:
    """The content as it is, if it holds the declared keys, with values of their units.

    Raises:
        ContractError: as of a frame.
    """
    for name, column in table.declared(content).items():
        _checked(table, name, column, pd.Series([content[name]], dtype=object))
    return content


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame; where they come one by one, they never all stand there as dictionaries, ten times as large."""
    if not isinstance(rows, Iterator):
        return pd.DataFrame(rows)
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return pd.DataFrame(columns)


def _checked(table: Table, name: str, column: Column, values: "pd.Series[Any]") -> "pd.Series[Any]":
    """The values in their unit's type.

    Raises:
        ContractError: one is missing where none may be, or is not one of the unit's.
    """
    missing = values.isna().to_numpy()
    if missing.any() and not column.optional:
        raise _refusal(table, name, column, int(missing.argmax()), None)
    for row, part in _parts(column, values):
        if (place := _first_wrong(column, part)) is not None:
            raise _refusal(table, name, column, place if row is None else row, part.iloc[place])
    return values.astype(_type(column, missing=bool(missing.any())))


def _parts(column: Column, values: "pd.Series[Any]") -> Iterator[tuple[int | None, "pd.Series[Any]"]]:
    """What is checked at once: a whole column, or, with its row, a cell of many values."""
    if not column.many:
        yield None, values
        return
    for row, cell in enumerate(values):
        yield row, pd.Series(list(cell.values() if isinstance(cell, dict) else cell), dtype=object)


def _first_wrong(column: Column, values: "pd.Series[Any]") -> int | None:
    """Where the first value stands that the unit cannot take."""
    unit, places = column.kind, np.flatnonzero(values.notna())
    if unit.kind == "object" or not len(places):
        return None
    there, known = values.iloc[places], _FOUND[unit.kind]
    if pd.api.types.infer_dtype(there) not in known:
        return next(place for place in places.tolist() if pd.api.types.infer_dtype([values.iloc[place]]) not in known)
    if unit.kind in {"str", "bool"}:
        return None
    numbers = there.to_numpy(np.float64)
    wrong = (numbers < unit.low - ROUNDING) | (numbers > unit.high + ROUNDING)
    if unit.kind == "int64":
        wrong |= ~np.isfinite(numbers) | (numbers != np.floor(numbers))
    return int(places[wrong.argmax()]) if wrong.any() else None


def _type(column: Column, *, missing: bool = False) -> str:
    """What the column is stored as; whole numbers and flags have no value of their own that says missing."""
    kind = "object" if column.many else column.kind.kind
    return {"int64": "float64", "bool": "object"}.get(kind, kind) if missing else kind


def _refusal(table: Table, name: str, column: Column, row: int, value: object) -> ContractError:
    unit = column.kind
    wanted = f"{column.unit} ({unit.says}){f', {unit.range}' if unit.range else ''}"
    return ContractError(
        "a cell is empty" if value is None else "a value is none of its unit's",
        where=f"table {table.name}, column {name}, row {row}",
        expected=wanted,
        got="nothing" if value is None else str(value),
        do=f"mend distillab/tables/{table.name}.py, or what it declares",
    )
