"""Labels of methods with the grade that says where a method's code comes from."""

from distillab.reporting.cells import Graded
from distillab.reporting.grades import GRADED
from distillab.reporting.tables import Tables


def graded(tables: Tables, key: str, where: str = "") -> Graded:
    """A method's label with its grade, as the content of a cell, and what follows it."""
    return Graded(tables.label(key), tables.grades.get(key, ""), where)


def marked(tables: Tables, key: str) -> str:
    """A method's label as text, with its grade where that is S or R."""
    grade = tables.grades.get(key, "")
    return f"{tables.label(key)} ({grade})" if grade in GRADED else tables.label(key)
