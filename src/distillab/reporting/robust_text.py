"""Sentences about adversarial training: what is left in the worst case."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.display import Html, paragraph, percent
from distillab.reporting.selection import kind_of
from distillab.reporting.summaries import counts, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset
from distillab.reporting.titles import text_titles
from distillab.reporting.worst_rows import ROBUST, at, named, threat_models
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

_NAMED = (ROBUST, UNPROTECTED)


def adversarial_answer(tables: Tables) -> Html:
    """What robust and unprotected teachers keep under the worst of all attacks, and whether that can be trusted."""
    frame = tables["worst"]
    frame = frame[frame["role"] == "teacher"]
    if frame.empty:
        return paragraph("No teacher met an attack of a fixed radius in this preset.", kind="lead")
    threat = threat_models(tables, frame)[0]
    shown = at(frame, threat)
    kinds = shown["defense"].map(lambda key: kind_of(tables, key))
    trained = (kinds == ROBUST).any()
    rows = _ranked(shown[kinds.isin(_NAMED)]) if trained else _ends(shown)
    return paragraph(
        f"{'' if trained else 'No teacher was trained adversarially here. '}On {dataset(tables)}, under the worst of "
        f"{counts(shown['attacks'])} attack{'s' * int(shown['attacks'].max() > 1)} at {named(threat)}: "
        f"{'; '.join(_kept(tables, row) for row in rows)} of n = {counts(shown['n'])} images "
        f"({seeds_of(shown)}).{_doubt(tables, shown)}",
        kind="lead",
    )


def _ranked(frame: "pd.DataFrame") -> list[Any]:
    """Teachers by what they keep, most first."""
    return sorted(records(over_seeds(frame, ["model"], "robust_accuracy")), key=lambda row: -row.value)


def _ends(frame: "pd.DataFrame") -> list[Any]:
    """The teachers that keep most and least."""
    ranked = _ranked(frame)
    return [ranked[0], ranked[-1]] if len(ranked) > 1 else ranked


def _kept(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    bounds = f" [{percent(row.low)}, {percent(row.high)}]" if isfinite(row.low) else ""
    return f"{escape(text_titles(tables)[row.model])} keeps {percent(row.value)} %{bounds}"


def _doubt(tables: Tables, frame: "pd.DataFrame") -> str:
    """Teachers whose direct attacks an attack from another network beats."""
    beaten = frame.loc[frame["transfer_wins"].astype(bool), "model"].unique()
    if not len(beaten):
        return ""
    names = "; ".join(escape(text_titles(tables)[model]) for model in beaten)
    return f" An attack carried over from another network beats every direct one on {names}. Do not trust that number."
