"""``record --bundle`` and ``verify FILE``: options, exit codes, and the one line that each says."""

import hashlib
from pathlib import Path

import pytest

from distillab.cli import main
from distillab.core.errors import ArtifactError
from distillab.plan.bundle import Bundle, BundledFile

BUNDLE = Bundle(
    preset="tiny", title="Digits", commit="abc", date="2026-11-29", environments=(), distillab="0.1.0",
    files={"a": BundledFile(bytes=1, sha256="s")},
)  # fmt: skip


@pytest.fixture
def run(capsys):
    """Run a command: exit code, output, errors."""

    def run(*arguments):
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def signed(monkeypatch):
    """What was asked of signatures."""
    asked = []
    for name in ("check_signature", "sign"):
        monkeypatch.setattr(f"distillab.plan.signature.{name}", lambda *given, name=name: asked.append((name, *given)))
    return asked


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """A file, and the faults that are found in it."""
    path, faults = tmp_path / "run.zip", []
    path.write_bytes(b"zip")
    monkeypatch.setattr("distillab.plan.unbundle.read_bundle", lambda given: (BUNDLE, {"path": given}))
    monkeypatch.setattr("distillab.plan.unbundle.faults_of", lambda *_given: iter(faults))
    return path, faults


def test_a_bundle_is_verified_anywhere(bundle, run, signed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, faults = bundle
    digest = hashlib.sha256(b"zip").hexdigest()
    line = (
        f"{path}: 1 files of preset tiny (Digits) are what the bundle says, their tables of its parameters and of its "
        f"run's manifest; made 2026-11-29 by distillab 0.1.0 at abc; sha256 {digest}\n"
    )
    assert run("verify", str(path)) == (0, line, "")
    assert run("verify", str(path), "--key", "k.pub") == (0, line, "")
    assert signed == [("check_signature", path, Path("k.pub"))]
    faults += ["a: edited", "b\x1b[2J: missing"]
    code, out, err = run("verify", str(path))
    assert (code, out.splitlines()[0], err) == (3, "a: edited", "")
    assert "\x1b" not in out


@pytest.mark.parametrize("option", [("--write",), ("--write", "--sign", "k")])
def test_a_bundle_is_not_written_by_verify(bundle, run, option):
    code, out, err = run("verify", str(bundle[0]), *option)
    assert (code, out) == (2, "")
    assert err.startswith("distillab: --write: a bundle is not written here; give `distillab record --bundle")


def test_a_file_that_is_not_there_is_told(run, tmp_path):
    path = tmp_path / "none.zip"
    assert run("verify", str(path)) == (3, "", f"distillab: {path}: no such file\n")


def test_a_proved_run_is_written_and_signed(project, run, signed, monkeypatch):
    written = []

    def write(path, root, plan):
        written.append((path, root, plan.preset))
        path.write_bytes(b"zip")
        return BUNDLE

    monkeypatch.setattr("distillab.plan.bundle.write_bundle", write)
    digest = hashlib.sha256(b"zip").hexdigest()
    line = f"run.zip: 1 files of preset tiny, sha256 {digest}\n"
    assert run("record", "--bundle", "run.zip") == (0, line, "")
    assert run("record", "--bundle", "run.zip", "--sign", "key") == (0, line, "")
    assert written == [(Path("run.zip"), Path(), "tiny")] * 2
    assert signed == [("sign", Path("run.zip"), Path("key"))]
    assert not (project / "reports" / "recorded").exists()


def test_a_run_that_is_not_proved_is_not_bundled(project, run, monkeypatch):
    def write(*_given):
        raise ArtifactError("x: missing", where="the run is not proved")

    monkeypatch.setattr("distillab.plan.bundle.write_bundle", write)
    assert run("record", "--bundle", "run.zip") == (3, "", "distillab: the run is not proved: x: missing\n")


def test_only_a_bundle_is_signed(project, run):
    said = "distillab: --sign: only a bundle is signed; give --bundle FILE, too\n"
    assert run("record", "--sign", "key") == (2, "", said)
