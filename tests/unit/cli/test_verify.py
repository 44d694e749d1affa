"""``distillab verify``: what it asks and writes, its exit code, and the one line it says."""

from pathlib import Path

import pytest

from distillab.cli import main
from distillab.cli.main import parser
from distillab.core.sidecar import Payload, Sidecar
from distillab.plan.manifest import manifest_of, read_manifest
from distillab.plan.verify import Proof

SIDECAR = Sidecar(
    stage="teach", id="x", key="k", spec={}, code="c", parents={}, payload=Payload(bytes=1, blake2b="b"), environment={}
)
PROVED = "1,200 files of preset tiny are what their sidecars say, made from the parents that are there"


@pytest.fixture
def found(project, monkeypatch):
    """What the project is found to be: a proof to set, and what was asked of its signature."""

    class Found:
        proof = Proof({f"results/{i}": SIDECAR for i in range(1200)}, ())
        differs = ()
        asked = []  # noqa: RUF012 - one per test
        plan = None

    Found.asked = []

    def prove(root, plan):
        assert root == Path()
        Found.plan = plan
        return Found.proof

    def compare(plan, proof, manifest):
        assert (plan, proof, manifest.preset) == (Found.plan, Found.proof, "tiny")
        return iter(Found.differs)

    monkeypatch.setattr("distillab.plan.verify.prove", prove)
    monkeypatch.setattr("distillab.plan.verify.compare", compare)
    for name in ("check_signature", "sign"):
        monkeypatch.setattr(
            f"distillab.plan.signature.{name}", lambda *given, name=name: Found.asked.append((name, *given))
        )
    return Found


@pytest.fixture
def verify(capsys):
    """Run the command: exit code, output, errors."""

    def run(*arguments):
        code = main(["verify", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


PATH = Path("results/tiny/manifest.json")


def test_options_and_their_types():
    options = parser().parse_args(["verify", "digits", "--write", "--sign", "k", "--key", "k.pub"])
    assert (options.preset, options.write, options.sign, options.key) == ("digits", True, Path("k"), Path("k.pub"))
    options = parser().parse_args(["verify"])
    assert (options.preset, options.write, options.sign, options.key) == (None, False, None, None)


def test_a_proved_run_without_a_manifest(found, verify):
    assert verify() == (0, f"{PROVED}; no manifest: `distillab verify --write` makes one\n", "")
    assert not PATH.exists()
    assert found.asked == []


def test_a_manifest_is_written_and_then_compared_with(found, verify):
    assert verify("--write") == (0, f"{PROVED}; written to {PATH}\n", "")
    assert read_manifest(PATH) == manifest_of(found.plan, found.proof.sidecars)
    assert verify() == (0, f"{PROVED}, all as in {PATH}\n", "")
    assert found.asked == []
    found.differs = ("results/1: another", "results/2: another")
    assert verify() == (3, "results/1: another\nresults/2: another\n", "")
    assert verify("--write")[0] == 0  # written anew, whatever the old one says


def test_a_run_that_never_was_is_one_line(project, verify):
    said = "distillab: results/tiny: nothing of preset tiny is made yet; run snakemake first\n"
    assert verify() == (3, "", said)


def test_faults_are_told_and_get_no_manifest(found, verify, project):
    (project / "results/tiny/data").mkdir(parents=True)
    (project / "results/tiny/data/images.safetensors").touch()
    found.proof = Proof({}, ("results/1: damaged",))
    for arguments in ((), ("--write",), ("--write", "--sign", "k")):
        assert verify(*arguments) == (3, "results/1: damaged\n", "")
    assert not PATH.exists()
    assert found.asked == []


def test_a_manifest_is_signed_when_it_is_written_and_checked_when_asked(found, verify):
    assert verify("--write", "--sign", "k")[0] == 0
    assert verify("--key", "k.pub")[0] == 0
    assert found.asked == [("sign", PATH, Path("k")), ("check_signature", PATH, Path("k.pub"))]


def test_only_what_is_written_is_signed(found, verify):
    said = "distillab: --sign: only a manifest that is being written is signed; give --write, too\n"
    assert verify("--sign", "k") == (2, "", said)
    assert found.asked == []


def test_another_preset_is_verified_under_its_name(found, verify, project):
    (project / "config" / "twin.yaml").write_text((project / "config" / "tiny.yaml").read_text())
    code, out, _ = verify("twin")
    assert (code, found.plan.preset) == (0, "twin")
    assert out.startswith("1,200 files of preset twin are ")
