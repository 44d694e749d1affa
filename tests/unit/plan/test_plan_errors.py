"""The kept table of what plans said of the runs on record: whole, of these records, and within its factor."""

import json
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
FACTOR = 1.5
"""By how much a plan may be off, either way."""

TABLE = json.loads((PROJECT / "benchmarks" / "plan_errors.json").read_text(encoding="utf-8"))["cpu_seconds"]


@pytest.fixture
def errors(monkeypatch):
    """The script that makes the table."""
    monkeypatch.setattr(sys, "path", [str(PROJECT / "benchmarks"), *sys.path])
    import plan_errors

    return plan_errors


def test_every_run_on_record_stands_in_it_with_what_its_record_says(errors):
    assert [*TABLE] == ["digits", *errors.recorded_runs()]
    for preset, row in TABLE.items():
        found = errors.recorded(preset)
        assert {rule: own["recorded"] for rule, own in row["rules"].items()} == found, preset
        assert row["recorded"] == round(sum(found.values())) > 60, preset
        assert row["planned"] >= round(sum(own["planned"] for own in row["rules"].values())) - 1, preset
        assert row["factor"] == pytest.approx(row["planned"] / row["recorded"], abs=0.01), preset


@pytest.mark.parametrize("preset", [preset for preset in TABLE if preset != "digits"])
def test_the_plan_was_within_its_factor(preset):
    """Of runs of some minutes; steps of the digits' networks take a few milliseconds, and their time is noisy."""
    assert 1 / FACTOR <= TABLE[preset]["factor"] <= FACTOR


def test_reruns_of_a_rule_are_added_and_thousands_are_read(errors, tmp_path, monkeypatch):
    monkeypatch.setattr(errors, "RECORDS", tmp_path)
    said = "Wall time: 3 minutes. CPU seconds: attack 1,802, attack_2 26, teach 1; 1,829 in all, or 15 minutes."
    (tmp_path / "own.md").write_text(said)
    (tmp_path / "README.md").write_text("")
    (tmp_path / "a_model.md").write_text(f"# MNIST, preset `audit`\n\n{said}")
    assert errors.recorded_runs() == ["own"]
    assert errors.recorded("own") == {"attack": 1828.0, "teach": 1.0}
