"""The answer in a terminal: one sentence, the time, the path; one line and no zero where there is none."""

import os

import pytest

from distillab.cli import main

PAGE = "results/tiny/reports/index.html"


@pytest.fixture
def answered(project, monkeypatch):
    """A project whose page is there, with made-up answers."""
    (project / PAGE).parent.mkdir(parents=True)
    (project / PAGE).write_text("")
    monkeypatch.setattr("distillab.reporting.answer.answer_sentence", lambda tables: f"From {tables.folder}.")
    return project


def test_a_finished_run_prints_its_sentence_its_time_and_its_page(answered, capsys):
    for name, end in (("a", 1000.0), ("b", 1060.0)):
        log, timing = (answered / "results/tiny" / f"{folder}/attack/{name}.{suffix}"
                       for folder, suffix in (("logs", "log"), ("benchmarks", "tsv")))  # fmt: skip
        for file in (log, timing):
            file.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        os.utime(log, (end, end))
        timing.write_text("s\th:m:s\n60.0\t0:01:00\n")
    assert main(["answer"]) == 0
    assert capsys.readouterr().out.splitlines() == ["From results/tiny/tables/index.", f"Made in 2.0 min: {PAGE}"]


def test_without_logs_there_is_no_time(answered, capsys):
    assert main(["answer"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == PAGE


def test_an_unfinished_run_is_one_line_and_an_error(project, capsys):
    assert main(["answer"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"distillab: {PAGE}: no answer yet; run `make`, or `snakemake --cores all`\n"
