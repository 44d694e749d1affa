"""The overview of a run: the answers of all its studies, and what is kept of it in the repository."""

from distillab.studies.study import Study
from distillab.studies.tables import READ_FROM

INDEX = Study(
    name="index",
    title="Overview",
    families=("teachers", "students", "knockoffs", "chains"),
    tables=tuple(READ_FROM),
)
