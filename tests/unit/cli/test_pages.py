"""Pages of what is there, by command: all or some, forgotten by Snakemake, and never beside a run."""

import pytest

from distillab.cli import main
from distillab.core.errors import ArtifactError
from distillab.plan.records import record_of
from distillab.studies import INDEX, STUDIES
from distillab.tables import FOR_DVC

PAGES = [f"results/tiny/reports/{name}.html" for name in ("index", "undistillable")]
RECEIPT = "results/tiny/receipts/collect/index.json"


@pytest.fixture
def made(monkeypatch):
    """Which tables and pages were made; names instead of content. Those that are named in ``faulty`` raise."""
    from distillab.core.workspace import Product

    class Made(list):
        faulty = ()

    seen = Made()

    def make(member, workspace, entry):
        if member.id in seen.faulty:
            raise ArtifactError("cannot be drawn", where=member.id)
        seen.append(member.id)
        entry.payload.write_text(member.id)
        return Product("cpu")

    monkeypatch.setattr("distillab.stages.collect.make", make)
    monkeypatch.setattr("distillab.reporting.page.make", make)
    return seen


def test_all_pages_are_made_from_tables_that_are_made_first(project, made, capsys):
    assert main(["pages"]) == 0
    index, study = [*INDEX.files, *FOR_DVC, "report-index"], [*STUDIES["undistillable"].files, "report-undistillable"]
    assert made == [*index, *study]
    assert capsys.readouterr().out.splitlines() == PAGES
    assert [(project / page).read_text() for page in PAGES] == ["report-index", "report-undistillable"]


def test_one_page_alone(project, made, capsys):
    assert main(["pages", "undistillable"]) == 0
    assert made == [*STUDIES["undistillable"].files, "report-undistillable"]
    assert capsys.readouterr().out.splitlines() == PAGES[1:]
    assert not (project / PAGES[0]).exists()


def test_snakemake_has_no_record_of_them_and_makes_them_again(project, made):
    records = [record_of(project / name, project) for name in (*PAGES, RECEIPT)]
    for record in records:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text("{}")
    (project / RECEIPT).parent.mkdir(parents=True)
    (project / RECEIPT).write_text("{}")
    assert main(["pages", "index"]) == 0
    assert [record.exists() for record in records] == [False, True, False]
    assert not (project / RECEIPT).exists()


def test_a_page_that_cannot_be_made_stops_no_other(project, made, capsys):
    made.faulty = ("report-index",)
    assert main(["pages"]) == 3
    said = capsys.readouterr()
    assert said.out.splitlines() == PAGES[1:]
    assert said.err.splitlines()[-1] == "distillab: report-index: cannot be drawn"


def test_an_unknown_page_is_one_line_and_makes_nothing(project, made, capsys):
    assert main(["pages", "index", "tea"]) == 2
    assert capsys.readouterr().err == "distillab: no such page; expected some of index, undistillable; got tea\n"
    assert made == []


def test_beside_a_run_only_the_run_itself_makes_pages(project, made, run_of_another, capsys):
    with run_of_another(project):
        assert main(["pages"]) == 3
        assert "a run goes on in this project" in capsys.readouterr().err
        assert made == []
        assert main(["pages", "--in-run", "index"]) == 0
    assert made[-1] == "report-index"
