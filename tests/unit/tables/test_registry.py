"""Tables by name: a name costs no import, a file finds what it holds."""

import subprocess
import sys

import pytest

from distillab.tables import FOR_DVC, RECORDS, TABLES, name_of, robustness, run, table_of
from distillab.tables.registry import TableRegistry, module_of

NAMES = "import distillab.plan.cache, distillab.studies, distillab.tables as t; [*t.TABLES, *t.RECORDS]"


def test_a_table_is_that_of_the_module_of_its_name():
    assert TABLES["robustness"] is robustness.TABLE
    assert RECORDS["run"] is run.TABLE
    assert module_of("robustness") == robustness.__name__


def test_names_come_in_the_order_of_the_registry():
    registry = TableRegistry("worst", "cmi")
    assert (list(registry), len(registry)) == (["worst", "cmi"], 2)
    assert ("cmi" in registry, "models" in registry) == (True, False)
    with pytest.raises(KeyError, match="models"):
        registry["models"]


def test_names_and_a_cached_plan_import_neither_arrays_nor_frames_nor_parsers():
    code = f"import sys; {NAMES}; print(sorted({{'numpy', 'pandas', 'scipy', 'torch', 'yaml'}} & {{*sys.modules}}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("tables/ta/claims.parquet", "claims"), ("tables/index/facts.json", "facts"), ("tables/ta/run.json", "run"),
        ("plots/robustness.csv", "curves"), ("plots/history.csv", "history"), ("plots/cmi.csv", "cmi"),
        ("metrics.json", "metrics"), ("tables/index/robustness.parquet", "robustness"),
    ],
)  # fmt: skip
def test_a_file_finds_what_it_holds(file, name):
    assert name_of(file) == name
    assert table_of(file).name == name
    assert table_of(file).suffix in {f".{file.rpartition('.')[2]}", ".parquet"}


def test_an_unknown_file_is_no_table():
    with pytest.raises(KeyError, match="nothing"):
        table_of("tables/ta/nothing.parquet")


def test_what_dvc_shows_is_made_of_tables():
    assert {*FOR_DVC.values()} <= {*TABLES, *RECORDS}
    assert not {*TABLES} & {*RECORDS}
