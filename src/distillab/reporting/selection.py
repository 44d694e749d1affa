"""Tables with the rows of some defenses alone, so that one view serves every study."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from distillab.reporting.tables import Tables

if TYPE_CHECKING:
    import pandas as pd


class Selection(Tables):
    """The same tables with fewer defenses; models that have none, such as LS students, stay."""

    def __init__(self, whole: Tables, defenses: Iterable[str]) -> None:
        super().__init__(whole.folder)
        self._whole, self._kept = whole, {"", *defenses}

    def __getitem__(self, name: str) -> "pd.DataFrame":
        """The table called ``name`` without the rows of other defenses.

        Raises:
            ArtifactError: The file is absent, unreadable, or lacks a column.
        """
        frame = self._whole[name]
        if "defense" not in frame.columns:
            return frame
        return frame[frame["defense"].isin(self._kept)].reset_index(drop=True)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Those of all tables."""
        return self._whole.facts

    @cached_property
    def labels(self) -> dict[str, str]:
        """Those of all tables, so that a method has one name on every page."""
        return self._whole.labels

    def hashes(self) -> dict[str, str]:
        """Those of all tables."""
        return self._whole.hashes()


def only(tables: Tables, *methods: str) -> Selection:
    """The tables with the defenses of these methods alone."""
    return Selection(tables, defenses_of(tables, *methods))


def defenses_of(tables: Tables, *methods: str) -> list[str]:
    """Keys of the teachers' defenses that are, or are variants of, these methods."""
    return [str(key) for key in tables["models"]["defense"].unique() if method_of(tables, key) in methods]


def method_of(tables: Tables, key: str) -> str:
    """The registered name of a defense's method; from its key, up to the first underscore, where no parameters tell."""
    return str(settings_of(tables, key).get("name", key.partition("_")[0]))


def settings_of(tables: Tables, key: str) -> dict[str, Any]:
    """The resolved parameters of a defense; empty where the run did not write them down."""
    found: dict[str, Any] = tables.facts.get("params", {}).get("defenses", {}).get(key, {})
    return found
