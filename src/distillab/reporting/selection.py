"""Tables with the rows of some defenses or of one thief alone, so that one view serves every study."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from distillab.reporting.tables import Tables, lookup
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd


class Selection(Tables):
    """The same tables with fewer defenses or thieves; rows that are of none, such as LS students or teachers, stay."""

    def __init__(self, whole: Tables, column: str, kept: Iterable[str]) -> None:
        super().__init__(whole.folder)
        self.whole, self._column, self._kept = whole, column, {"", *kept}

    def __getitem__(self, name: str) -> "pd.DataFrame":
        """The table called ``name`` without the rows of others.

        Raises:
            ArtifactError: The file is absent, unreadable, or lacks a column.
        """
        frame = self.whole[name]
        if self._column not in frame.columns:
            return frame
        return frame[frame[self._column].isin(self._kept)].reset_index(drop=True)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Those of all tables."""
        return self.whole.facts

    @cached_property
    def labels(self) -> dict[str, str]:
        """Those of all tables, so that a method has one name on every page."""
        return self.whole.labels

    def hashes(self) -> dict[str, str]:
        """Those of all tables."""
        return self.whole.hashes()


def only(tables: Tables, *kinds: str) -> Selection:
    """The tables with the defenses of these kinds alone."""
    return Selection(tables, "defense", of_kind(tables, *kinds))


def unselected(tables: Tables) -> Tables:
    """The tables that a selection, or a selection of one, was made from."""
    while isinstance(tables, Selection):
        tables = tables.whole
    return tables


def robbed_by(tables: Tables, thief: str) -> Selection:
    """The tables with the students, knockoffs and verdicts of one thief alone, and with what is no thief's."""
    return Selection(tables, "thief", [thief])


def of_kind(tables: Tables, *kinds: str) -> list[str]:
    """Keys of the teachers' defenses of these kinds, as the plan has them."""
    return [str(key) for key in tables["models"]["defense"].unique() if kind_of(tables, key) in kinds]


def unprotected(tables: Tables) -> dict[str, str]:
    """Network to its teacher without protection."""
    teachers = tables.known[tables.known["role"] == "teacher"]
    plain = teachers[teachers["defense"].map(lambda key: kind_of(tables, key)) == UNPROTECTED]
    return lookup(plain.iloc[::-1], "arch", "model")


def of_method(tables: Tables, method: str) -> list[str]:
    """Keys of the teachers' defenses that are, or are variants of, this method."""
    return [str(key) for key in tables["models"]["defense"].unique() if method_of(tables, key) == method]


def kind_of(tables: Tables, key: str) -> str:
    """What a defense does, as its spec says; ``other`` where the run does not know it."""
    return str(tables.facts.get("methods", {}).get("defenses", {}).get(key, {}).get("kind", "other"))


def method_of(tables: Tables, key: str) -> str:
    """The registered name of a defense's method; from its key, up to the first underscore, where no parameters tell."""
    return str(settings_of(tables, key).get("name", key.partition("_")[0]))


def settings_of(tables: Tables, key: str) -> dict[str, Any]:
    """The resolved parameters of a defense; empty where the run did not write them down."""
    found: dict[str, Any] = tables.facts.get("params", {}).get("defenses", {}).get(key, {})
    return found


def radii_of(tables: Tables, *kinds: str) -> list[float]:
    """Radii that defenses of these kinds were trained for, in pixel units."""
    specs = {key: settings_of(tables, key) for key in tables.facts.get("params", {}).get("defenses", {})}
    return [float(spec["eps"]) for key, spec in specs.items() if kind_of(tables, key) in kinds and "eps" in spec]
