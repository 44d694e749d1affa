"""A payload is taken for what its sidecar says only if its bytes are."""

import json

import pytest

from distillab.core.errors import ArtifactError
from distillab.core.sidecar import (
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
              "parents": {"images": "i"}, "payload": payload_of(path), "environment": {"device": "cpu"}}  # fmt: skip
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


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"stage": "te', b"\xff\xfe", b'{"accuracy": 0.9}'])
def test_something_else_under_the_sidecars_name(payload, content):
    sidecar_path(payload).write_bytes(content)
    assert "not a distillab sidecar" in refused(payload)


def test_unknown_entries_are_not_passed_over(payload):
    content = json.loads(sidecar_path(payload).read_text())
    sidecar_path(payload).write_text(json.dumps(content | {"note": "edited by hand"}))
    assert "not a distillab sidecar" in refused(payload)


def test_another_format_is_named(payload):
    write_sidecar(payload, sidecar_of(payload, schema_version=2))
    assert "of another version of distillab; expected format 1; got 2" in refused(payload)


def test_reading_a_sidecar_does_not_read_the_payload(payload):
    payload.unlink()
    assert read_sidecar(payload).key == "k"


def test_the_hash_is_blake2b_of_256_bits(tmp_path):
    (tmp_path / "empty").touch()
    assert file_hash(tmp_path / "empty") == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
