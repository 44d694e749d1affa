"""Frames and records hold what their table declares, and nothing that its units cannot take."""

from math import inf, nan

import numpy as np
import pandas as pd
import pytest

from distillab.core.errors import ContractError
from distillab.tables.frame import frame_of, record_of
from distillab.tables.table import Column, Table

COLUMNS = (
    Column("model", "text", "who"),
    Column("seed", "index", "which"),
    Column("n", "images", "of how many", optional=True),
    Column("accuracy", "share", "how good", optional=True),
    Column("distance", "distance", "how far"),
    Column("sure", "flag", "whether", optional=True),
    Column("shares", "share", "of each", many=True),
    Column("value", "setting", "whatever"),
)
TABLE = Table("made", COLUMNS, (), list)
ROW = {"model": "a", "seed": -1, "n": 3, "accuracy": 0.5, "distance": 0.0, "sure": True, "shares": [0, 1], "value": "x"}
OTHER = ROW | {"model": "b", "distance": inf, "value": 5}


def kinds(frame):
    return dict(zip(frame.columns, map(str, frame.dtypes), strict=True))


KINDS = {
    "model": "str", "seed": "int64", "n": "int64", "accuracy": "float64", "distance": "float64", "sure": "bool",
    "shares": "object", "value": "object",
}  # fmt: skip


def test_rows_keep_their_values_and_columns_come_in_the_declared_order():
    frame = frame_of(TABLE, [dict(reversed(ROW.items())), OTHER])
    assert kinds(frame) == KINDS
    assert list(frame.columns) == list(TABLE.names)
    assert frame.to_dict("records") == [ROW, OTHER]


def test_rows_that_come_one_by_one_fill_the_same_frame():
    pd.testing.assert_frame_equal(frame_of(TABLE, iter([ROW, OTHER])), frame_of(TABLE, [ROW, OTHER]))


@pytest.mark.parametrize("nothing", [[], iter([])], ids=["list", "iterator"])
def test_a_table_without_rows_has_its_columns_and_types(nothing):
    frame = frame_of(TABLE, nothing)
    assert frame.empty
    assert kinds(frame) == KINDS


def test_what_may_be_missing_keeps_the_type_of_what_is_there():
    frame = frame_of(TABLE, [ROW | {"n": None, "accuracy": None, "sure": None}, ROW | {"n": 7, "accuracy": 0.25}])
    assert kinds(frame) == KINDS | {"n": "float64", "sure": "object"}
    assert frame["n"].tolist()[1] == 7
    assert frame["sure"].tolist() == [None, True]
    nothing = frame_of(TABLE, [ROW | {"accuracy": None}])
    assert str(nothing["accuracy"].dtype) == "float64"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("accuracy", 1.00001), ("accuracy", -0.00001), ("accuracy", inf), ("accuracy", "0.5"), ("accuracy", True),
        ("seed", -2), ("seed", 0.5), ("seed", inf), ("n", -1), ("distance", -0.25), ("sure", 1), ("sure", "yes"),
        ("model", 3), ("model", True), ("shares", [0.5, 1.5]), ("shares", ["a"]),
    ],
)  # fmt: skip
def test_a_value_outside_its_unit_is_refused_with_its_place(column, value):
    got = value[-1] if column == "shares" else value
    with pytest.raises(ContractError) as raised:
        frame_of(TABLE, [ROW, OTHER, ROW | {column: value}, ROW])
    told = str(raised.value)
    assert told.startswith(f"table made, column {column}, row 2: a value is none of its unit's; expected ")
    assert f"; got {got}; " in told


@pytest.mark.parametrize("column", ["model", "seed", "distance", "value"])
@pytest.mark.parametrize("empty", [None, nan])
def test_an_empty_cell_is_refused_where_there_may_be_none(column, empty):
    with pytest.raises(ContractError, match=f"table made, column {column}, row 1: a cell is empty"):
        frame_of(TABLE, [ROW, ROW | {column: empty}])


@pytest.mark.parametrize("wrong", [1.5, "x"])
def test_a_value_after_empty_cells_is_found_in_its_own_row(wrong):
    rows = [ROW | {"accuracy": value} for value in (None, 0.5, None, wrong, 0.5)]
    with pytest.raises(ContractError, match="table made, column accuracy, row 3: a value"):
        frame_of(TABLE, rows)


def test_the_refusal_tells_the_range():
    with pytest.raises(ContractError, match=r"expected share \(.*\), 0 to 1; got 1\.5; mend distillab/tables/made\.py"):
        frame_of(TABLE, [ROW | {"accuracy": 1.5}])
    with pytest.raises(ContractError, match=r"expected index \(.*\), at least -1; got -5"):
        frame_of(TABLE, [ROW | {"seed": -5}])


def test_rounding_is_forgiven_and_the_ends_are_in_the_range():
    values = [1 + 5e-7, -5e-7, 0.0, 1.0]
    frame = frame_of(TABLE, [ROW | {"accuracy": value} for value in values])
    assert frame["accuracy"].tolist() == values


def test_numbers_of_numpy_are_numbers():
    row = ROW | {"seed": np.int64(4), "accuracy": np.float32(0.5), "sure": np.bool_(False)}
    assert kinds(frame_of(TABLE, [row])) == KINDS


def test_a_missing_and_a_surplus_column_are_refused():
    lacking = {name: value for name, value in ROW.items() if name != "seed"}
    with pytest.raises(ContractError, match="table made: columns are not those that it declares; expected seed; "):
        frame_of(TABLE, [lacking])
    with pytest.raises(ContractError, match="expected no more than it declares; got more, yet"):
        frame_of(TABLE, [ROW | {"more": 1, "yet": 2}])


def test_a_pattern_stands_for_one_column_or_more():
    table = Table("made", (Column("model", "text", "who"), Column("by_*", "share", "by whom")), (), list)
    frame = frame_of(table, [{"by_b": 0.5, "model": "x", "by_a": 1.0}])
    assert list(frame.columns) == ["model", "by_b", "by_a"]
    with pytest.raises(ContractError, match=r"column by_a, row 0"):
        frame_of(table, [{"by_b": 0.5, "model": "x", "by_a": 2.0}])
    with pytest.raises(ContractError, match=r"expected by_\*; got none"):
        frame_of(table, [{"model": "x"}])
    assert list(frame_of(table, []).columns) == ["model"]


RECORD = Table(
    "fact", (Column("seeds", "index", "", many=True), Column("times", "seconds", "", many=True),
             Column("title", "text", ""), Column("n", "count", "")), (), dict, ".json",
)  # fmt: skip


def test_a_record_is_checked_key_by_key_and_left_as_it_is():
    content = {"title": "", "seeds": [0, 3], "n": 4, "times": {"teach": 0.5}}
    assert record_of(RECORD, content) is content
    for key, value in {"seeds": [0, -2], "times": {"teach": -1.0}, "title": 3, "n": 0.5}.items():
        with pytest.raises(ContractError, match=f"table fact, column {key}, row 0"):
            record_of(RECORD, content | {key: value})
    with pytest.raises(ContractError, match="got more"):
        record_of(RECORD, content | {"more": 1})
    with pytest.raises(ContractError, match="expected title"):
        record_of(RECORD, {key: value for key, value in content.items() if key != "title"})
