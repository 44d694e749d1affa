"""What prune lists: all that no plan needs, and nothing that has a use or a writer."""

import fcntl
import json
import os
import shutil
from dataclasses import replace

import pytest

from distillab.core.errors import ArtifactError
from distillab.core.locks import RUN, exclusive
from distillab.core.processes import Owner
from distillab.core.receipts import Receipt, write_receipt
from distillab.core.sidecar import Parent, Sidecar, payload_of, sidecar_path
from distillab.core.store import Store
from distillab.plan.cache import load_plan, plan_path
from distillab.plan.prune import prune, readable

LIGHT = {"seeds": [0], "robustness": {"attacks": {"cw_l2": None}}}
"""A small plan with every kind of member."""


def make_everything(root):
    """Every member of the present plan, as bytes that stand for payloads; returns the plan."""
    plan, store = load_plan(root), Store(root / ".distillab" / "store")
    for member in plan.members.values():
        suffix = os.path.splitext(member.path)[1] or ".safetensors"  # noqa: PTH122 - a path in a project
        entry = store.entry(member.stage, member.key, suffix)
        entry.folder.mkdir(parents=True, exist_ok=True)
        entry.payload.write_bytes(member.key.encode())
        parents = {role: Parent(key=plan.members[i].key, blake2b="") for role, i in member.parents.items()}
        entry.finish(
            Sidecar(stage=member.stage, id=member.id, key=member.key, spec={}, code=member.code, parents=parents,
                    payload=payload_of(entry.payload), environment={})
        )  # fmt: skip
        if member.path:
            entry.copy_to(root / member.path)
    for job in plan.jobs:
        if job.writes_receipt:
            write_receipt(root / job.output, Receipt(digest=job.digest, made={}))
    return plan


def listed(root):
    return list(prune(root, delete=False))


def entry_of(root, plan, member_id):
    member = plan.members[member_id]
    return Store(root / ".distillab" / "store").entry(member.stage, member.key, ".safetensors")


@pytest.fixture
def light(project):
    return lambda override=None, preset="tiny": project(LIGHT | (override or {}), preset)


def test_nothing_to_prune(light):
    root = light()
    make_everything(root)
    assert listed(root) == ["nothing to prune"]


def test_a_pages_notebook_and_its_picture_stay_with_it(light):
    root = light()
    plan = make_everything(root)
    pages = [root / member.path for member in plan.members.values() if member.stage == "report"]
    kept = [page.with_suffix(suffix) for page in pages for suffix in (".ipynb", ".png")]
    for path in kept:
        path.write_bytes(b"beside")
    strays = [pages[0].with_name("former.ipynb"), (root / plan.members["ce-cnn_digits-s0"].path).with_suffix(".png")]
    for path in strays:
        path.write_bytes(b"of nothing")
    assert {line.split("  (")[0].split("  ")[-1] for line in listed(root)[:-1]} == {str(path) for path in strays}
    list(prune(root, delete=True))
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in strays)


def test_a_receipt_of_a_job_that_is_no_more_can_go(light):
    root = light()
    make_everything(root)
    stray = root / "results" / "tiny" / "receipts" / "teach" / "ce-cnn_digits.json"
    stray.write_text("{}")
    assert listed(root)[0].strip() == f"2 B  {stray}  (not in the plan)"


def test_a_removed_method_leaves_its_files_and_entries(light):
    root = light()
    old = make_everything(root)
    gone = [i for i in old.members if i.startswith("ls-cnn")]
    assert gone
    light({"defenses": {"ls": None}})
    new = load_plan(root)
    lines = listed(root)
    for member_id in gone:
        if old.members[member_id].path:
            assert any(f"{old.members[member_id].path}  " in line for line in lines)
            assert any(f"{old.members[member_id].path}.json  " in line for line in lines)
    kept = [member.path for member in new.members.values() if member.path]
    assert not any(f"{path}  " in line or f"{path}.json  " in line for path in kept for line in lines)


def test_with_yes_everything_listed_goes_and_nothing_else(light):
    root = light()
    make_everything(root)
    light({"defenses": {"ls": None}})
    make_everything(root)
    kept = {path for path in root.rglob("*") if path.is_file() and "ls-cnn" not in str(path)}
    assert list(prune(root, delete=True))[-1].endswith("places deleted")
    assert listed(root) == ["nothing to prune"]
    assert not [path for path in (root / "results").rglob("*") if "ls-cnn" in str(path) and path.is_file()]
    plan, store = load_plan(root), Store(root / ".distillab" / "store")
    assert {folder.name for folder in store.entries()} == {member.key for member in plan.members.values()}
    assert all(path.exists() for path in kept if "results" in path.parts)


def test_nothing_is_deleted_while_a_run_goes_on(light):
    """It may be one of the parameters of before: what it has finished would be taken away under its hands."""
    root = light()
    make_everything(root)
    light({"defenses": {"ls": None}})
    with (root / ".distillab" / RUN).open("w") as run:
        fcntl.flock(run, fcntl.LOCK_EX)
        assert listed(root) != ["nothing to prune"]
        with pytest.raises(ArtifactError, match="a run goes on in this project"):
            list(prune(root, delete=True))
    assert list((root / "results").rglob("ls-cnn*"))


def test_listing_deletes_nothing(light):
    root = light()
    make_everything(root)
    light({"defenses": {"ls": None}})
    load_plan(root)
    before = sorted(root.rglob("*"))
    assert len(listed(root)) > 1
    assert sorted(root.rglob("*")) == before


def test_logs_benchmarks_and_gitignores_stay(light):
    root = light()
    make_everything(root)
    for name in ("logs/teach/0.log", "benchmarks/teach/0.tsv", ".gitignore", "reports/.gitignore"):
        path = root / "results" / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    stray = root / "results" / "tiny" / "teachers" / "notes.txt"
    stray.write_text("stray")
    lines = listed(root)
    assert len(lines) == 2
    assert str(stray) in lines[0]


def test_an_entry_whose_writer_lives_stays(light):
    root = light()
    plan = make_everything(root)
    light({"defenses": {"ls": None}})
    entry = entry_of(root, plan, "ls-cnn_digits-s0")
    assert any(str(entry.folder) in line for line in listed(root))
    with exclusive(entry.lock):
        assert not any(str(entry.folder) in line for line in listed(root))
    assert any(str(entry.folder) in line for line in listed(root))


def test_a_file_being_written_stays(light):
    root = light()
    make_everything(root)
    half = root / "results" / "tiny" / "teachers" / ".s0.safetensors.123.tmp"
    half.write_bytes(b"half")
    assert any(str(half) in line for line in listed(root))
    running = root / ".distillab" / "running" / "elsewhere-1.json"
    running.parent.mkdir()
    running.write_text(replace(Owner.this_process(running.parent, "teach all"), host="elsewhere").text())
    assert listed(root) == ["nothing to prune"]


def test_other_presets_keep_their_results_answers_and_unfinished_entries(light):
    root = light()
    shutil.copy(root / "config" / "tiny.yaml", root / "config" / "twin.yaml")
    tiny = make_everything(root)
    unfinished = entry_of(root, tiny, "ls-cnn_digits-s0")
    unfinished.payload.rename(unfinished.checkpoint)
    light(preset="twin", override={"seeds": [1]})
    make_everything(root)
    assert listed(root) == ["nothing to prune"]
    plan_path(light()).unlink()
    light(preset="twin", override={"seeds": [1]})
    lines = listed(root)
    assert not any(str(entry_of(root, tiny, "ce-cnn_digits-s0-answers").folder) in line for line in lines)


def test_an_old_entry_is_named_and_one_of_another_version_too(light):
    root = light()
    old = make_everything(root)
    light({"seeds": [1]})
    make_everything(root)
    answers = [entry_of(root, old, f"{defense}-cnn_digits-s0-answers") for defense in ("ce", "ls", "st")]
    content = json.loads(sidecar_path(answers[1].payload).read_text())
    sidecar_path(answers[1].payload).write_text(json.dumps(content | {"schema_version": 1}))
    sidecar_path(answers[2].payload).unlink()
    reasons = ("old ce-cnn_digits-s0-answers", "damaged, or of another version of distillab", "unfinished")
    for entry, reason in zip(answers, reasons, strict=True):
        assert any(f"{entry.folder}  ({reason})" in line for line in listed(root))


def test_plans_of_old_parameters_and_of_old_formats_go(light):
    root = light()
    make_everything(root)
    light({"seeds": [3]})
    old = plan_path(root)
    load_plan(root)
    light()
    foreign = old.with_name("0123.json")
    foreign.write_text('{"preset": "tiny"}')
    lines = listed(root)
    assert len(lines) == 3
    assert all(any(str(path) in line for line in lines[:2]) for path in (old, foreign))
    assert "(plan of other parameters or code)" in lines[0]


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (1_550_000, "1.6 MB"), (2e15, "2000.0 TB")]
)
def test_sizes_are_readable(size, text):
    assert readable(size) == text
