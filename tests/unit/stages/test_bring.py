"""Networks from elsewhere as members: each form of a trained teacher answers, and is robbed, as the teacher is."""

import pytest
import torch
from small_project import EPOCHS
from twins import FORMS, ORIGINAL, project_with_twins, teacher

from distillab.core.errors import ArtifactError
from distillab.stages import bring


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield project_with_twins(folder)


@pytest.mark.parametrize("key", FORMS)
def test_a_twin_answers_as_its_original(twins, key):
    ours, theirs = (twins.made(f"{name}-measure").tensors for name in (teacher(key), f"{ORIGINAL}-s0"))
    assert torch.equal(ours["test.predicted"], theirs["test.predicted"])
    assert torch.allclose(ours["test"].exp(), theirs["test"].exp(), atol=1e-6)


@pytest.mark.parametrize("key", FORMS)
def test_there_is_one_of_it_and_it_was_not_trained(twins, key):
    ids = [member.id for member in twins.members("teach") if member.model.defense == key]
    assert ids == [teacher(key)]
    assert twins.made(teacher(key)).product.results["history"] == []


@pytest.mark.parametrize("key", FORMS)
def test_thieves_of_every_seed_learn_from_the_one(twins, key):
    name = teacher(key).removesuffix("-s0")
    robbed = [member for member in twins.members("knockoff") if member.model.teacher == name]
    assert {member.seed for member in robbed} == {0, 1}
    assert {member.parents["teacher"] for member in robbed} == {teacher(key)}
    ours, theirs = (twins.made(f"{which}--kd-cnn_digits-s0") for which in (name, ORIGINAL))
    assert len(ours.product.results["history"]) == EPOCHS
    drift = 0.05 if key == "onnx" else 1e-4  # other kernels, whose last bits Adam's first steps enlarge
    assert all(torch.allclose(ours.tensors[each], theirs.tensors[each], atol=drift) for each in theirs.tensors)


def test_a_file_that_changed_after_the_plan_is_refused(twins, tmp_path):
    member = twins.member(teacher("onnx"))
    old = member.model_copy(update={"spec": member.spec | {"content": "0" * 64}})
    with pytest.raises(ArtifactError, match="changed since the run was planned"):
        bring.make(old, twins.workspace, None)
