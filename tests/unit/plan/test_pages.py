"""What a page's identity holds besides tables, the papers' numbers among it; and the code of each of its tables."""

import pytest

from distillab.core.code_hash import code_hash
from distillab.plan.build import build_plan

PRINTED = "table,row,accuracy\n1,CE,93.59\n2,LS,94.10\n"


@pytest.fixture
def shown(project):
    """A project whose pages show one printed table, one template and one benchmark; return its root."""
    root = project()
    for name, text in {
        "reports/reported/cmim.csv": PRINTED,
        "reports/template/page.html": "<p>page</p>",
        "benchmarks/certify/results/a.json": "{}",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def keys(root):
    return {member.id: member.key for member in build_plan(root).members.values()}


def changed(before, after):
    assert before.keys() == after.keys()
    return {i for i, key in before.items() if after[i] != key}


PAGES = {"report-index", "report-undistillable", "report-ta", "report-certified"}


@pytest.mark.parametrize(
    ("name", "text", "remade"),
    [
        ("reports/reported/cmim.csv", PRINTED.replace("93.59", "93.95"), PAGES),
        ("reports/reported/other.csv", "new\n", PAGES),
        ("reports/template/page.html", "<p>other</p>", PAGES),
        ("benchmarks/certify/results/a.json", '{"a": 1}', {"report-certified"}),
        ("reports/ta.py", "from distillab.reporting import tables\nx = 1\n", {"report-ta"}),
        ("reports/unused.txt", "nothing", set()),
    ],
    ids=["a printed number", "a new table", "the template", "a benchmark", "a page's source", "another file"],
)
def test_a_page_is_another_one_when_something_it_shows_changes(shown, name, text, remade):
    before = keys(shown)
    (shown / name).write_text(text)
    assert changed(before, keys(shown)) == remade


def test_a_printed_table_under_another_name_is_another_page(shown):
    before = keys(shown)
    (shown / "reports/reported/cmim.csv").rename(shown / "reports/reported/cmimo.csv")
    assert changed(before, keys(shown)) == PAGES


def test_a_printed_number_reaches_no_table(shown):
    """Papers' numbers stand beside ours: what is computed does not depend on them."""
    before = keys(shown)
    (shown / "reports/reported/cmim.csv").write_text("")
    assert all(i.startswith("report-") for i in changed(before, keys(shown)))


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("tables/ta/claims.parquet", "claims"), ("tables/index/run.json", "run"), ("plots/robustness.csv", "curves"),
        ("tables/index/curves.parquet", "curves"), ("metrics.json", "metrics"),
    ],
)  # fmt: skip
def test_a_table_is_made_anew_where_its_own_file_changes(rich, file, module):
    assert rich.members[file].code == code_hash({"distillab.stages.collect", f"distillab.tables.{module}"})
    others = {"claims", "history", "curves", "run", "metrics"} - {module}
    assert rich.members[file].code not in {
        code_hash({"distillab.stages.collect", f"distillab.tables.{other}"}) for other in others
    }
