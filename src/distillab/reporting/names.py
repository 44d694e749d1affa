"""Labels of methods with the grade that says where a method's code comes from."""

from collections.abc import Iterable

from distillab.reporting.cells import Graded
from distillab.reporting.grades import GRADED, GRADES
from distillab.reporting.tables import Tables


def graded(tables: Tables, key: str, where: str = "") -> Graded:
    """A method's label with its grade, as the content of a cell, and what follows it."""
    return Graded(tables.label(key), tables.grades.get(key, ""), where)


def marked(tables: Tables, key: str) -> str:
    """A method's label as text, with its grade where that is S or R."""
    grade = tables.grades.get(key, "")
    return f"{tables.label(key)} ({grade})" if grade in GRADED else tables.label(key)


def grade_note(tables: Tables, keys: Iterable[str]) -> str:
    """What the letters beside these methods mean, and which are reconstructions or our own; empty without letters."""
    by_grade: dict[str, list[str]] = {}
    own = [key for key in dict.fromkeys(keys) if key in tables.own_designs]
    for key in dict.fromkeys(keys):
        named = by_grade.setdefault(tables.grades.get(key, ""), [])
        named += [] if key in own else [tables.label(key)]
    said = [
        f"{grade}: {meaning}" + (f" ({', '.join(by_grade[grade])})" if grade in GRADED and by_grade[grade] else "")
        for grade, meaning in GRADES.items()
        if grade in by_grade
    ]
    designs = f" Designs of this project: {', '.join(map(tables.label, own))}." if own else ""
    return f"Grades: {'; '.join(said)}.{designs}" if said else ""
