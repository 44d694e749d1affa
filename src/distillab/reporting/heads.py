"""The head of every page: the question, the other pages, which run this is; and what stands on another page."""

from collections.abc import Callable
from html import escape

from distillab.reporting.display import Html, paragraph
from distillab.reporting.studies import studies_of
from distillab.reporting.tables import Tables
from distillab.studies import PAGES, STUDIES


def head(tables: Tables, page: str) -> Html:
    """Links to all pages of the run, its date and commit, and the page's question."""
    names = [name for name in PAGES if name in ("index", page, *studies_of(tables))]
    links = "".join(_link(name, current=name == page) for name in names)
    facts = tables.facts
    run = [f"preset {escape(facts['preset'])}", f"commit {escape(facts['commit'] or 'unknown')}"]
    run = [escape(str(facts["date"])), *run] if facts.get("date") else run
    return Html(
        f'<header class="top" data-page="{page}"><nav aria-label="Pages">{links}</nav><p>{" · ".join(run)}</p></header>'
        f'<p class="eyebrow">{escape(PAGES[page].title)} · {escape(tables.dataset)}</p>'
        f"<h1>{escape(PAGES[page].question)}</h1>"
    )


def study_list(tables: Tables) -> Html:
    """The studies of a run, each with its question; nothing where there is none."""
    items = "".join(
        f'<li><a href="{study}.html">{escape(STUDIES[study].title)}</a>{escape(STUDIES[study].question)}</li>'
        for study in studies_of(tables)
    )
    return Html(f'<ul class="studies">{items}</ul>' if items else "")


def told_on(tables: Tables, page: str, what: str, make: Callable[[], Html | None]) -> Html | None:
    """A link to the page that shows this already; what ``make`` makes where the run has no such page."""
    if page not in studies_of(tables):
        return make()
    return paragraph(f'{escape(what)}: <a href="{page}.html">{escape(PAGES[page].title)}</a>.')


def _link(name: str, *, current: bool) -> str:
    here = ' aria-current="page"' if current else ""
    return f'<a href="{name}.html"{here}>{escape(PAGES[name].title)}</a>'
