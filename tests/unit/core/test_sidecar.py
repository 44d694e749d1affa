"""A payload is taken for what its sidecar says only if its bytes are."""

import hashlib
import json

import pytest

from distillab.core.errors import ArtifactError
from distillab.core.sidecar import (
    SCHEMA,
    Parent,
    Sidecar,
    file_hash,
    payload_of,
    read_sidecar,
    sidecar_path,
    verified,
    write_sidecar,
)


@pytest.fixture
def payload(tmp_path):
    path = tmp_path / "s0.safetensors"
    path.write_bytes(b"payload" * 100)
    write_sidecar(path, sidecar_of(path))
    return path


def sidecar_of(path, **changes):
    fields = {"stage": "teach", "id": "ce-s0", "key": "k", "spec": {"b": 1, "a": [1.5, None]}, "code": "c",
              "parents": {"images": Parent(key="i", blake2b="b")}, "payload": payload_of(path),
              "environment": {"device": "cpu"}}  # fmt: skip
    return Sidecar(**{**fields, **changes})


def refused(payload):
    with pytest.raises(ArtifactError) as error:
        verified(payload)
    assert str(payload.parent) in str(error.value)
    assert "run snakemake again" in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_was_written_is_read(payload):
    assert verified(payload) == sidecar_of(payload)
    assert sidecar_path(payload).name == "s0.safetensors.json"


def test_equal_sidecars_are_equal_bytes(payload):
    before = sidecar_path(payload).read_bytes()
    write_sidecar(payload, sidecar_of(payload, spec={"a": [1.5, None], "b": 1}))
    assert sidecar_path(payload).read_bytes() == before


def test_an_absent_payload(payload):
    payload.unlink()
    assert "missing" in refused(payload)


def test_a_truncated_payload(payload):
    payload.write_bytes(payload.read_bytes()[:-1])
    assert "truncated or edited; expected 700 bytes; got 699" in refused(payload)


def test_one_flipped_bit(payload):
    content = bytearray(payload.read_bytes())
    content[350] ^= 1
    payload.write_bytes(content)
    assert "edited or foreign; expected BLAKE2b" in refused(payload)


def test_a_foreign_payload_of_the_same_size(payload):
    payload.write_bytes(b"foreign" * 100)
    assert "edited or foreign" in refused(payload)


def test_an_absent_sidecar(payload):
    sidecar_path(payload).unlink()
    assert "no sidecar" in refused(payload)


def test_what_was_never_made_is_not_to_be_deleted(payload):
    sidecar_path(payload).unlink()
    payload.unlink()
    assert refused(payload) == f"{payload}: not there; run snakemake again"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"stage": "te', b"\xff\xfe", b'{"accuracy": 0.9}'])
def test_something_else_under_the_sidecars_name(payload, content):
    sidecar_path(payload).write_bytes(content)
    assert "not a distillab sidecar" in refused(payload)


def rewrite(path, **changes):
    """Change entries of the sidecar's file by hand, its digest left as it is unless it is given."""
    content = json.loads(sidecar_path(path).read_text())
    sidecar_path(path).write_text(json.dumps(content | changes))


EDITS = {
    "stage": "measure", "id": "ce-s1", "key": "l", "spec": {"b": 2, "a": [1.5, None]}, "code": "d", "parents": {},
    "payload": {"bytes": 700, "blake2b": "0" * 64}, "environment": {"device": "cuda"}, "results": {"accuracy": 0.99},
    "note": "an entry that no sidecar has",
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), EDITS.items(), ids=EDITS)
def test_an_edit_of_anything_is_seen(payload, name, value):
    recorded = json.loads(sidecar_path(payload).read_text())["digest"]
    rewrite(payload, **{name: value})
    assert f"edited; expected digest {recorded[:12]}..." in refused(payload)


def test_a_sidecar_without_its_digest_is_not_believed(payload):
    content = json.loads(sidecar_path(payload).read_text())
    del content["digest"]
    sidecar_path(payload).write_text(json.dumps(content))
    assert "edited; expected digest none" in refused(payload)


def test_the_run_block_is_not_part_of_the_digest(payload):
    rewrite(payload, run={"seconds": 7.0})
    assert verified(payload).run == {"seconds": 7.0}
    assert verified(payload).digest == sidecar_of(payload).digest


def test_the_digest_is_blake2b_of_canonical_json(payload):
    content = json.loads(sidecar_path(payload).read_text())
    said = {name: content[name] for name in content if name not in ("run", "digest")}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    assert content["digest"] == hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def test_unknown_entries_are_refused_with_a_digest_that_fits(payload):
    content = json.loads(sidecar_path(payload).read_text()) | {"note": "a later version's"}
    said = {name: content[name] for name in content if name not in ("run", "digest")}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    rewrite(payload, note="a later version's", digest=hashlib.blake2b(text.encode(), digest_size=32).hexdigest())
    assert "not a distillab sidecar" in refused(payload)


OLD = {"schema_version": 1, "stage": "teach", "parents": {"images": "i"}, "accepted": []}


def test_another_version_is_named_whatever_it_holds(payload):
    sidecar_path(payload).write_text(json.dumps(OLD))
    assert f"of another version of distillab; expected format {SCHEMA}; got 1" in refused(payload)
    write_sidecar(payload, sidecar_of(payload, schema_version=SCHEMA + 1))
    assert f"expected format {SCHEMA}; got {SCHEMA + 1}" in refused(payload)


def test_reading_a_sidecar_does_not_read_the_payload(payload):
    payload.unlink()
    assert read_sidecar(payload).key == "k"


def test_the_hash_is_blake2b_of_256_bits(tmp_path):
    (tmp_path / "empty").touch()
    assert file_hash(tmp_path / "empty") == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
