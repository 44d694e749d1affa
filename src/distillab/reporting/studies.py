"""The studies of a run and the pages that they have."""

from html import escape

from distillab.reporting.display import Html
from distillab.reporting.tables import Tables
from distillab.studies import STUDIES


def studies_of(tables: Tables) -> list[str]:
    """The studies that the run was asked for."""
    chosen = tables.facts.get("params", {}).get("studies", ())
    return [study for study in STUDIES if study in chosen]


def study_links(tables: Tables) -> Html:
    """Links from the index to the page of each study; nothing where there is none."""
    links = "".join(f'<a href="{study}.html">{escape(STUDIES[study].title)}</a>' for study in studies_of(tables))
    return Html(f'<nav aria-label="Study pages"><span>Studies</span>{links}</nav>' if links else "")
