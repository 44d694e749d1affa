"""Whom an audit is about: the model from elsewhere, its thief, its control, and what could protect it."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.core.identity import PAPER
from distillab.reporting.display import percent
from distillab.reporting.names import marked
from distillab.reporting.selection import Selection, kind_of, robbed_by
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import answer_phrase
from distillab.reporting.thief_rows import asking_thieves, hardest_first
from distillab.tables.protections import EVERYTHING
from distillab.tables.thefts import BROUGHT, UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd


def subjects(tables: Tables) -> list[str]:
    """Keys of the audited models: those from elsewhere, or the unprotected teachers of a run that has none."""
    keys = list(dict.fromkeys(str(key) for key in tables["verdicts"]["defense"]))
    brought = [key for key in keys if kind_of(tables, key) == BROUGHT]
    return brought or [key for key in keys if kind_of(tables, key) == UNPROTECTED]


def audit_thief(tables: Tables) -> str | None:
    """The thief with the fewest labels who sees probabilities of an audited model; None where nobody robs it."""
    verdicts = tables["verdicts"]
    robs = set(verdicts.loc[verdicts["defense"].isin(subjects(tables)), "thief"])
    sees = [t for t in asking_thieves(tables) if t in robs and tables.facts["thieves"][t]["answers"] == EVERYTHING]
    return next((thief for thief in sees if thief != PAPER), next(iter(sees), None))


def audited(tables: Tables) -> Selection:
    """The tables with the students, knockoffs and verdicts of the audit's thief alone."""
    return robbed_by(tables, audit_thief(tables) or "")


def verdict_rows(tables: Tables) -> tuple[list[Any], list[Any]]:
    """The verdicts of the audit's thief on the audited models, and on the controls beside them."""
    thief, keys = audit_thief(tables), subjects(tables)
    rows = [row for row in records(hardest_first(tables)) if row.thief == thief] if thief else []
    own = [row for row in rows if row.defense in keys]
    return own, [row for row in rows if row.unprotected and row.defense not in keys]


def protection_rows(tables: Tables) -> "pd.DataFrame":
    """What could stand between the audited models and their thief, the most effective first, with ``what`` to call it.

    ``base`` is what a page calls the model.
    """
    frame = tables["protections"]
    frame = frame[frame["defense"].isin(subjects(tables)) & (frame["thief"] == (audit_thief(tables) or ""))]
    frame = frame.assign(
        what=[_what(tables, row) for row in records(frame)], base=[marked(tables, key) for key in frame["defense"]]
    )
    return frame.sort_values("share_removed", ascending=False, kind="stable", na_position="last").reset_index(drop=True)


def taken_phrase(share: float, low: float, high: float) -> str:
    """What a protection takes: ``"57 % [40, 71] of the leak"``; beyond none and all of it only the bound that tells."""
    if share >= 1:
        return "the whole leak" + (f" [at least {percent(low)} % of it]" if isfinite(low) and low < 1 else "")
    if share <= 0:
        return "none of the leak" + (f" [at most {percent(high)} % of it]" if isfinite(high) and high > 0 else "")
    bounds = f" [{percent(low)}, {percent(high)}]" if isfinite(low) and isfinite(high) else ""
    return f"{percent(share)} %{bounds} of the leak"


def _what(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    """``"MAD"``, or ``"answers: the class alone"``."""
    if not row.is_form:
        return marked(tables, row.protection)
    return f"answers: {answer_phrase(tables.facts['thieves'][row.protection]['answers'])}"
