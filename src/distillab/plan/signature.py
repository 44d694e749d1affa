"""Signatures of manifests, made and checked by OpenSSH: the keys that people have already."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.files import write_bytes

_NAME = "distillab"
"""Namespace of the signatures, and the one signer whose key is given."""


def signature_path(path: Path) -> Path:
    """Where the signature of ``path`` is."""
    return path.with_name(f"{path.name}.sig")


def sign(path: Path, private: Path) -> None:
    """Sign ``path`` with an OpenSSH private key, or with a public one whose private key an agent holds.

    Raises:
        SpecError: the key cannot sign, or there is no OpenSSH.
        ArtifactError: the file cannot be read.
    """
    done = _ssh_keygen(["sign", "-q", "-f", str(private)], path)
    if done.returncode:
        raise SpecError("cannot sign with this key", where=str(private), got=done.stderr.decode(errors="replace"))
    write_bytes(signature_path(path), done.stdout)


def check_signature(path: Path, public: Path) -> None:
    """Check that the signature beside ``path`` was made by the owner of an OpenSSH public key.

    Raises:
        SpecError: there is no such key, or no OpenSSH.
        ArtifactError: there is no signature, or it is of another file or by another key.
    """
    signature = signature_path(path)
    if not signature.is_file():
        raise ArtifactError("not signed", where=str(path), expected=str(signature))
    if not public.is_file():
        raise SpecError("no such key", where=str(public), expected="an OpenSSH public key")
    with TemporaryDirectory() as folder:
        signers = Path(folder) / "signers"
        signers.write_text(f"{_NAME} {public.read_text(encoding='utf-8').strip()}\n", encoding="utf-8")
        done = _ssh_keygen(["verify", "-f", str(signers), "-I", _NAME, "-s", str(signature)], path)
    if done.returncode:
        raise ArtifactError("not signed by this key, or changed since", where=str(path), expected=str(public))


def _ssh_keygen(arguments: list[str], path: Path) -> "subprocess.CompletedProcess[bytes]":
    command = ["ssh-keygen", "-Y", *arguments, "-n", _NAME]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError("cannot be read", where=str(path), got=error.strerror or "") from error
    try:
        return subprocess.run(command, input=content, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise SpecError("signatures need OpenSSH", where="ssh-keygen", do="install it, or leave the key out") from error
