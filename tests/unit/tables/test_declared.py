"""Every table of a run that fills them all holds what it declares, and declares what it holds."""

from functools import cache
from math import inf

import pytest
from whole_run import whole_run

from distillab.core.errors import ContractError
from distillab.core.stages import STAGES
from distillab.tables import RECORDS, TABLES
from distillab.tables.frame import frame_of, record_of
from distillab.tables.units import UNITS

EVERYTHING = {**dict.fromkeys(TABLES, TABLES), **dict.fromkeys(RECORDS, RECORDS)}


@cache
def run():
    return whole_run()


@cache
def computed(name):
    return list(TABLES[name].rows(run()))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_declared_columns_in_their_order(name):
    table, first = TABLES[name], computed(name)[0]
    columns = list(frame_of(table, computed(name)).columns)
    assert [column for column in columns if column in table.names] == list(table.names)
    assert list(first) == [column for column in columns if column in first]


def test_shares_of_methods_stand_where_their_pattern_stands():
    columns = list(frame_of(TABLES["certificates"], computed("certificates")).columns)
    assert columns[-4:] == ["median_radius", "by_ibp", "by_crown", "undecided"]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_rows_has_the_types_of_one_with_rows(name):
    table, frame = TABLES[name], frame_of(TABLES[name], computed(name))
    empty = frame_of(table, [])
    certain = [column.name for column in table.fixed if not column.optional]
    assert empty[certain].dtypes.to_dict() == frame[certain].dtypes.to_dict()
    assert {column.name for column in table.columns if column.unit == "text" and not column.many} == {
        column for column in empty if empty[column].dtype == "str"
    }


@pytest.mark.parametrize("name", TABLES)
def test_a_column_more_or_less_is_refused(name):
    rows, table = computed(name)[:3], TABLES[name]
    with pytest.raises(ContractError, match=rf"table {name}: .* got surplus"):
        frame_of(table, [row | {"surplus": 0} for row in rows])
    for column in {*rows[0]} & {*table.names}:
        with pytest.raises(ContractError, match=rf"table {name}: columns are not those .* expected {column};"):
            frame_of(table, [{key: value for key, value in row.items() if key != column} for row in rows])


@pytest.mark.parametrize("name", TABLES)
def test_a_value_that_its_unit_cannot_take_is_refused_in_every_column(name):
    rows, table = computed(name)[:3], TABLES[name]
    for key, column in table.declared(frame_of(table, rows)).items():
        for value in outside(column):
            wrong = [value] if column.many else value
            with pytest.raises(ContractError, match=f"table {name}, column {key}, row 1: a value"):
                frame_of(table, [rows[0], rows[-1] | {key: wrong}])


def outside(column):
    """Values that are none of the unit's: of another kind, below, above."""
    unit = column.kind
    if unit.kind == "object":
        return []
    if unit.kind == "str":
        return [1.5]
    return ["words"] + [value for value in (unit.low - 0.5, unit.high + 0.5) if abs(value) != inf]


@pytest.mark.parametrize("name", ["facts", "metrics"])
def test_a_record_has_the_declared_keys(name):
    content = RECORDS[name].rows(run())
    assert record_of(RECORDS[name], content) is content
    if name == "facts":
        assert {*content} == {*RECORDS[name].names}


def test_the_record_of_times_has_the_declared_keys(monkeypatch):
    monkeypatch.setattr("distillab.tables.run.commit", lambda: "abc")
    content = RECORDS["run"].rows(run())
    assert tuple(record_of(RECORDS["run"], content)) == RECORDS["run"].names
    with pytest.raises(ContractError, match="table run, column stage_seconds, row 0: a value"):
        record_of(RECORDS["run"], content | {"stage_seconds": {"teach": 1.0, "attack": -1.0}})


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_declaration_is_whole(name):
    table = EVERYTHING[name][name]
    assert table.name == name
    assert table.suffix == (".parquet" if name in TABLES else ".json")
    assert len({column.name for column in table.columns}) == len(table.columns)
    assert {column.unit for column in table.columns} <= UNITS.keys()
    assert all(column.says.strip() for column in table.columns)
    assert {*table.reads} <= STAGES.keys() - {"collect", "report"}
    word = "table" if name in TABLES else "record"
    assert table.rows.__doc__.startswith(f"The {word} ``{name}``: ")


def test_every_unit_is_used():
    assert {column.unit for name in EVERYTHING for column in EVERYTHING[name][name].columns} == UNITS.keys()
