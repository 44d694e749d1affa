"""The store: whole entries or none, each under its key."""

import errno
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
    assert not entry.complete()


def test_a_payload_without_a_sidecar_is_unfinished(store):
    entry = filled(store)
    assert not entry.complete()
    assert not entry.payload.exists()
    assert entry.checkpoint.exists()


def test_finishing_completes_the_entry_and_drops_its_checkpoint(store):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "abcdef"))
    assert entry.complete()
    assert not entry.checkpoint.exists()


def test_a_damaged_entry_is_emptied(store):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "abcdef"))
    entry.payload.write_bytes(b"abcdeg")
    assert not entry.complete()
    assert not entry.payload.exists()
    assert not sidecar_path(entry.payload).exists()


def test_a_copy_is_whole_and_independent(store, tmp_path):
    entry = filled(store)
    entry.finish(sidecar_of(entry, "abcdef"))
    output = tmp_path / "results" / "s0.safetensors"
    entry.copy_to(output)
    assert verified(output).key == "abcdef"
    output.write_bytes(b"edited")
    assert entry.complete()
    entry.copy_to(output)
    assert verified(output).key == "abcdef"


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
