"""Stage ``collect``: from artifacts to the tables that reports, DVC's metrics and DVC's plots read."""

import json
from functools import lru_cache

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from distillab.core.files import atomic, write_text
from distillab.core.job import Member
from distillab.core.recent import Recent
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.tables import table_of
from distillab.tables.frame import frame_of, record_of
from distillab.tables.results import KEPT, Results
from distillab.tables.table import Table


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """One table of one page; what is read for it is kept for the page's other tables, while there is room.

    Raises:
        ContractError: the table does not hold what it declares.
    """
    table = table_of(member.spec["file"])
    content = table.rows(Results(workspace, frozenset(member.parents.values()), _recent(workspace)))
    if entry.suffix == ".json":
        write_text(entry.payload, json.dumps(record_of(table, content), indent=1, sort_keys=True) + "\n")
    else:
        _write_frame(table, frame_of(table, content), entry)
    return Product("cpu")


@lru_cache(maxsize=1)
def _recent(_workspace: Workspace) -> Recent:
    return Recent(KEPT)


def _write_frame(table: Table, frame: pd.DataFrame, entry: Entry) -> None:
    with atomic(entry.payload) as temporary:
        if entry.suffix == ".csv":
            frame.to_csv(temporary, index=False, lineterminator="\n")
        else:
            parquet.write_table(_with_units(table, frame), temporary)


def _with_units(table: Table, frame: pd.DataFrame) -> pa.Table:
    """The frame, with unit and meaning of each column in the metadata of its field."""
    plain = pa.Table.from_pandas(frame, preserve_index=False)
    # Without rows no column stands for a pattern.
    declared = table.declared(frame.columns) if len(frame) else {column.name: column for column in table.fixed}
    fields = [
        field.with_metadata({"unit": declared[field.name].unit, "says": declared[field.name].says})
        for field in plain.schema
    ]
    return plain.cast(pa.schema(fields, plain.schema.metadata))
