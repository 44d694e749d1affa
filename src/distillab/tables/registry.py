"""Tables by name, each read from the file of that name when it is looked up: names alone cost no import of pandas."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distillab.tables.table import Table


class TableRegistry(Mapping[str, "Table"]):
    """Name to table; ``TABLE`` of the module of that name."""

    def __init__(self, *names: str) -> None:
        self._names = dict.fromkeys(names)

    def __getitem__(self, name: str) -> "Table":
        """The table of that name.

        Raises:
            KeyError: there is none.
        """
        if name not in self._names:
            raise KeyError(name)
        table: Table = import_module(module_of(name)).TABLE
        return table

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of the registry."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many tables there are."""
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        """Whether there is a table of that name; imports nothing."""
        return name in self._names


def module_of(name: str) -> str:
    """The module that declares and computes a table."""
    return f"distillab.tables.{name}"
