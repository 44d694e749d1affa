"""The studies of a run and the pages that they have."""

from distillab.reporting.tables import Tables
from distillab.studies import STUDIES


def studies_of(tables: Tables) -> list[str]:
    """The studies that the run was asked for."""
    chosen = tables.facts.get("params", {}).get("studies", ())
    return [study for study in STUDIES if study in chosen]
