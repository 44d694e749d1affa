"""Running one job: its members in order, from the store where it has them, the process registered meanwhile."""

import json
import logging
import weakref
from types import SimpleNamespace

import pytest

from distillab.cli import main, run
from distillab.core.absence import read_failures
from distillab.core.errors import ArtifactError, BlockedError, BusyError, ContractError, SpecError
from distillab.core.locks import exclusive
from distillab.core.receipts import Receipt, read_receipt
from distillab.core.sidecar import file_hash
from distillab.core.workspace import Product, Workspace
from distillab.plan import load_plan

FAULTS = {}
"""Member id to what making it raises."""


@pytest.fixture
def made(monkeypatch):
    """What the stage ``prepare`` was asked to make, with the register's entry at that moment; bytes instead of data."""
    seen = []
    FAULTS.clear()

    def make(member, workspace, entry):
        if member.id in FAULTS:
            raise FAULTS[member.id]
        entry.payload.write_bytes(member.id.encode())
        (registered,) = (workspace.root / ".distillab" / "running").glob("*.json")
        seen.append((member.id, json.loads(registered.read_text())["job"]))
        return Product("cpu")

    for stage in ("prepare", "teach", "measure"):
        monkeypatch.setattr(f"distillab.stages.{stage}.make", make)
    return seen


RECEIPT = "results/tiny/receipts/prepare/all.json"


def receipt_of(project):
    return read_receipt(project / RECEIPT)


def hash_of(project, part):
    return file_hash(project / "results" / "tiny" / "data" / f"{part}.safetensors")


def test_the_members_of_a_job_are_made_in_order_and_put_at_their_paths(project, made):
    assert main(["prepare", "all"]) == 0
    assert made == [("data-images", "prepare all"), ("data-split", "prepare all")]
    results = project / "results" / "tiny" / "data"
    assert (results / "images.safetensors").read_bytes() == b"data-images"
    assert (results / "split.safetensors").read_bytes() == b"data-split"
    assert not list((project / ".distillab" / "running").iterdir())


def test_a_job_leaves_a_receipt_with_the_hash_of_each_payload(project, made):
    main(["prepare", "all"])
    hashes = {f"data-{part}": hash_of(project, part) for part in ("images", "split")}
    assert receipt_of(project) == Receipt(digest=load_plan(project).find_job("prepare", "all").digest, made=hashes)
    assert hashes["data-images"] != hashes["data-split"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("boom <b>\nand more"), "ValueError: boom <b> and more"),
        (ContractError("diverged", where="ce", do="lower the rate"), "ce: diverged; lower the rate"),
        (MemoryError(), "MemoryError"),
    ],
    ids=["a bug", "a contract", "memory"],
)
def test_a_member_that_raises_costs_itself_alone(project, made, caplog, error, reason):
    FAULTS["data-images"] = error
    assert main(["prepare", "all"]) == 0
    assert made == [("data-split", "prepare all")]
    receipt = receipt_of(project)
    assert receipt.made == {"data-split": hash_of(project, "split")}
    assert receipt.missing == {"data-images": reason}
    assert read_failures(project, load_plan(project)) == receipt.missing
    (warning,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert warning.message.startswith("data-images: failed")
    assert bool(warning.exc_info) == isinstance(error, ValueError | MemoryError), "a traceback where it is a bug"

    FAULTS.clear()
    assert main(["prepare", "all"]) == 0
    assert made[1:] == [("data-images", "prepare all")], "only what is missing is made"
    assert receipt_of(project).missing == {}
    assert read_failures(project, load_plan(project)) == {}


@pytest.mark.parametrize("kind", [ContractError, MemoryError])
def test_what_a_failed_member_held_is_gone_when_the_next_begins(project, monkeypatch, kind):
    """One that ran out of memory would leave the others none."""
    held, alive = [], []

    class Tensors:
        pass

    def make(member, _workspace, entry):
        alive.extend(block() for block in held)
        if not held:
            block = Tensors()
            held.append(weakref.ref(block))
            raise kind("out of memory")
        entry.payload.write_bytes(member.id.encode())
        return Product("cpu")

    monkeypatch.setattr("distillab.stages.prepare.make", make)
    assert main(["prepare", "all"]) == 0
    assert alive == [None]


def test_where_nothing_was_made_the_first_error_is_the_jobs_and_there_is_no_receipt(project, made, capsys):
    FAULTS.update({"data-images": ArtifactError("cannot be read", where="x"), "data-split": ContractError("other")})
    assert main(["prepare", "all"]) == 3
    assert capsys.readouterr().err.splitlines()[-1] == "distillab: x: cannot be read"
    assert receipt_of(project) is None
    assert read_failures(project, load_plan(project)) == {"data-images": "x: cannot be read", "data-split": "other"}
    FAULTS["data-images"] = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError, match="a bug"):
        main(["prepare", "all"])


def test_an_interruption_ends_the_job_and_is_no_failure(project, made):
    FAULTS["data-split"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run.run_job(load_plan(project), "prepare", "all", project)
    assert made == [("data-images", "prepare all")]
    assert receipt_of(project) is None
    assert read_failures(project, load_plan(project)) == {}


def test_a_job_that_another_process_runs_is_left_to_it(project, made):
    plan = load_plan(project)
    lock = Workspace(project, plan).entry(plan.members["data-images"]).lock
    with exclusive(lock), pytest.raises(BusyError, match="is being written by another process"):
        run.run_job(plan, "prepare", "all", project)
    assert made == []
    assert read_failures(project, load_plan(project)) == {}
    assert receipt_of(project) is None


def test_members_without_a_parent_are_not_tried_and_say_which(project, made):
    main(["prepare", "all"])
    FAULTS["ls-cnn_digits-s4"] = ValueError("boom")
    assert main(["teach", "all"]) == 0
    (project / "results" / "tiny" / "receipts" / "teach" / "all.json").unlink()
    made.clear()
    assert main(["measure", "all"]) == 0
    receipt = read_receipt(project / "results" / "tiny" / "receipts" / "measure" / "all.json")
    assert receipt.missing["ls-cnn_digits-s4-measure"] == (
        "ls-cnn_digits-s4-measure: not made; got no ls-cnn_digits-s4, which it is made from"
    )
    assert [name for name, _job in made] == [*receipt.made] == ["ce-cnn_digits-s4-measure"]


def test_no_receipt_is_written_where_none_is_asked_for(project, made):
    run.run_job(load_plan(project), "prepare", "all", project, receipt=False)
    assert len(made) == 2
    assert receipt_of(project) is None


def test_what_the_store_has_is_not_made_again(project, made):
    main(["prepare", "all"])
    (project / "results" / "tiny" / "data" / "split.safetensors").unlink()
    main(["prepare", "all"])
    assert len(made) == 2
    assert (project / "results" / "tiny" / "data" / "split.safetensors").read_bytes() == b"data-split"


def test_a_job_that_is_not_what_the_run_has_planned_is_refused(project, made, capsys):
    (job,) = load_plan(project).stage("prepare")
    assert main(["prepare", "all", "--digest", "0123"]) == 3
    said = capsys.readouterr().err
    assert "prepare all: the parameters or the code have changed since this run began; expected hash 0123" in said
    assert f"got {job.digest}" in said
    assert main(["prepare", "gone", "--digest", job.digest]) == 3
    assert "got no such job" in capsys.readouterr().err
    assert not made
    assert main(["prepare", "all", "--digest", job.digest]) == 0
    assert len(made) == 2


def test_the_log_counts_the_members_and_the_processors_seconds(project, made, monkeypatch, caplog):
    seconds = iter([10.0, 13.5])
    monkeypatch.setattr(run, "cpu_seconds", lambda: next(seconds))
    with caplog.at_level(logging.INFO, "distillab"):
        run.run_job(load_plan(project), "prepare", "all", project)
    said = [line for line in caplog.messages if line.startswith("prepare all")]
    assert said == [
        "prepare all: 1 of 2, data-images",
        "prepare all: 2 of 2, data-split",
        "prepare all: cpu after imports: 3.50 s",
    ]


def test_a_job_that_is_not_in_the_plan_registers_nothing(project):
    with pytest.raises(SpecError, match=r"^unknown prepare job; expected one of all; got half$"):
        run.run_job(load_plan(project), "prepare", "half", project)
    assert not (project / ".distillab" / "running").exists()


def test_the_allocator_is_told_before_anything_is_made(project, made, monkeypatch):
    monkeypatch.setattr(run, "keep_freed_memory", lambda: made.append("told"))
    run.run_job(load_plan(project), "prepare", "all", project)
    assert made[0] == "told"
    assert len(made) == 3


def test_cpu_seconds_are_those_of_user_and_system_with_the_childrens(monkeypatch):
    usages = {
        run.resource.RUSAGE_SELF: SimpleNamespace(ru_utime=1.0, ru_stime=0.25),
        run.resource.RUSAGE_CHILDREN: SimpleNamespace(ru_utime=16.0, ru_stime=4.0),
    }
    monkeypatch.setattr(run.resource, "getrusage", usages.__getitem__)
    assert run.cpu_seconds() == 21.25


def test_a_full_disk_ends_the_job_and_blames_no_member(project, made):
    FAULTS["data-images"] = BlockedError("the disk is full", where="somewhere")
    assert main(["prepare", "all"]) == 3
    assert made == []
    assert receipt_of(project) is None
    assert read_failures(project, load_plan(project)) == {}


def test_all_is_every_job_of_a_stage_and_the_first_error_comes_after_the_others(monkeypatch):
    asked, faults = [], {"b": SpecError("second"), "c": SpecError("third")}

    def run_job(_plan, stage, job_id, _root):
        asked.append((stage, job_id))
        if job_id in faults:
            raise faults[job_id]

    monkeypatch.setattr(run, "run_job", run_job)
    plan = SimpleNamespace(stage=lambda stage: [SimpleNamespace(id=f"{name}") for name in "abcd" if stage == "teach"])
    with pytest.raises(SpecError, match="second"):
        run.run_stage(plan, "teach")
    assert asked == [("teach", name) for name in "abcd"]
    faults.clear()
    run.run_stage(plan, "teach")


def test_a_receipt_of_an_earlier_time_goes_where_nothing_is_made_any_more(project, made):
    assert main(["prepare", "all"]) == 0
    assert receipt_of(project)
    for part in ("images", "split"):
        FAULTS[f"data-{part}"] = ContractError("not finite", where=part)
    for payload in (project / ".distillab" / "store").rglob("payload.*"):
        payload.unlink()
    assert main(["prepare", "all"]) == 4
    assert receipt_of(project) is None


def test_a_job_that_is_ended_now_did_not_fail_as_it_did_before(project, made):
    FAULTS["data-images"] = FAULTS["data-split"] = ContractError("not finite", where="then")
    assert main(["prepare", "all"]) == 4
    assert read_failures(project, load_plan(project)).keys() == {"data-images", "data-split"}
    FAULTS["data-images"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        main(["prepare", "all"])
    assert read_failures(project, load_plan(project)) == {}
