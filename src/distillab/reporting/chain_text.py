"""Sentences about distillation chains: which claims hold here, how far softmax saturates."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.chain_views import chain_rows, named_norms
from distillab.reporting.display import Html, number, paragraph
from distillab.reporting.summaries import over_seeds, seeds_of, seeds_range
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset

if TYPE_CHECKING:
    import pandas as pd

_DECISIONS = {"holds": "hold", "contradicted": "do not hold", "undecided": "are undecided"}
_OPEN = _DECISIONS["undecided"]
"""What is only counted, as the table names them."""

_SEEN = {"raw": " (attacks on Z)", "worst": " (attacks on Z and Z/T)"}


def claims_answer(tables: Tables) -> Html:
    """One sentence per chain: which of the paper's claims hold here, which do not, and which are undecided."""
    claims = tables["claims"]
    if claims.empty:
        return paragraph("No claim of the paper can be checked with one temperature and one step.", kind="lead")
    chains = list(claims["chain"].unique())
    where = {chain: f", chain {escape(chain)}" if len(chains) > 1 else "" for chain in chains}
    said = [_sentence(tables, claims[claims["chain"] == chain], where[chain]) for chain in chains]
    return Html("".join(paragraph(text, kind="lead").text for text in said))


def _sentence(tables: Tables, claims: "pd.DataFrame", where: str) -> str:
    found = {words: _statements(claims[claims["decision"] == decision]) for decision, words in _DECISIONS.items()}
    groups = [
        f"<strong>{words}</strong>: {escape('; '.join(texts) if words != _OPEN else str(len(texts)))}"
        for words, texts in found.items()
        if texts
    ]
    few = " Below three seeds nothing is decided." if claims["seeds"].max() < 3 else ""
    head = f"On {dataset(tables)}{where}, with {seeds_range(claims['seeds'])}, these claims of the paper"
    return f"{head} {' – these '.join(groups)}.{few}"


def _statements(claims: "pd.DataFrame") -> list[str]:
    """Each statement once; with what the attacks saw where only one of the two views came out like this."""
    views: dict[str, list[str]] = {}
    for row in records(claims):
        views.setdefault(named_norms(row.statement), []).append(row.view)
    return [text + (_SEEN.get(found[0], "") if len(found) == 1 else "") for text, found in views.items()]


def saturation(tables: Tables) -> Html:
    """How the margin between the two largest logits of the teachers grows with the temperature."""
    frame = chain_rows(tables, "sensitivity")
    frame = frame[frame["step"] == 0]
    if frame.empty:
        return Html("")
    margins = records(over_seeds(frame, ["temperature"], "margin_median").sort_values("temperature"))
    said = ", ".join(f"{number(row.value)} at T = {row.temperature:g}" for row in margins)
    return paragraph(
        f"Here the median margin between a teacher's two largest logits is {said} (mean over {seeds_of(frame)})."
    )
