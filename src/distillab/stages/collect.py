"""Stage ``collect``: from artifacts to the tables that reports, DVC's metrics and DVC's plots read."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from distillab.core.files import atomic, write_text
from distillab.core.job import Member
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.tables import (
    ablations,
    cascades,
    certificates,
    chains,
    claims,
    curves,
    facts,
    hypotheses,
    knockoff,
    leaks,
    models,
    responses,
    robustness,
    sensitivity,
    simplex,
    verdicts,
    worst,
)
from distillab.tables.results import Results

TABLES: dict[str, Callable[[Results], Any]] = {
    "models": models.rows,
    "knockoff": knockoff.rows,
    "verdicts": verdicts.rows,
    "robustness": robustness.rows,
    "curves": robustness.curve_rows,
    "cmi": curves.cmi_rows,
    "leaks": leaks.rows,
    "simplex": simplex.rows,
    "ablations": ablations.rows,
    "hypotheses": hypotheses.rows,
    "worst": worst.rows,
    "certificates": certificates.rows,
    "certified_images": certificates.image_rows,
    "cascades": cascades.rows,
    "responses": responses.rows,
    "profiles": responses.profile_rows,
    "history": curves.history_rows,
    "examples": robustness.example_rows,
    "sensitivity": sensitivity.rows,
    "steps": chains.step_rows,
    "claims": claims.rows,
    "facts": facts.facts,
    "run": facts.run,
}
"""Name to what computes it."""

FOR_DVC: dict[str, Callable[[Results], Any]] = {
    "plots/history.csv": curves.history_rows,
    "plots/robustness.csv": robustness.curve_rows,
    "plots/cmi.csv": curves.cmi_rows,
    "metrics.json": facts.metrics,
}
"""File to what computes it."""


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """One table of one page; what is read for it is kept for the page's other tables, while there is room."""
    file = member.spec["file"]
    compute = FOR_DVC.get(file) or TABLES[PurePosixPath(file).stem]
    content = compute(_results(workspace, frozenset(member.parents.values())))
    if entry.suffix == ".json":
        write_text(entry.payload, json.dumps(content, indent=1, sort_keys=True) + "\n")
    else:
        _write_frame(_frame(content), entry)
    return Product("cpu")


@lru_cache(maxsize=1)
def _results(workspace: Workspace, scope: frozenset[str]) -> Results:
    return Results(workspace, scope)


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame; where they come one by one, they never all stand there as dictionaries, ten times as large."""
    if not isinstance(rows, Iterator):
        return pd.DataFrame(rows)
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return pd.DataFrame(columns)


def _write_frame(frame: pd.DataFrame, entry: Entry) -> None:
    with atomic(entry.payload) as temporary:
        if entry.suffix == ".csv":
            frame.to_csv(temporary, index=False, lineterminator="\n")
        else:
            frame.to_parquet(temporary, index=False)
