"""A study names its tables, and follows them to the stages and the files that they need."""

import pytest

from distillab.studies import INDEX, PAGES, STUDIES
from distillab.studies.study import LABELS, Study
from distillab.tables import TABLES


def study(*tables):
    return Study(name="mine", title="Mine", question="", families=("teachers",), tables=tables)


def test_a_study_needs_the_stages_that_its_tables_are_read_from():
    assert study("models", "cmi").stages == {"measure"}
    assert study("models", "worst").stages == {"measure", "attack"}
    assert study("cascades", "claims").stages == {"measure", "certify", "attack", "sensitivity"}


def test_a_study_has_its_tables_in_a_folder_of_its_own():
    assert study("models", "worst").files == (
        "tables/mine/models.parquet", "tables/mine/worst.parquet", "tables/mine/facts.json", "tables/mine/run.json",
    )  # fmt: skip


def test_an_unknown_table_is_an_error_where_the_study_is_asked_for_it():
    with pytest.raises(KeyError, match="no_such_table"):
        _ = study("no_such_table").stages


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
def test_every_page_can_name_methods_and_models_and_no_table_twice(page):
    assert set(LABELS) <= set(page.tables) <= set(TABLES)
    assert len(set(page.tables)) == len(page.tables)


def test_the_index_has_every_table_and_no_study_of_its_own():
    assert set(INDEX.tables) == set(TABLES)
    assert list(PAGES) == ["index", *STUDIES]
    assert "index" not in STUDIES


def test_every_table_is_shown_by_a_study():
    assert set(TABLES) == set().union(*(page.tables for page in STUDIES.values()))
