"""A manifest's file, line by line, its hashes, and the lines about what is no manifest and no signature."""

import hashlib
import json
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from distillab import __version__
from distillab.core.errors import ArtifactError, SpecError
from distillab.core.sidecar import SCHEMA, Payload, Sidecar
from distillab.plan import signature
from distillab.plan.manifest import Manifest, ManifestEntry, manifest_of, manifest_path, read_manifest, write_manifest
from distillab.plan.signature import check_signature, sign, signature_path
from distillab.plan.verify import Proof, compare

ENTRIES = {f"results/{name}": ManifestEntry(key=name, payload=f"p{name}", sidecar=f"s{name}") for name in ("b", "a")}
MANIFEST = Manifest(preset="tiny", params="1", code="2", payloads=ENTRIES)


def blake(content):
    return hashlib.blake2b(
        json.dumps(content, sort_keys=True, separators=(",", ":")).encode(), digest_size=32
    ).hexdigest()


def test_a_payload_is_a_line(tmp_path):
    write_manifest(tmp_path / "manifest.json", MANIFEST)
    assert (tmp_path / "manifest.json").read_text() == (
        f'{{\n "schema_version": {SCHEMA},\n "distillab": "{__version__}",\n "preset": "tiny",\n "params": "1",\n'
        ' "code": "2",\n "payloads": {\n'
        '  "results/a": {"key":"a","payload":"pa","sidecar":"sa"},\n'
        '  "results/b": {"key":"b","payload":"pb","sidecar":"sb"}\n }\n}\n'
    )
    assert read_manifest(tmp_path / "manifest.json") == MANIFEST


def test_a_manifest_is_made_of_the_plans_parameters_codes_and_payloads(rich, tmp_path):
    sidecar = Sidecar(
        stage="teach", id="x", key="k", spec={}, code="c", parents={}, payload=Payload(bytes=1, blake2b="b"),
        environment={},
    )  # fmt: skip
    assert manifest_of(rich, {"results/x": sidecar}) == Manifest(
        schema_version=SCHEMA,
        distillab=__version__,
        preset="tiny",
        params=blake(rich.params),
        code=blake({member.id: member.code for member in rich.members.values()}),
        payloads={"results/x": ManifestEntry(key="k", payload="b", sidecar=sidecar.digest)},
    )
    assert manifest_path(tmp_path, "tiny") == tmp_path / "results" / "tiny" / "manifest.json"


def test_every_difference_from_the_manifest_is_a_line(rich):
    path = "results/tiny/reports/ta.html"
    sidecar = Sidecar(
        stage="report", id="x", key="k" * 32, spec={}, code="c", parents={}, environment={},
        payload=Payload(bytes=1, blake2b="b" * 64),
    )  # fmt: skip
    now = manifest_of(rich, {path: sidecar})
    other = Manifest(
        preset="another_preset", params="1" * 64, code="2" * 64,
        payloads={path: ManifestEntry(key="3" * 32, payload="4" * 64, sidecar="5" * 64), "gone": now.payloads[path]},
    )  # fmt: skip
    proof = Proof({path: sidecar}, ())
    assert list(compare(rich, proof, now)) == []
    assert list(compare(rich, proof, other)) == [
        "preset: tiny now, another_pres in the manifest",
        f"params: {now.params[:12]} now, 111111111111 in the manifest",
        f"code: {now.code[:12]} now, 222222222222 in the manifest",
        "gone: in the manifest, and not in the plan",
        f"{path}: key kkkkkkkkkkkk... is not that of the manifest, 333333333333...",
        f"{path}: payload bbbbbbbbbbbb... is not that of the manifest, 444444444444...",
        f"{path}: sidecar {sidecar.digest[:12]}... is not that of the manifest, 555555555555...",
    ]
    fewer = now.model_copy(update={"payloads": {}})
    assert list(compare(rich, proof, fewer)) == [f"{path}: not in the manifest"]


def test_a_manifest_is_closed_and_frozen():
    for record in (MANIFEST, ENTRIES["results/a"]):
        with pytest.raises(ValidationError, match="frozen"):
            record.key = "other"
        with pytest.raises(ValidationError, match="Extra inputs"):
            type(record).model_validate(record.model_dump() | {"more": 1})


def test_no_file_is_no_manifest_and_another_file_an_error(tmp_path):
    path = tmp_path / "manifest.json"
    assert read_manifest(path) is None
    path.write_text("{}")
    with pytest.raises(ArtifactError) as error:
        read_manifest(path)
    assert str(error.value) == f"{path}: not a manifest of this version; write it anew with `distillab verify --write`"


@pytest.fixture
def files(tmp_path):
    """A file to sign and a public key."""
    (tmp_path / "m.json").write_text("text")
    (tmp_path / "k.pub").write_text("ssh-ed25519 AAAA me\n", encoding="utf-8")
    return tmp_path / "m.json", tmp_path / "k.pub"


@pytest.fixture
def keygen(monkeypatch):
    """Answers in place of OpenSSH; a list of what it was asked."""
    asked = []

    def answering(code, out=b"", err=b""):
        def run(command, *, input, capture_output, check):  # noqa: A002 - as subprocess calls it
            signers = [path for path in command if path.endswith("signers")]
            text = [open(path, encoding="utf-8").read() for path in signers]  # noqa: PTH123, SIM115 - one line
            asked.append((command, input, capture_output, check, text))
            return SimpleNamespace(returncode=code, stdout=out, stderr=err)

        monkeypatch.setattr(signature.subprocess, "run", run)
        return asked

    return answering


def test_a_signature_is_made_by_openssh(files, keygen):
    path, _ = files
    asked = keygen(0, out=b"SIGNATURE")
    sign(path, path.with_name("k"))
    assert signature_path(path).read_bytes() == b"SIGNATURE"
    assert signature_path(path).name == "m.json.sig"
    key = str(path.with_name("k"))
    assert asked == [(["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", "distillab"], b"text", True, False, [])]


def test_a_key_that_cannot_sign_is_told_with_what_openssh_said(files, keygen):
    path, _ = files
    keygen(255, err=b"bad \xff key")
    with pytest.raises(SpecError) as error:
        sign(path, path.with_name("k"))
    assert str(error.value) == f"{path.with_name('k')}: cannot sign with this key; got bad � key"
    assert not signature_path(path).exists()


def test_a_signature_is_checked_by_openssh_for_one_signer(files, keygen):
    path, public = files
    signature_path(path).write_text("SIGNATURE")
    asked = keygen(0)
    check_signature(path, public)
    ((command, given, captured, check, text),) = asked
    signers = command[4]
    assert command == [
        "ssh-keygen", "-Y", "verify", "-f", signers, "-I", "distillab", "-s", str(signature_path(path)),
        "-n", "distillab",
    ]  # fmt: skip
    assert (given, captured, check, text) == (b"text", True, False, ["distillab ssh-ed25519 AAAA me\n"])


def test_what_is_not_signed_is_told(files, keygen):
    path, public = files
    keygen(1)
    with pytest.raises(ArtifactError) as error:
        check_signature(path, public)
    assert str(error.value) == f"{path}: not signed; expected {path}.sig"
    signature_path(path).write_text("SIGNATURE")
    with pytest.raises(ArtifactError) as error:
        check_signature(path, public)
    assert str(error.value) == f"{path}: not signed by this key, or changed since; expected {public}"
    public.unlink()
    with pytest.raises(SpecError) as error:
        check_signature(path, public)
    assert str(error.value) == f"{public}: no such key; expected an OpenSSH public key"


def test_a_signed_file_that_is_gone_is_told_as_itself(files):
    path, public = files
    signature_path(path).write_text("SIGNATURE")
    path.unlink()
    with pytest.raises(ArtifactError, match=r"m\.json: cannot be read; got No such file"):
        check_signature(path, public)


def test_without_openssh_it_is_told(files, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SpecError) as error:
        sign(files[0], files[1])
    assert str(error.value) == "ssh-keygen: signatures need OpenSSH; install it, or leave the key out"
