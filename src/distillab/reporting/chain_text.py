"""Sentences about distillation chains: which claims of the paper hold here."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.chain_views import named_norms
from distillab.reporting.display import Html, paragraph
from distillab.reporting.summaries import seeds_phrase
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd

_MISPRINTS = (
    "The L0 attack's largest const is printed as 2e-6, below its first value; the release's 2e6 is used.",
    "Equation 14 takes the argmax as a confidence; it is the maximum.",
    "Equation 13 defines a distance as an argmin; it is the minimum of the norm.",
    "Equation 6 lets negative changes go free; the absolute change counts.",
    "The text explains small test gradients by 1/T, but T is 1 there; larger logits explain them.",
    "A “parameter decay” of 1e-6 is the release's decay of the learning rate.",
    "That L2 needs the least and L0 the largest perturbation compares different units.",
)

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


def misprints() -> Html:
    """What the paper prints and cannot mean, and what this project does instead."""
    return Html(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in _MISPRINTS)}</ul>")
