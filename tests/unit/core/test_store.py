"""The store: whole entries or none, each under its key."""

import errno
import json
import shutil

import pytest

from distillab.core.errors import ArtifactError
from distillab.core.sidecar import Sidecar, payload_of, sidecar_path, verified
from distillab.core.store import Store


def sidecar_of(entry, key):
    return Sidecar(stage="teach", id=f"id-{key}", key=key, spec={}, code="c", parents={}, environment={},
                   payload=payload_of(entry.payload))  # fmt: skip


def filled(store, key="abcdef", suffix=".safetensors"):
    entry = store.entry("teach", key, suffix)
    entry.folder.mkdir(parents=True)
    entry.checkpoint.write_bytes(b"half")
    entry.payload.write_bytes(key.encode())
    return entry


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_an_entry_lives_under_stage_and_key(store):
    entry = store.entry("teach", "abcdef", ".parquet")
    assert entry.payload == store.root / "teach" / "ab" / "abcdef" / "payload.parquet"
    assert entry.kept("abcdef") is None


def test_a_payload_without_a_sidecar_is_unfinished(store):
    entry = filled(store)
    assert entry.kept("abcdef") is None
    assert not entry.payload.exists()
    assert entry.checkpoint.exists()


def test_finishing_completes_the_entry_and_drops_its_checkpoint(store):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "abcdef"))
    assert entry.kept("abcdef").key == "abcdef"
    assert not entry.checkpoint.exists()


def test_a_damaged_entry_is_emptied(store):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "abcdef"))
    entry.payload.write_bytes(b"abcdeg")
    assert entry.kept("abcdef") is None
    assert not entry.payload.exists()
    assert not sidecar_path(entry.payload).exists()


def forget_digest(text):
    return json.dumps(json.loads(text) | {"results": {"accuracy": 0.99}})


SPOILED = {
    "edited results": (forget_digest, "edited; expected digest"),
    "another version": (lambda text: json.dumps(json.loads(text) | {"schema_version": 1}), "of another version"),
    "half": (lambda text: text[:50], "not a distillab sidecar"),
}


@pytest.mark.parametrize(("spoil", "says"), SPOILED.values(), ids=SPOILED)
def test_an_entry_with_a_spoiled_sidecar_is_emptied_and_the_log_says_why(store, caplog, spoil, says):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "abcdef"))
    path = sidecar_path(entry.payload)
    path.write_text(spoil(path.read_text()))
    assert entry.kept("abcdef") is None
    assert not entry.payload.exists()
    assert not path.exists()
    assert f"made again: {entry.folder}" in caplog.text
    assert says in caplog.text
    assert "run snakemake" not in caplog.text, "nobody has to do anything"


def test_a_foreign_entry_is_emptied(store, caplog):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "012345"))
    assert entry.kept("abcdef") is None
    assert not entry.payload.exists()
    assert "is another member's, id-012345 with key 012345" in caplog.text


def test_an_unfinished_entry_is_no_news(store, caplog):
    assert filled(store).kept("abcdef") is None
    assert caplog.text == ""


def test_a_copy_is_whole_and_independent(store, tmp_path):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "abcdef"))
    output = tmp_path / "results" / "s0.safetensors"
    entry.copy_to(output)
    assert verified(output).key == "abcdef"
    output.write_bytes(b"edited")
    assert entry.kept("abcdef").key == "abcdef"
    entry.copy_to(output)
    assert verified(output).key == "abcdef"


def test_what_is_kept_beside_a_payload_is_that_of_the_payload_which_is_copied(store, tmp_path):
    output = tmp_path / "results" / "ta.html"
    for key in ("first", "second"):
        entry = filled(store, key, ".html")
        entry.beside(".ipynb").write_text(key)
        entry.finish(sidecar_of(entry, key))
        entry.copy_to(output)
    store.entry("teach", "first", ".html").copy_to(output)
    assert output.with_suffix(".ipynb").read_text() == "first"
    entry.empty()
    assert not entry.beside(".ipynb").exists()


@pytest.mark.parametrize("suffix", [".safetensors", ".json", ".parquet"])
def test_entries_are_listed_and_described(store, suffix):
    done, unfinished = filled(store, "aa11", suffix), filled(store, "bb22", suffix)
    done.finish(sidecar_of(done, "aa11"))
    assert list(store.entries()) == [done.folder, unfinished.folder]
    assert store.describe(done.folder).id == "id-aa11"
    assert store.describe(unfinished.folder) is None


def test_an_empty_store_has_no_entries(store):
    assert list(store.entries()) == []


def test_whoever_sees_a_copied_payload_sees_its_sidecar(store, tmp_path, monkeypatch):
    entry, output = filled(store), tmp_path / "out" / "model.safetensors"
    entry.finish(sidecar_of(entry, "abcdef"))
    copy = shutil.copyfile

    def fail_on_payload(source, target):
        if source == entry.payload:
            raise OSError(errno.EIO, "gone")
        return copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", fail_on_payload)
    with pytest.raises((OSError, ArtifactError)):
        entry.copy_to(output)
    assert sidecar_path(output).exists()
    assert not output.exists()
