"""A signature is of these bytes and by this key, or it is refused in one line."""

import shutil
import subprocess

import pytest

from distillab.core.errors import ArtifactError, SpecError
from distillab.plan.signature import check_signature, sign, signature_path

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="signatures need OpenSSH")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two private keys; their public ones lie beside them."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return folder


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text('{"payloads": {}}\n')
    return path


def test_what_was_signed_is_accepted_and_signed_again(keys, manifest):
    for content in ("first", "second"):
        manifest.write_text(content)
        sign(manifest, keys / "ours")
        check_signature(manifest, keys / "ours.pub")


def test_another_file_and_another_key_are_refused(keys, manifest):
    sign(manifest, keys / "ours")
    with pytest.raises(ArtifactError, match="not signed by this key, or changed since"):
        check_signature(manifest, keys / "theirs.pub")
    manifest.write_text("edited")
    with pytest.raises(ArtifactError, match="not signed by this key, or changed since"):
        check_signature(manifest, keys / "ours.pub")


def test_a_signature_by_another_key_is_no_signature_by_ours(keys, manifest):
    sign(manifest, keys / "theirs")
    with pytest.raises(ArtifactError, match="not signed by this key"):
        check_signature(manifest, keys / "ours.pub")


def test_what_is_missing_is_named(keys, manifest, tmp_path):
    with pytest.raises(ArtifactError, match=r"not signed; expected .*manifest\.json\.sig"):
        check_signature(manifest, keys / "ours.pub")
    sign(manifest, keys / "ours")
    with pytest.raises(SpecError, match="no such key"):
        check_signature(manifest, tmp_path / "absent.pub")
    with pytest.raises(SpecError, match="cannot sign with this key") as error:
        sign(manifest, tmp_path / "absent")
    assert "\n" not in str(error.value)


def test_a_failed_signing_leaves_the_old_signature(keys, manifest, tmp_path):
    sign(manifest, keys / "ours")
    before = signature_path(manifest).read_bytes()
    with pytest.raises(SpecError):
        sign(manifest, tmp_path / "absent")
    assert signature_path(manifest).read_bytes() == before


def test_without_openssh_there_is_one_line(keys, manifest, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpecError, match="signatures need OpenSSH"):
        sign(manifest, keys / "ours")
