"""What a row or a line calls a model: its defense with its grade, and its network where there are several."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.names import graded, marked
from distillab.reporting.palette import ordered
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd


def html_titles(tables: Tables) -> dict[str, str]:
    """Id of each model to its title as HTML; a teacher is called by its defense."""
    return _titles(tables, lambda key: graded(tables, key), escape)


def text_titles(tables: Tables) -> dict[str, str]:
    """Id of each model to its title as text."""
    return _titles(tables, lambda key: marked(tables, key), lambda text: text)


def in_order(tables: Tables, models: "pd.Series[str]") -> list[str]:
    """Distinct ids: teachers in the order of every figure, then the other models as they come."""
    known = tables.known.set_index("model")
    defenses, roles = known["defense"].to_dict(), known["role"].to_dict()
    order = ordered(list(known["defense"]))
    found = list(dict.fromkeys(models))
    teachers = [model for model in found if roles.get(model) == "teacher"]
    return sorted(teachers, key=lambda model: (order.index(defenses[model]), model)) + [
        model for model in found if model not in teachers
    ]


def _titles(tables: Tables, named: Callable[[str], str], written: Callable[[str], str]) -> dict[str, str]:
    several = len(set(tables.networks.values())) > 1
    return {
        row.model: named(row.defense) + (written(f", {row.arch}") if several else "")
        if row.role == "teacher"
        else written(tables.label(row.model))
        for row in records(tables.known)
    }
