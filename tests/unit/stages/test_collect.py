"""Tables as files: which function fills which, what stands in the file, how often the artifacts are read."""

import json
from pathlib import PurePosixPath

import pandas as pd
import pytest

from distillab.core.job import Plan
from distillab.core.workspace import Workspace
from distillab.stages import collect
from distillab.studies.tables import FOR_DVC, READ_FROM

ROWS = [{"model": "a", "seed": 0, "share": 0.25}, {"model": "b", "seed": 1, "share": None}]


ELSEWHERE = {
    "curves": "robustness.curve_rows",
    "examples": "robustness.example_rows",
    "cmi": "curves.cmi_rows",
    "history": "curves.history_rows",
    "certified_images": "certificates.image_rows",
    "profiles": "responses.profile_rows",
    "steps": "chains.step_rows",
    "facts": "facts.facts",
    "run": "facts.run",
}


@pytest.fixture
def written(small, monkeypatch, tmp_path):
    """A table of the plan written by a function of the test's own."""

    def write(file, rows):
        known = collect.FOR_DVC if file in collect.FOR_DVC else collect.TABLES
        name = file if known is collect.FOR_DVC else PurePosixPath(file).stem
        monkeypatch.setitem(known, name, lambda results: rows(results) if callable(rows) else rows)
        member = small.member(file).model_copy(update={"parents": {}})
        return small.remade(member, tmp_path).entry.payload

    return write


def test_every_table_of_the_plan_has_its_function():
    assert set(collect.TABLES) == {*READ_FROM, "facts", "run"}
    assert set(collect.FOR_DVC) == set(FOR_DVC)


@pytest.mark.parametrize(("plot", "table"), [("history", "history"), ("cmi", "cmi"), ("robustness", "curves")])
def test_plots_show_the_rows_of_their_table(plot, table):
    assert collect.FOR_DVC[f"plots/{plot}.csv"] is collect.TABLES[table]


def test_no_two_tables_hold_the_same():
    functions = [*collect.TABLES.values(), collect.FOR_DVC["metrics.json"]]
    assert len(set(functions)) == len(functions)


@pytest.mark.parametrize("name", [*READ_FROM, "facts", "run"])
def test_a_table_is_computed_where_its_name_says(name):
    """By ``rows`` of the module of that name, but for those above."""
    make = collect.TABLES[name]
    assert f"{make.__module__.rsplit('.', 1)[-1]}.{make.__name__}" == ELSEWHERE.get(name, f"{name}.rows")


def test_parquet_keeps_the_rows_and_adds_no_column(written):
    frame = pd.read_parquet(written("tables/index/models.parquet", ROWS))
    assert list(frame.columns) == ["model", "seed", "share"]
    pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS))


def test_rows_that_come_one_by_one_fill_the_same_frame(written):
    frame = pd.read_parquet(written("tables/index/models.parquet", lambda _results: iter(ROWS)))
    pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS))
    assert collect._frame(iter([])).empty


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
    assert seen[0] is seen[1]
    assert seen[0].workspace is small.workspace


def test_another_project_is_read_anew(small, tmp_path):
    plan = Plan(preset="t", params={}, members={}, jobs=(), studies={}, facts={})
    first, other = (collect._results(each, frozenset()) for each in (small.workspace, Workspace(tmp_path, plan)))
    assert first is not other
    assert other.workspace.root == tmp_path
