"""What a table is: its columns with their units, the stages that it is read from, and what computes it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ContractError
from distillab.tables.units import UNITS, Unit

if TYPE_CHECKING:
    from distillab.tables.results import Results


@dataclass(frozen=True)
class Column:
    """A column of a table, or a key of a record."""

    name: str
    """May be a pattern, as ``by_*``: one column or more whose names differ from run to run."""
    unit: str
    """A key of `distillab.tables.units.UNITS`."""
    says: str
    optional: bool = False
    """Whether a cell may be empty."""
    many: bool = False
    """Whether a cell holds a list of such values, or a dictionary to them."""

    @property
    def kind(self) -> Unit:
        """What its values can be."""
        return UNITS[self.unit]

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for columns whose names are not known before."""
        return "*" in self.name


@dataclass(frozen=True)
class Table:
    """A table of a run, declared once: what computes it, what checks it, and what reads it look here."""

    name: str
    columns: tuple[Column, ...]
    reads: tuple[str, ...]
    """The stages that it is read from, besides training and the models' measured answers."""
    rows: "Callable[[Results], Any]"
    """Its rows; of a record, which is one file of JSON, its content."""
    suffix: str = ".parquet"

    @property
    def fixed(self) -> tuple[Column, ...]:
        """The columns that it has in every run."""
        return tuple(column for column in self.columns if not column.is_pattern)

    @property
    def names(self) -> tuple[str, ...]:
        """What these are called."""
        return tuple(column.name for column in self.fixed)

    def lacking(self, found: Iterable[str]) -> list[str]:
        """The declared columns, or patterns, that none of these are."""
        there = list(found)
        return [column.name for column in self.columns if not _named(column, there)]

    def declared(self, found: Iterable[str]) -> dict[str, Column]:
        """Each of these columns with its declaration, in the order of the declaration.

        Raises:
            ContractError: one is not declared, or a declared one is not there.
        """
        there = list(found)
        columns = {name: column for column in self.columns for name in _named(column, there)}
        missing, surplus = self.lacking(there), [name for name in there if name not in columns]
        if missing or surplus:
            raise ContractError(
                "columns are not those that it declares",
                where=f"table {self.name}",
                expected=", ".join(missing) or "no more than it declares",
                got=", ".join(surplus) or "none of these",
                do=f"make distillab/tables/{self.name}.py declare what it computes",
            )
        return columns


def _named(column: Column, names: list[str]) -> list[str]:
    """The names that the column stands for."""
    return [name for name in names if fnmatchcase(name, column.name)]
