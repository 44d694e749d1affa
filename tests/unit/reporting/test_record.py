"""The record of a finished run: cost, steps, attacks, claims, the paper's baseline where the data are the paper's."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from distillab.reporting.kit import PageTable
from distillab.reporting.record import RunCost, cost_of_run, record
from distillab.reporting.recorded import SECTIONS, recorded
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables
from distillab.studies import STUDIES, Study
from distillab.tables import RECORDS, TABLES

REPORTED = Path(__file__).parents[3] / "reports" / "reported"
NUMBERS = {
    "temperature": 1.0, "step": 0, "seed": 0, "test_n": 10_000, "test_accuracy": 0.9876, "n": 500, "small": 0.25,
    "confidence": 0.97, "ece": 0.1,
    "small_low": 0.2, "small_high": 0.3, "small_float32": 0.5, "margin_median": 12.0, "success_n": 490, "failures": 1,
    "eps": float("nan"),
    "success_rate": 0.998,
    "mean_distance": 1.5, "median_distance": 1.4, "max_distance": 3.0, "zero_gradient": 0.0,
    "robust_accuracy": float("nan"), "earlier": 0, "later": 1, "difference": 0.1, "low": float("nan"),
    "high": float("nan"), "images_difference": 0.1,
    "images_low": 0.05, "images_high": 0.15, "seeds": 1, "value": 0.1, "p": float("nan"),
}  # fmt: skip
WORDS = {
    "role": "chain", "chain": "ta", "model": "ta-T1-step0", "norm": "l2", "kind": "minimum_norm", "view": "raw",
    "logits": "raw", "mode": "fast, up to 101 passes an image",
    "attack_label": "C&W L2", "decision": "undecided", "statement": "robustness in l2 grows with T",
}  # fmt: skip
REST = ("class_names", "intake", "train_n", "val_n", "test_n", "margin", "thieves", "decide", "cells_planned",
        "cells_done", "missing", "flags", "command", "license", "source", "split_rule", "methods")  # fmt: skip


SAID = PageTable("", "", {}, [], otherwise="said")


def write(folder, title):
    pd.DataFrame(columns=list(TABLES["knockoff"].names)).to_parquet(folder / "knockoff.parquet")
    for name in ("models", "sensitivity", "robustness", "steps", "claims"):
        row = {column: NUMBERS.get(column, WORDS.get(column, "")) for column in TABLES[name].names}
        pd.DataFrame([row]).to_parquet(folder / f"{name}.parquet")
    params = {"studies": ["ta"], "data": {"train_limit": 2000}, "train": {"epochs": 12, "batch_size": 128},
              "pairs": [{"teacher": {"name": "big"}, "student": {"name": "small"}}],
              "chains": {"ta": {"steps": 2, "temperatures": [1.0, 20.0]},
                         "unasked": {"steps": 1, "temperatures": [5.0]}}}  # fmt: skip
    facts = {"preset": "reduced", "title": title, "standin": "", "seeds": [0], "shape": [1, 28, 28], "classes": 10,
             "params": params}  # fmt: skip
    (folder / "facts.json").write_text(json.dumps(facts | dict.fromkeys(REST, 0) | {"missing": [], "impossible": []}))
    made = [{"environment": {"machine": "x86_64"}, "payloads": 1, "stages": {"teach": 1}, "models": ["ce"]}]
    run = dict.fromkeys(RECORDS["run"].names, 0) | {
        "stage_seconds": {"distill": 1800.0},
        "environments": made,
        "commit": "abc1234",
    }
    (folder / "run.json").write_text(json.dumps(run))
    return record(Tables(folder), Reported(REPORTED), RunCost({"distill": 3420.4, "attack": 2000.0}, 1830.0))


@pytest.mark.parametrize(("title", "paper"), [("MNIST", "99.4"), ("Digits (8x8)", None)])
def test_a_step_stands_beside_the_paper_where_the_data_are_the_papers(tmp_path, title, paper):
    row = next(line for line in write(tmp_path, title).splitlines() if line.startswith("| teacher, T = 1 |"))
    cells = row.strip("| ").split(" | ")
    assert cells[:2] == ["teacher, T = 1", "98.8"]
    assert cells[5:] == ([paper] if paper else [])


def test_machine_commit_time_and_mode_are_named(tmp_path):
    text = write(tmp_path, "MNIST")
    assert "at commit `abc1234`" in text
    assert "Machine: machine x86_64." in text
    assert "Wall time: 30.5 minutes in which jobs ran." in text
    assert "CPU seconds: distill 3,420, attack 2,000; 5,420 in all, or 45.2 minutes on two cores." in text
    assert "12 epochs; batch 128; 2,000 training images; big → small; chain `ta`: 2 steps, T = 1, 20." in text
    assert "unasked" not in text, "no study of the run trains it"
    assert "Nothing to unmask" in text
    assert "Attacks: C&W L2 (fast, up to 101 passes an image)." in text
    assert "robustness in L2 grows with T" in text


def test_the_cost_is_that_of_the_jobs_last_runs(tmp_path):
    logs = {"distill/a/0": "x: cpu after imports: 9.00 s\n", "distill/b": "y: cpu after imports: 1.50 s\n"}
    logs |= {"attack/a": "again\ncpu after imports: 7.00 s\ncpu after imports: 2.25 s\n", "attack/b": "cut"}
    for end, (name, text) in enumerate(logs.items()):
        log, timing = tmp_path / "logs" / f"{name}.log", tmp_path / "benchmarks" / f"{name}.tsv"
        for file in (log, timing):
            file.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
        os.utime(log, (1000.0 + end, 1000.0 + end))
        timing.write_text("s\th:m:s\n30.5\t0:00:30\n")
    assert cost_of_run(tmp_path) == RunCost({"attack": 2.25, "distill": 10.5}, 33.5)


def test_a_pause_is_no_wall_time(tmp_path):
    for name, end in (("a", 1000.0), ("b", 1010.0), ("c", 1055.0), ("d", 5000.0)):
        log, timing = tmp_path / "logs" / "attack" / f"{name}.log", tmp_path / "benchmarks" / "attack" / f"{name}.tsv"
        for file in (log, timing):
            file.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        os.utime(log, (end, end))
        timing.write_text("s\th:m:s\n15.0\t0:00:15\n")
    assert cost_of_run(tmp_path).wall == 15 + 10 + 45 + 15


def test_an_unfinished_run_costs_nothing(tmp_path):
    assert cost_of_run(tmp_path) == RunCost({}, 0.0)


def test_a_knockoff_study_says_how_each_attack_asked_and_which_are_reconstructions(
    tables_of, papers, teacher, knockoff, verdict
):
    read = tables_of(
        models=[teacher("ce", "CE", entropy_nats=0.2)],
        knockoff=[knockoff("ce", "kd"), knockoff("ce", "htc", attack_grade="R", responses="live", queries=9000)],
        verdicts=[verdict("ce", "undecided", best_attack="htc")],
    )
    text = "\n\n".join(recorded("knockoffs", read, papers))
    assert "500 asked once an image, answers kept (KD); 9,000 asked about every view" in text
    assert "R reconstruction, which does not stand for its authors' code" in text


def test_two_studies_that_share_a_record_are_recorded_once_and_one_without_is_not(tmp_path, monkeypatch):
    for name, kind in (("first", "knockoffs"), ("second", "knockoffs"), ("third", None), ("fourth", "chains")):
        study = Study(name=name, title=name, question="", families=("teachers",), tables=("models",), record=kind)
        monkeypatch.setitem(STUDIES, name, study)
    for kind in SECTIONS:
        monkeypatch.setitem(SECTIONS, kind, lambda _tables, _papers, kind=kind: {f"numbers of {kind}": [SAID]})
    write(tmp_path, "MNIST")
    read = Tables(tmp_path)
    read.facts["params"]["studies"] = ["first", "second", "third", "fourth"]
    parts = record(read, Reported(REPORTED), RunCost({}, 0.0)).split("\n\n")
    assert [part for part in parts if part.startswith("## ")] == ["## numbers of knockoffs", "## numbers of chains"]
    assert [part.strip() for part in parts].count("said") == 2
