"""An attack, a data set, a table, a study with its page, a metric: what each costs, and that nothing else moves."""

import json
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from additions import FILES, IMPORTS, LINES, METRIC, add_everything
from project import Project, copy_project, rules_run
from safetensors.numpy import load_file

pytestmark = pytest.mark.workflow

FADING = {"fading": {"name": "fading", "eps": 0.4}}
OVERRIDE = {
    "studies": ["classes"],
    "data": {"name": "stripes", "val": 12, "train_limit": None, "test_limit": None},
    "seeds": [0],
    "train": {"epochs": 5},
    "defenses": {"*": None, "ce": {}, "ls": {"label_smoothing": 0.6}},
    "robustness": {"families": ["teachers"], "attacks": {"*": None, **FADING}},
}
TEACHERS = {"CE": "ce-cnn_digits", "LS": "ls-cnn_digits"}

KEYS = """
import json
from distillab.plan import load_plan
print(json.dumps({member.id: member.key for member in load_plan().members.values()}))
"""
STALE = """
import json
from distillab.params.document import generated_files
print(json.dumps([str(path) for path, text in generated_files().items() if path.read_text() != text]))
"""


def said(project: Project, code: str):
    return json.loads(project.run("python", "-c", code).stdout)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, str]]:
    """A project to which everything was added, and the keys of its members as they were before."""
    project = copy_project(tmp_path_factory.mktemp("adding") / "project")
    keys = said(project, KEYS)
    add_everything(project)
    return project, keys


@pytest.fixture(scope="module")
def documented(before: tuple[Project, dict[str, str]]) -> tuple[Project, list[str], list[str]]:
    """The project after `distillab docs`, and the generated files that were out of date before and after."""
    project, _ = before
    stale = said(project, STALE)
    project.run("distillab", "docs")
    return project, stale, said(project, STALE)


@pytest.fixture(scope="module")
def made(documented: tuple[Project, list[str], list[str]]) -> Project:
    """The project with a run of what was added."""
    project, _, _ = documented
    project.choose(OVERRIDE)
    project.snakemake()
    return project


def page(project: Project, name: str) -> str:
    return (project.results / "reports" / f"{name}.html").read_text(encoding="utf-8")


def table(project: Project, name: str) -> Iterator[list[str]]:
    """The rows of a table of the new page, its cells as words."""
    body = page(project, "classes").split(f'id="{name}-caption"')[1].split("</table>")[0]
    for row in re.findall(r"<tr.*?</tr>", body, flags=re.DOTALL):
        cells = re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.DOTALL)
        yield [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in cells]


def answers(project: Project, teacher: str) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities of a teacher on the test images, and the right classes: 0, 1, 2 in turn."""
    said = load_file(project.results / "measures" / "teachers" / teacher / "s0.safetensors")["test"]
    return said, np.arange(48) % 3


def test_each_costs_one_file_and_one_line() -> None:
    """A table's line is its name, a study brings its page; a metric is a column of a table and of a view."""
    assert len(FILES) == len(LINES) + 1
    assert {place for place, _, _ in LINES} == IMPORTS.keys() | {"src/distillab/tables/__init__.py"}
    assert len({place for place, _, _ in METRIC}) == 2


def test_nothing_that_was_there_is_made_anew(before: tuple[Project, dict[str, str]]) -> None:
    """But for the tables that the metric is in, what stands on them, and the pages."""
    project, old = before
    new = said(project, KEYS)
    assert {member: new[member] for member in old if member.startswith("ce-")} != {}
    moved = {member for member in old if new[member] != old[member]}
    assert all(member.startswith(("tables/", "plots/", "metrics", "report-")) for member in moved)
    assert "tables/ta/models.parquet" in moved
    assert not moved & {"tables/ta/sensitivity.parquet", "tables/index/curves.parquet", "plots/cmi.csv"}
    assert new.keys() - old.keys() == {"tables/index/per_class.parquet"}


def test_one_command_rewrites_what_is_generated(documented: tuple[Project, list[str], list[str]]) -> None:
    project, stale, left = documented
    assert stale == ["config/README.md", "config/params.schema.json", "docs/tables.md"]
    assert left == []
    assert "## `per_class`" in (project.root / "docs" / "tables.md").read_text()
    assert "### `fading`" in (project.root / "config" / "README.md").read_text()
    assert '"StripesSpec"' in (project.root / "config" / "params.schema.json").read_text()
    guide = (project.root / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add something")[1]
    assert "`make docs`" in guide.split("\n## ")[0]


def test_the_contracts_hold_what_was_added_to_them(before: tuple[Project, dict[str, str]]) -> None:
    project, _ = before
    suites = [f"tests/contracts/test_{name}.py" for name in ("attacks_contract", "data_contract")]
    checks = ["tests/architecture/test_dvc.py::test_every_stage_has_its_folder_kept"]
    ran = project.run("pytest", "-q", "-k", "fading or stripes or folder", *suites, *checks).stdout
    assert int(re.search(r"(\d+) passed", ran)[1]) >= 24
    assert "failed" not in ran


def test_a_study_plans_what_its_tables_need_and_no_more(
    documented: tuple[Project, list[str], list[str]],
) -> None:
    project, _, _ = documented
    studies = ["undistillable", "ta", "certified", "classes"]
    project.choose({"studies": studies, "robustness": {"attacks": FADING}})
    found = project.snakemake("-n", "classes")
    assert rules_run(found) == {"prepare", "teach", "measure", "attack", "collect", "report", "classes"}
    assert "output: results/tiny/receipts/attack/" in found
    assert "chains" not in found
    assert set(re.findall(r"output: results/tiny/reports/(\w+)\.html", found)) == {"classes"}


def test_the_index_leads_to_the_page_and_both_name_the_data(made: Project) -> None:
    assert '<a href="classes.html">Class by class</a>' in page(made, "index")
    assert '<p class="eyebrow">Class by class · Upright stripes</p>' in page(made, "classes")
    assert "<h1>What does an added page say?</h1>" in page(made, "classes")
    assert '<p class="eyebrow">Overview · Upright stripes</p>' in page(made, "index")


def test_the_attack_has_its_column_with_label_kind_and_n(made: Project) -> None:
    body = page(made, "classes").split('id="robustness-caption"')[1].split("</figure>")[0]
    assert "Robust accuracy, %" in body
    assert "Median distance" not in body
    rows = {row[0]: row for row in table(made, "robustness")}
    assert "Fading L∞, eps 0.4 n = 48" in [cell for row in table(made, "robustness") for cell in row]
    for label, teacher in TEACHERS.items():
        met = pd.read_parquet(made.results / "attacks" / "teachers" / teacher / "fading" / "raw-s0.parquet")
        log_probs, y = answers(made, teacher)
        assert (met["correct"].to_numpy() == (log_probs.argmax(1) == y)).all()
        withstood = 100 * (met["correct"] & ~met["success"]).mean()
        assert rows[label][2].startswith(f"{withstood:.1f}".removesuffix(".0"))
        assert met["success"].any()


def test_the_table_has_its_units_and_its_numbers_on_the_page(made: Project) -> None:
    path = made.results / "tables" / "classes" / "per_class.parquet"
    schema = pq.read_schema(path)
    assert schema.field("accuracy").metadata[b"unit"] == b"share"
    assert schema.field("n").metadata[b"unit"] == b"images"
    expected = {}
    for label, teacher in TEACHERS.items():
        log_probs, y = answers(made, teacher)
        right = log_probs.argmax(1) == y
        expected |= {(label, str(k)): right[y == k].sum() / 16 for k in range(3)}
    assert len(set(expected.values())) > 1
    frame = pd.read_parquet(path)
    assert (frame["n"] == 16).all()
    shown = {(row[0], row[1]): row[2].split()[0] for row in table(made, "per-class") if row[0] in TEACHERS}
    assert shown == {cell: f"{100 * share:.1f}".removesuffix(".0") for cell, share in expected.items()}


def test_the_metric_on_the_page_is_the_one_counted_by_hand(made: Project) -> None:
    header, *rows = table(made, "utility")
    place = next(i for i, title in enumerate(header) if title.startswith("Unsure"))
    shown = {row[0].split()[0]: row[place] for row in rows}
    expected = {label: (np.exp(answers(made, teacher)[0]).max(1) < 0.5).sum() for label, teacher in TEACHERS.items()}
    assert len(set(expected.values())) == 2
    assert shown == {label: f"{100 * n / 48:.1f}".removesuffix(".0") for label, n in expected.items()}
