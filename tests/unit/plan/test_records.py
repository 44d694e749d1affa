"""Receipts that are not true of the files beside them are taken away before Snakemake looks; true ones stay."""

import base64
import json
import os

import pytest

from distillab.core.receipts import Receipt, read_receipt, write_receipt
from distillab.core.sidecar import Sidecar, payload_of, read_sidecar, sidecar_path, write_sidecar
from distillab.plan.records import LONG_AGO, forget, record_of, take_away_untrue

NOW = 1_700_000_000


@pytest.fixture
def job(rich):
    """A job with two members."""
    return rich.find_job("teach", "ce-cnn_digits/3").model_copy(
        update={"members": ("ce-cnn_digits-s3", "ls-cnn_digits-s3")}
    )


@pytest.fixture
def plan(rich, job):
    """A plan with that job and a page."""
    return rich.model_copy(update={"jobs": (job, rich.find_job("report", "index"))})


def lay(path, member, content=b"weights", *, key=None, time=NOW):
    """A payload with its sidecar."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sidecar = Sidecar(stage="teach", id=member.id, key=key or member.key, spec={}, code="", parents={},
                      payload=payload_of(path), environment={})  # fmt: skip
    write_sidecar(path, sidecar)
    for file in (path, sidecar_path(path)):
        os.utime(file, (time, time))
    return sidecar


@pytest.fixture
def root(plan, job, tmp_path):
    """What the job has left: two payloads, and its receipt a second later."""
    made = {}
    for name in job.members:
        member = plan.members[name]
        made[name] = lay(tmp_path / member.path, member, name.encode()).payload.blake2b
    sign(tmp_path / job.output, Receipt(digest=job.digest, made=made))
    return tmp_path


def sign(path, receipt):
    write_receipt(path, receipt)
    os.utime(path, (NOW + 1, NOW + 1))


def change(root, job, **fields):
    """Another receipt at the same place."""
    sign(root / job.output, read_receipt(root / job.output).model_copy(update=fields))


def test_where_nothing_is_nothing_is_taken(rich, tmp_path):
    assert take_away_untrue(rich, tmp_path) == []
    assert not any(tmp_path.iterdir())


def test_a_true_receipt_stays_as_it_is(plan, job, root):
    before = (root / job.output).read_bytes()
    assert take_away_untrue(plan, root) == []
    assert (root / job.output).read_bytes() == before
    assert (root / job.output).stat().st_mtime == NOW + 1


@pytest.mark.parametrize("text", ["", "half", "{}"])
def test_what_is_no_receipt_is_taken_away(plan, job, root, text):
    (root / job.output).write_text(text)
    assert take_away_untrue(plan, root) == [job.output]
    assert not (root / job.output).exists()


def test_a_receipt_that_names_a_failure_is_taken_away_so_that_it_is_tried_again(plan, job, root):
    change(root, job, missing={"ls-cnn_digits-s3": "boom"})
    assert take_away_untrue(plan, root) == [job.output]


@pytest.mark.parametrize("what", ["payload", "sidecar"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_receipt_of_a_payload_that_is_gone_is_taken_away(plan, job, root, what, which):
    path = root / plan.members[job.members[which]].path
    (path if what == "payload" else sidecar_path(path)).unlink()
    assert take_away_untrue(plan, root) == [job.output]
    assert not (root / job.output).exists()


def test_a_receipt_that_leaves_a_member_out_is_taken_away(plan, job, root):
    made = read_receipt(root / job.output).made
    change(root, job, made=dict([*made.items()][1:]))
    assert take_away_untrue(plan, root) == [job.output]


def record(root, job, content):
    """What Snakemake has written down of a job's receipt."""
    path = record_of(root / job.output, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_receipt_of_other_parameters_is_snakemakes_to_judge_where_it_has_its_record(plan, job, root):
    change(root, job, digest="0" * 24)
    kept = record(root, job, json.dumps({"params": [repr("0" * 24)]}))
    assert take_away_untrue(plan, root) == []
    kept.unlink()
    assert take_away_untrue(plan, root) == [job.output]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"params": null}', "of this run"])
def test_a_receipt_of_other_parameters_is_taken_away_where_snakemakes_record_does_not_say_so(plan, job, root, content):
    """`--touch` writes a record of these parameters beside a receipt of others: it would never be made anew."""
    change(root, job, digest="0" * 24)
    kept = record(root, job, json.dumps({"params": [repr(job.digest)]}) if content == "of this run" else content)
    assert take_away_untrue(plan, root) == [job.output]
    assert not kept.exists()


def later(root, plan, name, content, key=None):
    member = plan.members[name]
    return lay(root / member.path, member, content, key=key, time=NOW + 60)


def test_a_payload_that_came_later_with_the_same_bytes_makes_the_receipt_as_new(plan, job, root):
    before = (root / job.output).read_bytes()
    later(root, plan, "ls-cnn_digits-s3", b"ls-cnn_digits-s3")
    assert take_away_untrue(plan, root) == []
    assert (root / job.output).read_bytes() == before
    assert (root / job.output).stat().st_mtime > NOW + 60
    assert take_away_untrue(plan, root) == []


def test_a_whole_payload_that_came_later_with_other_bytes_is_named_in_the_receipt(plan, job, root):
    """Snakemake then makes again what stands on it."""
    before = read_receipt(root / job.output)
    now = later(root, plan, "ls-cnn_digits-s3", b"from another machine").payload.blake2b
    assert take_away_untrue(plan, root) == []
    after = read_receipt(root / job.output)
    assert after.made == before.made | {"ls-cnn_digits-s3": now}
    assert now != before.made["ls-cnn_digits-s3"]
    assert after.digest == job.digest


def test_a_payload_that_came_later_and_is_another_members_costs_the_receipt(plan, job, root):
    later(root, plan, "ls-cnn_digits-s3", b"stale", key="0" * 32)
    assert take_away_untrue(plan, root) == [job.output]


def test_a_payload_that_was_damaged_later_costs_the_receipt_and_is_named(plan, job, root, caplog):
    path = root / plan.members["ce-cnn_digits-s3"].path
    path.write_bytes(b"ce-cnn_digits-sX")
    assert take_away_untrue(plan, root) == [job.output]
    assert f"made again: {path}: edited or foreign; expected BLAKE2b " in caplog.text


def test_an_edited_sidecar_is_noticed_too(plan, job, root):
    path = sidecar_path(root / plan.members["ce-cnn_digits-s3"].path)
    path.write_text(path.read_text().replace("teach", "steal"))
    assert take_away_untrue(plan, root) == [job.output]


@pytest.mark.parametrize("how", ["marked", "no sidecar"])
def test_a_page_that_its_sidecar_does_not_fit_stays_readable_and_is_made_again(plan, root, how):
    member = plan.members["report-index"]
    page, record = root / member.path, record_of(root / member.path, root)
    lay(page, member, b"<main></main>")
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    assert take_away_untrue(plan, root) == []
    assert page.stat().st_mtime == NOW
    if how == "marked":
        page.write_bytes(b"<main>marked</main>")
    else:
        sidecar_path(page).unlink()
    before = page.read_bytes()
    assert take_away_untrue(plan, root) == [member.path]
    assert page.read_bytes() == before
    assert page.stat().st_mtime == LONG_AGO, "older than its tables"
    assert not record.exists()


def test_forgetting_takes_receipt_and_record_and_of_a_page_the_record_alone(plan, job, root):
    page = root / "results/tiny/reports/index.html"
    lay(page, plan.members["report-index"], b"<main></main>")
    records = [record_of(root / name, root) for name in (job.output, "results/tiny/reports/index.html")]
    for record in records:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text("{}")
    for name in (job.output, page.relative_to(root)):
        forget((root / name).relative_to(root), root)
    assert not any(record.exists() for record in records)
    assert not (root / job.output).exists()
    assert read_sidecar(page).payload == payload_of(page)
    forget((root / job.output).relative_to(root), root)  # nothing to forget


@pytest.mark.parametrize(("length", "parts"), [(3, [4]), (189, [252]), (192, [255, 2]), (400, [255, 255, 28])])
def test_a_record_has_the_name_that_snakemake_gives_it(tmp_path, length, parts):
    """Three bytes are four letters; 254 of them fit, and a folder has a letter more, @."""
    path = "p" * length
    name = record_of(tmp_path / path, tmp_path).relative_to(tmp_path / ".snakemake" / "metadata").parts
    assert [len(part) for part in name] == parts
    assert all(part.startswith("@") for part in name[:-1])
    letters = "".join(part.removeprefix("@") for part in name)
    assert base64.urlsafe_b64decode(letters).decode() == path
    assert record_of(tmp_path / "???", tmp_path).name == "Pz8_"  # the alphabet that is safe in names
