"""A table of parameters, row by row, for every kind of type and default."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from distillab.data import DATASETS
from distillab.params.document import METHODS, SECTIONS, _method, _table, generated_files, parameter_guide, schema_text
from distillab.params.root import params_schema
from distillab.tables.dictionary import data_dictionary


class Sgd(BaseModel):
    """Steepest descent.

    And more about it.
    """

    name: Literal["sgd"] = "sgd"
    rate: float = Field(description="Length of a step")


class Bare(BaseModel):
    """Nothing to set."""

    name: Literal["bare"] = "bare"


AnyMethod = Annotated[Sgd | Bare, Field(discriminator="name")]


class Everything(BaseModel):
    """One field of every kind."""

    name: str = "left out"
    count: int = Field(default=3, description="A number")
    text: str = Field(default="a|b", description="A word")
    share: Annotated[float, Field(ge=0)] = Field(default=0.5, description="A share")
    maybe: int | None = Field(default=None, description="A number or none")
    either: int | str | int = Field(default=1, description="Two types")
    word: Literal["a", "b"] = Field(default="a", description="A choice")
    row: tuple[int, ...] = Field(default=(1, 2), description="A row")
    rows: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(), description="A row of positives")
    method: AnyMethod = Field(default=Bare(), description="One of two")
    only: Sgd | None = Field(default=None, description="One or none")
    methods: dict[str, AnyMethod] = Field(default={}, description="By name")
    table: dict[str, int] = Field(default={}, description="Numbers by name")
    part: Bare = Field(description="A part")
    bare: int = 7


def test_a_row_for_each_kind_of_type():
    assert _table(Everything).splitlines() == [
        "| key | type | default | meaning |",
        "| --- | --- | --- | --- |",
        "| `count` | int | `3` | A number |",
        '| `text` | str | `"a\\|b"` | A word |',
        "| `share` | float | `0.5` | A share |",
        "| `maybe` | int | `null` | A number or none |",
        "| `either` | int or str | `1` | Two types |",
        '| `word` | `a`, `b` | `"a"` | A choice |',
        "| `row` | list of int | `[1, 2]` | A row |",
        "| `rows` | list of float | `[]` | A row of positives |",
        '| `method` | a method | `{"name": "bare"}` | One of two |',
        "| `only` | a table | `null` | One or none |",
        "| `methods` | names to methods | `{}` | By name |",
        "| `table` | a table | `{}` | Numbers by name |",
        "| `part` | a table | required | A part |",
        "| `bare` | int | `7` |  |",
    ]
    assert _table(Everything).endswith(" |\n")


def test_a_method_has_its_name_its_first_line_and_its_table():
    assert _method(Sgd) == f"### `sgd`\n\nSteepest descent.\n\n{_table(Sgd)}"
    assert _method(Bare) == "### `bare`\n\nNothing to set.\n\nNo parameters.\n"


def test_the_guide_has_every_section_and_every_method():
    guide = parameter_guide()
    headings = [line.removeprefix("## ") for line in guide.splitlines() if line.startswith("## ")]
    assert headings == [title for title, _ in (*SECTIONS, *METHODS)]
    said = "Each is chosen by its `name`; one of `models` by the key of its file or function."
    assert f"\n# Methods\n\n{said}\n\n## `data`\n\n### `digits`\n" in guide
    assert guide.count("\n### `") == sum(len(list(members)) for _, members in METHODS)
    assert all(f"### `{spec.model_fields['name'].default}`\n" in guide for spec in DATASETS)


def test_generated_files_are_the_guide_the_schema_and_the_dictionary():
    assert generated_files() == {
        Path("config/README.md"): parameter_guide(), Path("config/params.schema.json"): schema_text(),
        Path("docs/tables.md"): data_dictionary(),
    }  # fmt: skip
    lines = schema_text().splitlines()
    assert (lines[0], lines[1][:3], lines[-1]) == ("{", ' "$', "}")  # keys in order, one blank a level
    assert schema_text().endswith("}\n")
    assert '"$defs"' in lines[1]
    assert params_schema()["title"] == "Params"
