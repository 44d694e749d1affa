"""When, where and how long: seconds by stage, environments, the commit."""

import subprocess

import pytest

from distillab.tables import run as module


@pytest.fixture
def results(made_up):
    """A teacher, two knockoffs and an LS student, after data whose time is not counted."""
    found = made_up(("ce",))
    found.make("prepare", "data-images", run={"seconds": 100.0})
    found.make("prepare", "data-split", run={"seconds": 200.0})
    teacher = found.teacher("ce", run={"seconds": 2.0})
    for attack in ("kd", "rkd"):
        found.knockoff(attack, teacher, run={"seconds": 0.25})
    found.ls_student(0.1, run={"seconds": 4.0})
    return found


def asked(results, stage, name, **given):
    return results.make(stage, name, axes={"attack": name, "certifier": name}, parents={"model": "ce-wide-s0"}, **given)


def test_seconds_are_summed_by_stage_and_environments_counted(results, same_row, monkeypatch):
    """Payloads without a place of their own, tables and pages are not counted; data has an environment and no time."""
    asked(
        results,
        "attack",
        "a1",
        run={"seconds": 0.1234, "finished": "2026-03-01T23:10:00+00:00"},
        environment={"device": "cuda"},
    )
    asked(results, "attack", "a2", run={"seconds": 0.5}, environment={"device": "cuda"})
    asked(results, "answer", "stored", run={"seconds": 50.0}, path="")
    asked(results, "collect", "table", run={"seconds": 60.0})
    asked(results, "report", "page", run={"seconds": 70.0})
    monkeypatch.setattr(module, "commit", lambda: "abc+")
    monkeypatch.setattr(module.costs, "certificate_costs", lambda _results: [{"model": "ce"}])
    row = module.content(results)
    environments = row.pop("environments")
    same_row(row, {
        "stage_seconds": {"teach": 2.0, "knockoff": 0.5, "baseline": 4.0, "attack": 0.623},
        "teacher_seconds": {"ce-wide": 2.0}, "teacher_fixed_seconds": {}, "teacher_step_seconds": {},
        "certificate_costs": [{"model": "ce"}], "commit": "abc+", "date": "2026-03-01",
    })  # fmt: skip
    assert [(each["environment"], each["payloads"]) for each in environments] == [({}, 6), ({"device": "cuda"}, 2)]


def git(*words):
    name = ("-c", "user.name=n", "-c", "user.email=e@x")
    return subprocess.run(["git", *name, *words], capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_has_a_plus_where_files_differ_from_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert module.commit() == ""
    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    assert module.commit() == git("rev-parse", "--short", "HEAD")
    (tmp_path / "file").write_text("two")
    assert module.commit() == git("rev-parse", "--short", "HEAD") + "+"


def test_without_git_there_is_no_commit(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert module.commit() == ""
