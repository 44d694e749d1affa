"""What every table and record of a run holds, as the page ``docs/tables.md``, generated from their declarations."""

import inspect
from collections.abc import Iterator

from distillab.tables import FOR_DVC, RECORDS, TABLES
from distillab.tables.table import Column, Table
from distillab.tables.units import UNITS

INTRODUCTION = """# Tables

*Generated from the declarations in `src/distillab/tables/` by `make docs`; do not edit.*

`results/<preset>/tables/<page>/` holds the tables that a page is made of, one Parquet file each, and two records in
JSON. Every file was checked against what stands here when it was written: it has these columns and no others, and no
value outside its range. A Parquet file carries unit and meaning in the metadata of each field
(`pyarrow.parquet.read_schema(path).field(name).metadata`). Empty cells are allowed where the meaning ends in
*may be empty*.
"""


def data_dictionary() -> str:
    """The whole page."""
    parts = [INTRODUCTION, f"## Units\n\n{_units()}"]
    parts += [_table(table) for table in (*TABLES.values(), *RECORDS.values())]
    return "\n".join(parts)


def _units() -> str:
    lines = ["| unit | range | meaning |", "| --- | --- | --- |"]
    lines += [f"| {name} | {unit.range} | {unit.says} |" for name, unit in UNITS.items()]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> str:
    word = "key" if table.suffix == ".json" else "column"
    lines = [f"## `{table.name}`", "", _holds(table), *_for_dvc(table), ""]
    lines += [f"| {word} | unit | range | meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| `{each.name}` | {_unit(each)} | {each.kind.range} | {_says(each)} |" for each in table.columns]
    return "\n".join(lines) + "\n"


def _holds(table: Table) -> str:
    """The first paragraph of what its rows are, without its name."""
    paragraph = " ".join((inspect.getdoc(table.rows) or "").partition("\n\n")[0].split())
    said = paragraph.partition(": ")[2].replace("``", "`")
    return said[:1].upper() + said[1:]


def _for_dvc(table: Table) -> Iterator[str]:
    files = [f"`{file}`" for file, name in FOR_DVC.items() if name == table.name]
    if files:
        yield from ("", f"DVC shows it as {', '.join(files)}.")


def _unit(column: Column) -> str:
    return f"{column.unit}, several" if column.many else column.unit


def _says(column: Column) -> str:
    said = column.says.replace("|", "\\|")
    return f"{said}; *may be empty*" if column.optional else said
