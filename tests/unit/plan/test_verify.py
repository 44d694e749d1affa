"""A finished run is proved file by file; a forgery that fits its own sidecar does not fit the manifest."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from distillab.cli import main
from distillab.core.sidecar import Parent, Sidecar, payload_of, read_sidecar, sidecar_path, write_sidecar
from distillab.core.workspace import Workspace
from distillab.plan.build import build_plan
from distillab.plan.manifest import manifest_of, manifest_path
from distillab.plan.prune import orphans
from distillab.plan.verify import compare, prove

REPOSITORY = Path(__file__).parents[3]
LIGHT = {"seeds": [0], "robustness": {"attacks": {"cw_l2": None}}}
KINDS = {
    "model": "ls-cnn_digits-s0",
    "knockoff": "ls-cnn_digits--kd-cnn_digits-s0",
    "measure": "ls-cnn_digits-s0-measure",
    "attack": "ls-cnn_digits-s0-pgd_linf",
    "table": "tables/undistillable/models.parquet",
    "metrics": "metrics.json",
    "page": "report-index",
}
"""Kind of file to a member that is one."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run whose payloads are bytes that stand for the real ones: its root and its plan."""
    root = tmp_path_factory.mktemp("finished")
    for folder in ("config", "reports"):
        (root / folder).symlink_to(REPOSITORY / folder)
    (root / "params.yaml").write_text(json.dumps({"preset": "tiny", "override": LIGHT}))
    plan, made = build_plan(root), {}
    for member in plan.members.values():
        made[member.id] = Parent(key=member.key, blake2b="0" * 64)
        if member.path:
            write(root, plan, member, made)
            made[member.id] = Parent(key=member.key, blake2b=payload_of(root / member.path).blake2b)
    return root, plan


@pytest.fixture
def run(finished, tmp_path):
    """The same run elsewhere, to change at will."""
    shutil.copytree(finished[0], tmp_path / "project", symlinks=True)
    return tmp_path / "project", finished[1]


def lineage(root, plan):
    return Workspace(root, plan).lineage


def write(root, plan, member, made):
    path = root / member.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(member.id.encode())
    parents = {role: made[parent.id] for role, parent in lineage(root, plan).parents(member)}
    write_sidecar(path, Sidecar(stage=member.stage, id=member.id, key=member.key, spec=member.spec, code=member.code,
                                parents=parents, payload=payload_of(path), environment={}))  # fmt: skip


def children(root, plan, member_id):
    """Members in the project with the role that the given one has in them; through stored-only ones, too."""
    return [
        (child, role)
        for child in plan.members.values()
        for role, parent in lineage(root, plan).parents(child)
        if parent.id == member_id and child.path
    ]


def forge(root, plan, member_id, *, thorough):
    """Another payload with a sidecar and a digest that fit; ``thorough``: in all its children's sidecars, too."""
    path = root / plan.members[member_id].path
    path.write_bytes(b"forged")
    write_sidecar(path, read_sidecar(path).model_copy(update={"payload": payload_of(path)}))
    for child, role in children(root, plan, member_id) if thorough else ():
        sidecar = read_sidecar(root / child.path)
        parents = sidecar.parents | {role: read_sidecar(path).as_parent}
        write_sidecar(root / child.path, sidecar.model_copy(update={"parents": parents}))


def faults(root, plan, manifest=None):
    proof = prove(root, plan)
    return [*proof.faults, *(compare(plan, proof, manifest) if manifest else ())]


def test_every_declared_payload_of_a_good_run_is_proved(run):
    root, plan = run
    proof = prove(root, plan)
    assert proof.faults == ()
    assert proof.sidecars.keys() == {member.path for member in plan.members.values() if member.path}
    assert faults(root, plan, manifest_of(plan, proof.sidecars)) == []


def test_the_members_of_this_test_are_in_the_plan(run):
    _, plan = run
    assert set(KINDS.values()) <= plan.members.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_every_kind_of_file_is_one_line(run, kind):
    root, plan = run
    path = root / plan.members[KINDS[kind]].path
    whole = path.read_bytes()
    for content, says in ((whole[:-1], "truncated or edited"), (whole[:-1] + b"!", "edited or foreign")):
        path.write_bytes(content)
        (line,) = faults(root, plan)
        assert line.startswith(f"{path}: {says}")
    path.unlink()
    assert [line for line in faults(root, plan) if line.startswith(f"{path}: missing")]
    path.write_bytes(whole)
    sidecar_path(path).unlink()
    assert [line for line in faults(root, plan) if line.startswith(f"{path}: no sidecar")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_consistent_forgery_is_caught_by_its_children_or_by_the_manifest(run, kind):
    root, plan = run
    manifest = manifest_of(plan, prove(root, plan).sidecars)
    forged = plan.members[KINDS[kind]]
    forge(root, plan, forged.id, thorough=True)
    assert faults(root, plan) == [], "this one fits everything in the project"
    lines = faults(root, plan, manifest)
    assert [line.partition(" ")[2].partition(" ")[0] for line in lines if line.startswith(f"{forged.path}: ")] == [
        "payload", "sidecar",
    ]  # fmt: skip
    assert len(lines) == 2 + len({child.id for child, _ in children(root, plan, forged.id)})


@pytest.mark.parametrize("kind", ["model", "measure", "attack", "table"])
def test_a_forgery_that_forgets_the_children_needs_no_manifest(run, kind):
    root, plan = run
    forged = plan.members[KINDS[kind]]
    forge(root, plan, forged.id, thorough=False)
    lines = faults(root, plan)
    assert children(root, plan, forged.id)
    for child, _ in children(root, plan, forged.id):
        assert any(line.startswith(f"{child.path}: its parent was replaced: {forged.path} is") for line in lines)


def test_forged_results_with_a_digest_that_fits_are_caught_by_the_manifest(run):
    root, plan = run
    manifest = manifest_of(plan, prove(root, plan).sidecars)
    path = root / plan.members[KINDS["model"]].path
    write_sidecar(path, read_sidecar(path).model_copy(update={"results": {"queries": 0}}))
    (line,) = faults(root, plan, manifest)
    assert line.startswith(f"{plan.members[KINDS['model']].path}: sidecar ")


@pytest.mark.parametrize(("name", "value"), [("spec", {"eps": 9}), ("code", "0"), ("id", "x"), ("stage", "x")])
def test_a_sidecar_says_of_its_payload_what_the_plan_does(run, name, value):
    root, plan = run
    path = root / plan.members[KINDS["page"]].path
    write_sidecar(path, read_sidecar(path).model_copy(update={name: value}))
    assert faults(root, plan) == [f"{plan.members[KINDS['page']].path}: its sidecar names another {name} than the plan"]


def test_another_key_is_named(run):
    root, plan = run
    path = root / plan.members[KINDS["page"]].path
    write_sidecar(path, read_sidecar(path).model_copy(update={"key": "0" * 32}))
    (line,) = faults(root, plan)
    assert "was made from other parameters or code" in line


def test_other_parameters_and_other_files_than_the_manifests_are_named(run):
    root, plan = run
    manifest = manifest_of(plan, prove(root, plan).sidecars)
    assert list(compare(plan, prove(root, plan), manifest.model_copy(update={"params": "0" * 64}))) == [
        f"params: {manifest.params[:12]} now, 000000000000 in the manifest"
    ]
    (line,) = compare(plan, prove(root, plan), manifest.model_copy(update={"code": "0" * 64}))
    assert line.startswith("code: ")
    page = plan.members[KINDS["page"]].path
    fewer = {path: entry for path, entry in manifest.payloads.items() if path != page}
    more = manifest.payloads | {"results/tiny/more": manifest.payloads[page]}
    short, long = (manifest.model_copy(update={"payloads": payloads}) for payloads in (fewer, more))
    assert faults(root, plan, short) == [f"{page}: not in the manifest"]
    assert faults(root, plan, long) == ["results/tiny/more: in the manifest, and not in the plan"]


@pytest.fixture
def command(run, monkeypatch, capsys):
    """Runs ``distillab verify`` in the project: exit code and output."""
    root, plan = run
    monkeypatch.chdir(root)

    def verify(*arguments):
        code = main(["verify", *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return root, plan, verify


def test_the_command_counts_writes_and_compares(command):
    root, plan, verify = command
    count = sum(bool(member.path) for member in plan.members.values())
    code, said = verify()
    assert code == 0
    assert said.startswith(f"{count} files of preset tiny are what their sidecars say")
    assert "no manifest: `distillab verify --write` makes one" in said
    assert verify("--write")[0] == 0
    assert verify("tiny") == (0, said.partition(";")[0] + ", all as in results/tiny/manifest.json\n")
    forge(root, plan, KINDS["page"], thorough=True)
    code, said = verify()
    assert (code, len(said.splitlines())) == (3, 2)
    forge(root, plan, KINDS["model"], thorough=False)
    assert verify("--write")[0] == 3, "a run with faults gets no manifest"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="signatures need OpenSSH")
def test_the_command_signs_and_refuses_what_is_not_signed(command):
    root, _, verify = command
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "k"], check=True, stdin=subprocess.DEVNULL)
    assert verify("--sign", "k")[0] == 2, "only what is written is signed"
    assert verify("--write", "--sign", "k")[0] == 0
    assert verify("--key", "k.pub")[0] == 0
    path = manifest_path(root, "tiny")
    path.write_text(path.read_text() + " ")
    code, said = verify("--key", "k.pub")
    assert code == 3
    assert "not signed by this key, or changed since" in said
    assert not list(orphans(root, build_plan(root))), "prune keeps manifest and signature"


def test_the_command_knows_other_presets(command):
    _, _, verify = command
    code, said = verify("digits")
    assert code == 3
    assert said == (
        "distillab: results/digits: nothing of preset digits is made yet; run `distillab use` and snakemake first\n"
    )
    code, said = verify("digit")
    assert code == 2
    assert "no such preset" in said
    assert len(said.splitlines()) == 1
