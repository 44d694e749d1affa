"""Tables as files: what stands in the file, what is refused, how often the artifacts are read."""

import json
from dataclasses import replace

import pandas as pd
import pytest
from pyarrow import parquet

from distillab.core.errors import ContractError
from distillab.core.job import Plan
from distillab.core.workspace import Workspace
from distillab.stages import collect
from distillab.tables import TABLES
from distillab.tables.table import Column, Table

ROWS = [{"model": "a", "seed": 0, "share": 0.25}, {"model": "b", "seed": 1, "share": None}]
COLUMNS = (
    Column("model", "text", "who"),
    Column("seed", "index", "which"),
    Column("share", "share", "how much", optional=True),
)
RECORD = (Column("b", "record", "letters"), Column("a", "share", "numbers", many=True))


@pytest.fixture
def written(small, monkeypatch, tmp_path):
    """A table of the plan written by a function of the test's own."""

    def write(file, rows):
        columns = RECORD if file.endswith(".json") else COLUMNS
        table = Table("made", columns, (), lambda results: rows(results) if callable(rows) else rows)
        monkeypatch.setattr(collect, "table_of", {file: table}.__getitem__)
        member = small.member(file).model_copy(update={"parents": {}})
        return small.remade(member, tmp_path).entry.payload

    return write


def test_parquet_keeps_the_rows_and_adds_no_column(written):
    frame = pd.read_parquet(written("tables/index/models.parquet", ROWS))
    assert list(frame.columns) == ["model", "seed", "share"]
    pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS))


def test_rows_that_come_one_by_one_fill_the_same_file(written):
    frame = pd.read_parquet(written("tables/index/models.parquet", lambda _results: iter(ROWS)))
    pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS))


@pytest.mark.parametrize("rows", [ROWS, []], ids=["rows", "none"])
def test_each_column_of_a_parquet_file_tells_its_unit_and_meaning(written, rows):
    schema = parquet.read_schema(written("tables/index/models.parquet", rows))
    assert {field.name: field.metadata for field in schema} == {
        "model": {b"unit": b"text", b"says": b"who"},
        "seed": {b"unit": b"index", b"says": b"which"},
        "share": {b"unit": b"share", b"says": b"how much"},
    }


@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_a_run_that_has_nothing_for_it_can_be_written(small, monkeypatch, tmp_path, name):
    """Also where a pattern stands for columns: without rows it stands for none."""
    table = replace(TABLES[name], rows=lambda _results: [])
    monkeypatch.setattr(collect, "table_of", lambda _file: table)
    member = small.member(f"tables/index/{name}.parquet").model_copy(update={"parents": {}})
    schema = parquet.read_schema(small.remade(member, tmp_path).entry.payload)
    assert {field.name: field.metadata[b"unit"].decode() for field in schema} == {
        column.name: column.unit for column in table.fixed
    }


def test_a_table_without_rows_has_its_columns_in_every_format(written):
    assert list(pd.read_parquet(written("tables/index/models.parquet", [])).columns) == ["model", "seed", "share"]
    assert written("plots/cmi.csv", []).read_bytes() == b"model,seed,share\n"


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("tables/index/models.parquet", [ROWS[0], ROWS[1] | {"share": 1.5}], "column share, row 1: .* got 1.5"),
        ("plots/cmi.csv", [ROWS[0] | {"seed": -7}], "column seed, row 0: .* got -7"),
        ("tables/index/models.parquet", [{"model": "a", "seed": 0}], "expected share"),
        ("plots/cmi.csv", [ROWS[0] | {"more": 0}], "got more"),
        ("metrics.json", {"b": {}, "a": [0.5, 1.5]}, "column a, row 0: .* got 1.5"),
        ("metrics.json", {"a": [0.5]}, "expected b"),
    ],
)
def test_what_a_table_does_not_declare_is_not_written(written, file, content, told):
    with pytest.raises(ContractError, match=f"table made.*{told}"):
        written(file, content)


def test_a_table_of_the_plan_is_the_registrys(small, tmp_path):
    """Of nothing that is there; the history of no training has no rows."""
    member = small.member("plots/history.csv").model_copy(update={"parents": {}})
    text = small.remade(member, tmp_path).entry.payload.read_text()
    assert text == ",".join(TABLES["history"].names) + "\n"


def test_csv_is_plain(written):
    assert written("plots/cmi.csv", ROWS).read_bytes() == b"model,seed,share\na,0,0.25\nb,1,\n"


def test_json_has_its_keys_in_order_and_ends_the_line(written):
    text = written("metrics.json", {"b": {"d": 1, "c": 2}, "a": [0.5]}).read_text()
    assert json.loads(text) == {"a": [0.5], "b": {"c": 2, "d": 1}}
    assert text == '{\n "a": [\n  0.5\n ],\n "b": {\n  "c": 2,\n  "d": 1\n }\n}\n'


def test_all_tables_of_a_job_read_the_artifacts_once(small, written):
    seen = []
    for file in ("tables/index/models.parquet", "plots/cmi.csv"):
        written(file, lambda results: seen.append(results) or ROWS)
    assert seen[0].recent is seen[1].recent
    assert seen[0].workspace is small.workspace


def test_another_project_is_read_anew(small, tmp_path):
    plan = Plan(preset="t", params={}, members={}, jobs=(), studies={}, facts={})
    first, other = map(collect._recent, (small.workspace, Workspace(tmp_path, plan)))
    assert first is not other
