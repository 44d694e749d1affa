"""Stage ``collect``: from artifacts to the tables that reports, DVC's metrics and DVC's plots read."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import pandas as pd

from distillab.core.files import atomic, write_text
from distillab.core.job import Member
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.stages.tables import (
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
from distillab.stages.tables.results import Results

TABLES: dict[str, Callable[[Results], Any]] = {
    "tables/models.parquet": models.rows,
    "tables/knockoff.parquet": knockoff.rows,
    "tables/verdicts.parquet": verdicts.rows,
    "tables/robustness.parquet": robustness.rows,
    "tables/curves.parquet": robustness.curve_rows,
    "tables/cmi.parquet": curves.cmi_rows,
    "tables/leaks.parquet": leaks.rows,
    "tables/simplex.parquet": simplex.rows,
    "tables/ablations.parquet": ablations.rows,
    "tables/hypotheses.parquet": hypotheses.rows,
    "tables/worst.parquet": worst.rows,
    "tables/certificates.parquet": certificates.rows,
    "tables/certified_images.parquet": certificates.image_rows,
    "tables/cascades.parquet": cascades.rows,
    "tables/responses.parquet": responses.rows,
    "tables/profiles.parquet": responses.profile_rows,
    "tables/history.parquet": curves.history_rows,
    "tables/examples.parquet": robustness.example_rows,
    "tables/sensitivity.parquet": sensitivity.rows,
    "tables/steps.parquet": chains.step_rows,
    "tables/claims.parquet": claims.rows,
    "tables/facts.json": facts.facts,
    "tables/run.json": facts.run,
    "plots/history.csv": curves.history_rows,
    "plots/robustness.csv": robustness.curve_rows,
    "plots/cmi.csv": curves.cmi_rows,
    "metrics.json": facts.metrics,
}


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """One table; what is read for it is kept for the other tables of the job, while there is room."""
    content = TABLES[member.spec["file"]](_results(workspace))
    if entry.suffix == ".json":
        write_text(entry.payload, json.dumps(content, indent=1, sort_keys=True) + "\n")
    else:
        _write_frame(_frame(content), entry)
    return Product("cpu")


@lru_cache(maxsize=1)
def _results(workspace: Workspace) -> Results:
    return Results(workspace)


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
