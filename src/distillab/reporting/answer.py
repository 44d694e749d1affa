"""What a run says, in one sentence for a terminal."""

import re
from html import unescape

from distillab.reporting.chain_text import claims_answer
from distillab.reporting.display import Html
from distillab.reporting.robust_text import adversarial_answer
from distillab.reporting.tables import Tables
from distillab.reporting.text import robustness_answer
from distillab.reporting.thief_text import knockoff_clauses


def answer_sentence(tables: Tables) -> str:
    """One sentence: which teachers leak to which thief; of a run without thieves, the first answer of its studies."""
    if len(tables["verdicts"]):
        return "; ".join(knockoff_clauses(tables)).replace("; Of ", "; of ") + "."
    if len(tables["claims"]):
        return _plain(claims_answer(tables))
    if len(tables["worst"]):
        return _plain(adversarial_answer(tables))
    return _plain(robustness_answer(tables))


def _plain(answer: Html) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "", answer.text)).split())
