"""From files to what tables see: identities of models, labels and answers by split, per-example frames."""

import shutil

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from distillab.core.errors import ArtifactError
from distillab.core.identity import ModelIdentity
from distillab.core.job import Member, Plan
from distillab.core.workspace import Product, Workspace
from distillab.tables.results import Results

TAUGHT = {"defense": "ce", "teacher": "ce-wide"}
STEP = {"role": "chain", "seed": 7}
MODELS = {
    "ce-wide-s7": ("teach", ModelIdentity(role="teacher", arch="wide", seed=7, defense="ce"), {}),
    "ls0.1-thin-s7": ("baseline", ModelIdentity(role="ls_student", arch="thin", seed=7, label_smoothing=0.1), {}),
    "ce-wide--kd_trial3-thin-s7": (
        "knockoff", ModelIdentity(role="knockoff", arch="thin", seed=7, **TAUGHT, attack="kd", trial=3),
        {"teacher": "ce-wide-s7"},
    ),
    "dd-T20-step0-s7-labels": ("distill", None, {"model": "ce-wide-s7"}),
    "dd-T20-step1-s7": (
        "distill", ModelIdentity(**STEP, **TAUGHT, arch="wide", chain="dd", temperature=20.0, step=1),
        {"soft_labels": "dd-T20-step0-s7-labels"},
    ),
    "dd-T20-step1-s7-labels": ("distill", None, {"model": "dd-T20-step1-s7"}),
    "dd-T20-step2-s7": (
        "distill", ModelIdentity(**STEP, **TAUGHT, arch="thin", chain="dd", temperature=20.0, step=2),
        {"soft_labels": "dd-T20-step1-s7-labels"},
    ),
    "own-T2-step0-s7": ("distill", ModelIdentity(**STEP, arch="thin", chain="own", temperature=2.0, step=0), {}),
}  # fmt: skip
"""Id to stage, identity and parents, as plans have them."""

NETWORKS = [name for name, (_, model, _) in MODELS.items() if model]

TRAIN_Y, TEST_Y = np.array([5, 6, 7, 8, 9, 4]), np.array([3, 1, 2, 0])
SPLIT = {"train": np.array([4, 0, 2]), "val": np.array([5, 1]), "test": np.array([2, 0, 3])}


def member(stage, member_id, *, model=None, parents=None, suffix="safetensors"):
    return Member(
        stage=stage, id=member_id, axes={}, spec={}, seed=7, parents=parents or {}, code="c",
        key=f"{abs(hash((stage, member_id))):032x}"[:32], path=f"results/t/{member_id}.{suffix}", model=model,
    )  # fmt: skip


def tensors(**arrays):
    return lambda _member, _workspace, entry: save_file(arrays, entry.payload) or Product("cpu")


def table(frame, **results):
    def make(_member, _workspace, entry):
        frame.to_parquet(entry.payload)
        return Product("cpu", results)

    return make


ATTACKED = pd.DataFrame({"id": [4, 9, 2], "correct": [True, False, True], "distance": [0.25, 0.5, np.inf]})
MAKERS = {
    "data-images": tensors(train_y=TRAIN_Y, test_y=TEST_Y),
    "data-split": tensors(**SPLIT),
    "ce-wide-s7-measure": tensors(val=np.float32([[1, 2]]), test=np.float32([[3, 4]])),
    "own-T2-step0-s7-measure": tensors(val=np.float32([[5, 6]]), test=np.float32([[7, 8]])),
    "ce-wide-s7-pgd": table(ATTACKED),
    "own-T2-step0-s7-pgd": table(ATTACKED.assign(distance=[1.0, 2.0, 3.0])),
    "ce-wide-s7-ibp": table(pd.DataFrame({"certified": [True, False]})),
    "ce-wide-s7-crown": table(pd.DataFrame({"certified": [False, False]})),
    "ce-wide-s7-sensitivity": table(pd.DataFrame({"amplitude": [1.5]})),
    "dd-T20-step1-s7-sensitivity": table(pd.DataFrame({"amplitude": [2.5]})),
}
STAGES = {"images": "prepare", "split": "prepare", "measure": "measure", "pgd": "attack", "sensitivity": "sensitivity"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A plan of eight models, and what was made of some of them."""
    made = [
        member(
            stage := STAGES.get(name.rsplit("-", 1)[1], "certify"), name,
            suffix="safetensors" if stage in {"prepare", "measure"} else "parquet",
        )
        for name in MAKERS
    ]  # fmt: skip
    models = [member(stage, name, model=model, parents=parents) for name, (stage, model, parents) in MODELS.items()]
    members = {each.id: each for each in [*made, *models]}
    plan = Plan(preset="t", params={}, members=members, jobs=(), studies={}, facts={})
    workspace = Workspace(tmp_path_factory.mktemp("project"), plan)
    for each in made:
        workspace.produce(each, MAKERS[each.id])
    return workspace


@pytest.fixture
def results(workspace):
    return Results(workspace)


def test_planned_are_the_networks_in_plan_order_made_or_not(results):
    assert [run.member.id for run in results.planned] == NETWORKS
    assert results.trained == results.runs == []


def test_missing_are_the_members_without_files(results):
    """The one chain learns from answers that never were; tables and pages are none of the inputs."""
    first, of_teacher = "not made", "not made: ce-wide-s7 is missing"
    assert results.missing == {
        "ce-wide-s7": first,
        "ls0.1-thin-s7": first,
        "own-T2-step0-s7": first,
        **dict.fromkeys(set(MODELS) - {"ce-wide-s7", "ls0.1-thin-s7", "own-T2-step0-s7"}, of_teacher),
    }
    assert results.made("ce-wide-s7-measure", "ce-wide-s7-pgd")
    assert not results.made("ce-wide-s7-measure", "ce-wide-s7")


def test_without_data_there_are_no_labels(workspace, tmp_path):
    shutil.copytree(workspace.root / "results", tmp_path / "results")
    (tmp_path / "results" / "t" / "data-split.safetensors").unlink()
    found = Results(Workspace(tmp_path, workspace.plan))
    assert {split: len(labels) for split, labels in found.labels.items()} == {"train": 0, "val": 0, "test": 0}
    assert not found.answered("ce-wide-s7")
    assert Results(workspace).answered("ce-wide-s7")


def test_a_network_is_shown_with_its_answers_and_listed_with_its_weights(made_up):
    found = made_up(("ce", "nt"))
    teachers = [found.teacher(defense, seed=seed) for defense in ("ce", "nt") for seed in (0, 1)]
    found.missing = {"ce-wide-s1": "killed", "nt-wide-s0-measure": "killed"}
    found.forget()
    assert found.planned == teachers
    assert found.trained == [teachers[0], *teachers[2:]]
    assert found.runs == [teachers[0], teachers[3]]
    assert found.run_of("ce-wide-s1") is found.planned[1]


def test_members_are_those_there_and_planned_members_all(made_up):
    found = made_up(("ce",))
    for name in ("one", "two", "three"):
        found.make("attack", name)
    found.missing = {"two": "killed"}
    assert [each.id for each in found.members("attack")] == ["one", "three"]
    assert [each.id for each in found.planned_members("attack")] == ["one", "two", "three"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_is_found_by_the_id_of_its_weights(results, name):
    run = results.run_of(name)
    assert (run.member.id, f"{run.model}-s{run.seed}") == (name, name)


def test_labels_follow_the_index_of_their_split_in_its_order(results):
    assert {split: labels.tolist() for split, labels in results.labels.items()} == {
        "train": [9, 5, 7], "val": [4, 6], "test": [2, 3, 0],
    }  # fmt: skip


def test_a_model_is_asked_for_its_own_answers_once(results):
    assert results.log_probs("ce-wide-s7", "test").tolist() == [[3, 4]]
    assert results.log_probs("own-T2-step0-s7", "val").tolist() == [[5, 6]]
    assert results.log_probs("ce-wide-s7", "val") is results.log_probs("ce-wide-s7", "val")


def test_members_of_a_stage_are_found_in_plan_order(results):
    assert [each.id for each in results.members("certify")] == ["ce-wide-s7-ibp", "ce-wide-s7-crown"]
    assert [each.id for each in results.members("attack")] == ["ce-wide-s7-pgd", "own-T2-step0-s7-pgd"]


def test_a_distance_is_that_of_an_image_classified_correctly(results):
    first, second = results.members("attack")
    assert results.attacked(first)["distance"].tolist() == [0.25, np.inf, np.inf]
    assert results.attacked(second)["distance"].tolist() == [1.0, np.inf, 3.0]
    assert results.attacked(first)[["id", "correct"]].equals(ATTACKED[["id", "correct"]])
    assert results.attacked(first) is results.attacked(first)


def test_certificates_and_sensitivities_are_the_members_own(results):
    assert [results.certified(each)["certified"].sum() for each in results.members("certify")] == [1, 0]
    assert [results.sensitivity(each)["amplitude"].item() for each in results.members("sensitivity")] == [1.5, 2.5]


def test_queries_are_what_the_knockoffs_sidecar_counted(made_up):
    found = made_up(("ce",))
    first, second = (found.knockoff(key, found.teacher("ce"), queries=n) for key, n in (("kd", 14), ("rkd", 28)))
    assert (found.queries(first), found.queries(second)) == (14, 28)


def test_a_sidecar_is_that_of_the_member(results):
    assert results.sidecar("ce-wide-s7-ibp").id == "ce-wide-s7-ibp"


@pytest.mark.parametrize(
    ("damaged", "ask"),
    [
        ("data-images.safetensors", lambda results: results.labels),
        ("data-split.safetensors", lambda results: results.labels),
        ("ce-wide-s7-measure.safetensors", lambda results: results.log_probs("ce-wide-s7", "val")),
        ("ce-wide-s7-pgd.parquet", lambda results: results.attacked(results.members("attack")[0])),
        ("ce-wide-s7-ibp.parquet", lambda results: results.certified(results.members("certify")[0])),
        ("ce-wide-s7-sensitivity.parquet", lambda results: results.sensitivity(results.members("sensitivity")[0])),
    ],
)
def test_nothing_is_read_from_a_damaged_file(workspace, tmp_path, damaged, ask):
    shutil.copytree(workspace.root / "results", tmp_path / "results")
    path = tmp_path / "results" / "t" / damaged
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{damaged}: edited or foreign"):
        ask(Results(Workspace(tmp_path, workspace.plan)))
