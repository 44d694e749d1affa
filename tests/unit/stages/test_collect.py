"""Tables as files: which function fills which, what stands in the file, how often the artifacts are read."""

import json

import pandas as pd
import pytest

from distillab.core.job import Plan
from distillab.core.workspace import Workspace
from distillab.plan.patterns import TABLES
from distillab.stages import collect

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
    "metrics": "facts.metrics",
}


@pytest.fixture
def written(small, monkeypatch, tmp_path):
    """A table of the plan written by a function of the test's own."""

    def write(file, rows):
        monkeypatch.setitem(collect.TABLES, file, lambda results: rows(results) if callable(rows) else rows)
        member = small.member(file).model_copy(update={"parents": {}})
        return small.remade(member, tmp_path).entry.payload

    return write


def test_every_table_of_the_plan_has_its_function():
    assert set(collect.TABLES) == set(TABLES)


@pytest.mark.parametrize("name", ["history", "cmi"])
def test_plots_show_the_rows_of_the_table_of_their_name(name):
    assert collect.TABLES[f"plots/{name}.csv"] is collect.TABLES[f"tables/{name}.parquet"]


def test_plots_of_robustness_show_its_curves():
    assert collect.TABLES["plots/robustness.csv"] is collect.TABLES["tables/curves.parquet"]


def test_no_other_two_files_hold_the_same():
    functions = [make for file, make in collect.TABLES.items() if not file.startswith("plots/")]
    assert len(set(functions)) == len(functions)


@pytest.mark.parametrize("file", TABLES)
def test_a_table_is_computed_where_its_name_says(file):
    """By ``rows`` of the module of that name, but for those above."""
    make, name = collect.TABLES[file], file.split("/")[-1].split(".")[0]
    if file != "plots/robustness.csv":
        assert f"{make.__module__.rsplit('.', 1)[-1]}.{make.__name__}" == ELSEWHERE.get(name, f"{name}.rows")


def test_parquet_keeps_the_rows_and_adds_no_column(written):
    frame = pd.read_parquet(written("tables/models.parquet", ROWS))
    assert list(frame.columns) == ["model", "seed", "share"]
    pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS))


def test_rows_that_come_one_by_one_fill_the_same_frame(written):
    frame = pd.read_parquet(written("tables/models.parquet", lambda _results: iter(ROWS)))
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
    for file in ("tables/models.parquet", "plots/cmi.csv"):
        written(file, lambda results: seen.append(results) or ROWS)
    assert seen[0] is seen[1]
    assert seen[0].workspace is small.workspace


def test_another_project_is_read_anew(small, tmp_path):
    plan = Plan(preset="t", params={}, members={}, jobs=(), studies={}, facts={})
    first, other = (collect._results(each) for each in (small.workspace, Workspace(tmp_path, plan)))
    assert first is not other
    assert other.workspace.root == tmp_path
