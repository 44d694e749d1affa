"""The commands for people: what each prints, writes and leaves alone."""

import re
from pathlib import Path

import pytest
import yaml

from distillab.cli import main
from distillab.params.document import generated_files
from distillab.reporting.record import RunCost
from distillab.studies import INDEX, STUDIES
from distillab.tables import FOR_DVC

PAYLOADS = 2 + 2 + 1 + 2 + 2 + 5 + len((*INDEX.files, *FOR_DVC, *STUDIES["undistillable"].files)) + 2
"""Data, teachers, LS student, answers, knockoffs, measurements, tables, pages."""


def said(capsys):
    return capsys.readouterr().out.splitlines()


@pytest.fixture
def papers(project):
    """The project, with what papers say."""
    (project / "reports").mkdir(exist_ok=True)
    for name in ("reported", "template"):
        (project / "reports" / name).symlink_to(Path(__file__).parents[3] / "reports" / name)
    return project


def files(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_check_counts_payloads_and_jobs(project, capsys):
    assert main(["check"]) == 0
    assert said(capsys) == [f"params.yaml is valid: preset tiny, {PAYLOADS} payloads in 9 jobs"]


def test_plan_says_in_ten_lines_what_will_be_made(project, capsys):
    assert main(["plan", "--no-measure", "--cores", "3"]) == 0
    lines = said(capsys)
    assert len(lines) <= 10
    assert lines[0] == f"preset tiny on Digits (8x8), seeds 4: {PAYLOADS} payloads in 9 jobs"
    assert any(re.fullmatch(r"  Stealing 2 teachers with 1 attack: to do, \d+ s left", line) for line in lines)
    (left,) = [line for line in lines if line.startswith("left: ")]
    assert left.endswith(" on 3 cores; 100 % stated")
    assert lines[lines.index(left) + 1].startswith("needs: disk ")


def test_a_plan_for_no_core_is_refused(project, capsys):
    assert main(["plan", "--cores", "0"]) == 2
    assert "--cores: too small; expected at least 1; got 0" in capsys.readouterr().err


def test_plan_all_is_the_tree(project, capsys):
    assert main(["plan", "--all", "--no-measure"]) == 0
    head, *tree, total, _gains, _of_paper = said(capsys)
    assert head == f"preset tiny on Digits (8x8), seeds 4: {PAYLOADS} payloads in 9 jobs"
    assert "  ce-cnn_digits: 1 to make, 2.4e+03 passes, ? hours (run `distillab plan` without --no-measure)" in tree
    assert total.endswith("1.2e+04 passes, ? hours (run `distillab plan` without --no-measure) on one core or device")


def test_plan_measures_what_is_unknown(project, capsys, monkeypatch):
    monkeypatch.setattr("distillab.plan.calibration.seconds_per_image", lambda _seconds_of, _batch, **_options: 0.01)
    assert main(["plan", "--all"]) == 0
    assert "  ce-cnn_digits: 1 to make, 2.4e+03 passes, 24 s" in said(capsys)
    assert main(["plan", "--no-measure"]) == 0
    lines = said(capsys)
    assert f"to do, {3 * 24} s left" in lines[1]
    (left,) = [line for line in lines if line.startswith("left: ")]
    assert re.search(r"; \d+ % stated, \d+ % timed on this machine$", left)


def test_use_edits_params_and_keeps_the_rest(project, capsys):
    before = (project / "params.yaml").read_text()
    assert main(["use", "digits"]) == 0
    assert said(capsys) == [
        "params.yaml: preset tiny -> digits; the override is kept; now run `snakemake` or `dvc repro`"
    ]
    after = (project / "params.yaml").read_text()
    assert after.startswith("# mine\npreset: digits\n")
    assert yaml.safe_load(after)["override"] == yaml.safe_load(before)["override"]


def test_use_refuses_an_unknown_preset_and_changes_nothing(project, capsys):
    before = (project / "params.yaml").read_bytes()
    assert main(["use", "base"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("distillab: distillab use: no such preset; expected one of ")
    assert line.endswith("; got 'base'\n")
    assert (project / "params.yaml").read_bytes() == before


def test_prune_deletes_nothing_unless_told(project, capsys):
    assert main(["prune"]) == 0
    assert said(capsys) == ["nothing to prune"]
    stray = project / "results" / "tiny" / "notes.txt"
    stray.parent.mkdir(parents=True)
    stray.write_text("x" * 1500)
    kept = files(project)
    assert main(["prune"]) == 0
    line, total = said(capsys)
    assert line == "   1.5 KB  results/tiny/notes.txt  (not in the plan)"
    assert total == "   1.5 KB  in 1 place could be deleted with --yes"
    assert files(project) == kept
    assert main(["prune", "--yes"]) == 0
    assert said(capsys) == [line, "   1.5 KB  in 1 place deleted"]
    assert files(project) == [path for path in kept if path != stray]


def test_record_reads_the_presets_tables_and_prints_its_path(papers, capsys, monkeypatch):
    monkeypatch.setattr("distillab.reporting.record.cost_of_run", lambda results: RunCost({str(results): 2.0}, 9.0))
    monkeypatch.setattr(
        "distillab.reporting.record.record",
        lambda tables, papers, cost: f"{tables.folder}, {papers.folder}, {cost.cpu}",
    )
    monkeypatch.setattr(
        "distillab.scoreboard.finding.judge_run", lambda tables, _claims, seconds: f"{tables.folder}, {seconds} s"
    )
    monkeypatch.setattr("distillab.scoreboard.finding.judgment_text", str)
    assert main(["record"]) == 0
    assert said(capsys) == ["reports/recorded/tiny.md", "reports/recorded/tiny.claims.json"]
    text = (papers / "reports" / "recorded" / "tiny.md").read_text()
    assert text == "results/tiny/tables/index, reports/reported, {'results/tiny': 2.0}"
    judged = (papers / "reports" / "recorded" / "tiny.claims.json").read_text()
    assert judged == "results/tiny/tables/index, 2.0 s"


def test_a_run_of_one_study_alone_is_recorded_and_judges_no_claims(papers, capsys, monkeypatch):
    (papers / "results" / "tiny" / "tables" / "undistillable").mkdir(parents=True)
    monkeypatch.setattr("distillab.reporting.record.record", lambda *_: "numbers")
    assert main(["record"]) == 0
    assert said(capsys) == ["reports/recorded/tiny.md"]


def test_record_of_a_run_that_was_not_made_is_one_line(project, capsys):
    assert main(["record"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("distillab: results/tiny/tables/index/facts.json: ")
    assert not (project / "reports" / "recorded").exists()


@pytest.mark.parametrize(
    ("given", "passed"),
    [([], ["--cores", "all"]), (["ta", "--cores", "2"], ["ta", "--cores", "2"]), (["--", "-n", "-p"], ["-n", "-p"])],
)
def test_resume_passes_its_arguments_to_snakemake(project, monkeypatch, given, passed):
    seen = []

    def resume(arguments):
        seen.append(arguments)
        raise SystemExit(5)

    monkeypatch.setattr("distillab.cli.resume.resume", resume)
    with pytest.raises(SystemExit) as end:
        main(["resume", *given])
    assert (end.value.code, seen) == (5, [passed])


def test_docs_writes_what_is_generated_and_prints_where(papers, capsys):
    for path in generated_files():
        (papers / path).unlink(missing_ok=True)
    assert main(["docs"]) == 0
    pages = [f"docs/{name}.md" for name in ("tables", "scoreboard", "acronyms")]
    assert said(capsys) == ["config/README.md", "config/params.schema.json", *pages]
    assert {path: (papers / path).read_text() for path in generated_files()} == generated_files()
    assert (papers / "docs" / "scoreboard.md").read_text().startswith("# Scoreboard")
    assert (papers / "docs" / "acronyms.md").read_text().startswith("# Acronyms")


@pytest.mark.parametrize("command", ["check", "plan", "prune", "record", "teach", "docs", "resume", "use tiny"])
def test_outside_a_project_it_says_where_to_run(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 2
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err == "distillab: params.yaml: no such file; run from the project's root folder\n"
