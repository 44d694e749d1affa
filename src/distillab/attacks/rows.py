"""Records whose tensors all have one row per example, so that finished examples can be dropped in one call."""

from dataclasses import fields, replace
from typing import Any, Self

from torch import Tensor


class Rows:
    """A dataclass of per-example tensors and of further such records; other fields belong to no example."""

    def take(self, rows: Tensor) -> Self:
        """The record of the examples at ``rows`` (int64 positions), as copies."""
        taken = {field.name: _take(getattr(self, field.name), rows) for field in fields(self)}  # type: ignore[arg-type]
        return replace(self, **taken)  # type: ignore[type-var]


def _take(value: Any, rows: Tensor) -> Any:  # noqa: ANN401 - a field may hold anything
    if isinstance(value, Tensor):
        return value.index_select(0, rows)
    return value.take(rows) if isinstance(value, Rows) else value
