"""Sentences about distillation chains: which claims of the paper hold here."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.chain_views import named_norms
from distillab.reporting.display import Html, paragraph
from distillab.reporting.summaries import seeds_phrase
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd

_DECISIONS = {"holds": "hold", "contradicted": "do not hold", "undecided": "are undecided"}


def _statements(claims: "pd.DataFrame") -> list[str]:
    """Each statement once; with what the attacks saw where only one of the two views came out like this."""
    views: dict[str, list[str]] = {}
    for row in records(claims):
        views.setdefault(named_norms(row.statement), []).append(row.view)
    seen = {"raw": " (attacks on Z)", "worst": " (attacks on Z and Z/T)"}
    return [text + (seen.get(found[0], "") if len(found) == 1 else "") for text, found in views.items()]


def claims_answer(tables: Tables) -> Html:
    """One sentence: which of the paper's claims hold here, which do not, and which are undecided."""
    claims = tables["claims"]
    if claims.empty:
        return paragraph("No claim of the paper can be checked with one temperature and one step.", kind="lead")
    said = {decision: _statements(claims[claims["decision"] == decision]) for decision in _DECISIONS}
    parts = [
        f"{len(found)} {_DECISIONS[decision]}: {escape('; '.join(found))}" for decision, found in said.items() if found
    ]
    seeds = int(claims["seeds"].max())
    few = " Below three seeds nothing is decided." if seeds < 3 else ""
    return paragraph(
        f"Of {len(claims)} claims of the paper checked on {escape(tables.dataset)} with {seeds_phrase(seeds)}: "
        f"{'. '.join(parts)}.{few}",
        kind="lead",
    )
