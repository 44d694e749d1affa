"""Checks at the top of the workflow: what is let through, and the one line about what is not."""

import base64
import logging
import os
import sys
from pathlib import Path

import pytest

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.sidecar import Sidecar, payload_of, write_sidecar
from distillab.plan import workflow
from distillab.plan.workflow import exit_on_error, find_own_programs, foreign_config, record_name, refuse_untracked

PATH = "results/tiny/teachers/ce-cnn_digits/s3.safetensors"


def test_programs_of_this_environment_come_first(monkeypatch):
    monkeypatch.setenv("PATH", "/elsewhere:/usr/bin")
    find_own_programs()
    assert os.environ["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/elsewhere", "/usr/bin"]
    monkeypatch.delenv("PATH")
    find_own_programs()
    assert os.environ["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}"


def test_values_on_the_command_line_are_refused():
    foreign_config({})
    with pytest.raises(SpecError) as error:
        foreign_config({"preset": "mnist", "seeds": 3})
    assert str(error.value) == (
        "snakemake --config: parameters are read from params.yaml only; got preset=mnist, seeds=3; "
        "edit params.yaml, or run `distillab use PRESET`"
    )


def test_errors_end_snakemake_line_by_line():
    error = SpecError("")
    error.args = ("params: one\nparams: two",)
    with pytest.raises(SystemExit) as end, exit_on_error():
        raise error
    assert end.value.code == "distillab: params: one\ndistillab: params: two"
    with pytest.raises(ZeroDivisionError), exit_on_error():
        raise ZeroDivisionError
    with exit_on_error():
        pass


def test_a_run_that_goes_on_is_mentioned(monkeypatch, caplog):
    asked = []

    def refuse(folder):
        asked.append(folder)
        raise ArtifactError("a run goes on")

    monkeypatch.setattr(workflow, "refuse_beside_run", refuse)
    with caplog.at_level(logging.WARNING, "distillab"):
        workflow.mention_run()
    assert (asked, caplog.messages) == ([Path(".distillab")], ["distillab: a run goes on"])
    monkeypatch.setattr(workflow, "refuse_beside_run", lambda _folder: None)
    workflow.mention_run()
    assert len(caplog.messages) == 1


def test_a_master_holds_the_run_and_ends_with_its_stages(monkeypatch):
    done = []
    monkeypatch.setattr(workflow, "hold_run", done.append)
    monkeypatch.setattr(workflow, "end_with_stages_on_signals", lambda: done.append("signals"))
    workflow.become_master()
    assert done == [Path(".distillab"), "signals"]


@pytest.mark.parametrize(("length", "parts"), [(3, [4]), (189, [252]), (192, [255, 2]), (400, [255, 255, 28])])
def test_a_record_has_the_name_that_snakemake_gives_it(length, parts):
    """Three bytes are four letters; 254 of them fit, and a folder has a letter more, @."""
    path = "p" * length
    name = record_name(path)
    assert [len(part) for part in name] == parts
    assert all(part.startswith("@") for part in name[:-1])
    letters = "".join(part.removeprefix("@") for part in name)
    assert base64.urlsafe_b64decode(letters).decode() == path
    assert record_name("???")[0] == "Pz8_"  # the alphabet that is safe in names


def lay(root, plan, *, key=None, sidecar=True, record=False):
    """An output of the plan with its sidecar and Snakemake's record; returns its member."""
    (member,) = (m for m in plan.members.values() if m.path == PATH)
    payload = root / PATH
    payload.parent.mkdir(parents=True)
    payload.write_bytes(b"weights")
    if sidecar:
        write_sidecar(
            payload,
            Sidecar(stage="teach", id=member.id, key=key or member.key, spec={}, code="", parents={},
                    payload=payload_of(payload), environment={}),
        )  # fmt: skip
    if record:
        path = root.joinpath(".snakemake", "metadata", *record_name(PATH))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return member


def test_nothing_there_and_what_is_as_planned_are_accepted(rich, tmp_path):
    refuse_untracked(rich, tmp_path)
    lay(tmp_path, rich)
    refuse_untracked(rich, tmp_path)


def test_a_foreign_output_needs_snakemakes_record(rich, tmp_path):
    member = lay(tmp_path, rich, key="0123456789abcdef")
    with pytest.raises(ArtifactError) as error:
        refuse_untracked(rich, tmp_path)
    assert str(error.value) == (
        f"{PATH}: comes from other parameters or code, and Snakemake has no record of how it was made; "
        f"expected key {member.key[:12]}; got 0123456789ab; restore the record with "
        "`dvc checkout .snakemake/metadata`, or delete the file to have it made again"
    )


def test_with_snakemakes_record_a_foreign_output_is_snakemakes_to_judge(rich, tmp_path):
    lay(tmp_path, rich, key="0123456789abcdef", record=True)
    refuse_untracked(rich, tmp_path)


@pytest.mark.parametrize("record", [True, False])
def test_an_output_without_a_sidecar_is_refused_with_and_without_a_record(rich, tmp_path, record):
    lay(tmp_path, rich, sidecar=False, record=record)
    with pytest.raises(ArtifactError, match=PATH):
        refuse_untracked(rich, tmp_path)
