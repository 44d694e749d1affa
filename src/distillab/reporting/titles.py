"""What a row or a line calls a model: its defense with its grade, and its network where there are several."""

from typing import TYPE_CHECKING

from distillab.reporting.cells import Content, text_of
from distillab.reporting.display import number
from distillab.reporting.names import graded
from distillab.reporting.palette import ordered
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd


def cell_titles(tables: Tables) -> dict[str, Content]:
    """Id of each model to its title in a cell; a teacher is called by its defense."""
    several = len(set(tables.networks.values())) > 1
    return {
        row.model: graded(tables, row.defense, f", {row.arch}" if several else "")
        if row.role == "teacher"
        else tables.label(row.model)
        for row in records(tables.known)
    }


def text_titles(tables: Tables) -> dict[str, str]:
    """Id of each model to its title as text."""
    return {model: text_of(title, number) for model, title in cell_titles(tables).items()}


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
