"""The overview of a run: the answers of all its studies, and what is kept of it in the repository."""

from distillab.studies.study import Study
from distillab.tables import TABLES

INDEX = Study(
    name="index",
    title="Overview",
    question="Can a released model be distilled, and what protects it?",
    families=("teachers", "students", "knockoffs", "chains"),
    tables=tuple(TABLES),
)
