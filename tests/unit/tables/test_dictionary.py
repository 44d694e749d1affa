"""The data dictionary has every table, column, unit, range and meaning."""

import re

from distillab.tables import RECORDS, TABLES, dictionary
from distillab.tables.table import Column, Table
from distillab.tables.units import UNITS


def rows(results):
    """The table ``made``: numbers of ``x``,
    made up.

    More of them.
    """


def test_a_table_is_a_heading_what_it_holds_and_a_line_for_each_column():
    columns = (
        Column("by_*", "share", "who | did it", optional=True),
        Column("shape", "count", "of it", many=True),
        Column("name", "text", "its own"),
    )
    assert dictionary._table(Table("made", columns, (), rows)).splitlines() == [
        "## `made`",
        "",
        "Numbers of `x`, made up.",
        "",
        "| column | unit | range | meaning |",
        "| --- | --- | --- | --- |",
        "| `by_*` | share | 0 to 1 | who \\| did it; *may be empty* |",
        "| `shape` | count, several | at least 0 | of it |",
        "| `name` | text |  | its own |",
    ]


def test_a_record_has_keys_and_dvc_names_its_files():
    text = dictionary._table(RECORDS["metrics"])
    assert "\n| key | unit |" in text
    assert "\n\nDVC shows it as `metrics.json`.\n\n" in text
    assert "DVC shows it as `plots/robustness.csv`." in dictionary._table(TABLES["curves"])
    assert "DVC" not in dictionary._table(TABLES["models"])


def test_nothing_is_left_out():
    text = dictionary.data_dictionary()
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings == ["Units", *(f"`{name}`" for name in (*TABLES, *RECORDS))]
    told = re.findall(r"^\| `(.*?)` \|", text, flags=re.MULTILINE)
    tables = [*TABLES.values(), *RECORDS.values()]
    assert told == [column.name for table in tables for column in table.columns]
    units = text.partition("## `")[0]
    assert re.findall(r"^\| ([a-z0-9 ]+) \|", units, flags=re.MULTILINE) == ["unit", *UNITS]
    assert all(unit.says in units for unit in UNITS.values())
    assert "| share | 0 to 1 | a part of a whole, an accuracy or a probability |" in units
