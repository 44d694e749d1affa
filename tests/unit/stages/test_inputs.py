"""From raw files through the store to batches: what the first stage writes is what the others read."""

import io

import pytest
import torch
from PIL import Image

from distillab.core.errors import SpecError
from distillab.core.job import Member, Plan
from distillab.core.payloads import load_tensors
from distillab.core.workspace import Workspace
from distillab.data.digits import DigitsSpec
from distillab.data.imagenet import ImageNetSpec
from distillab.stages import prepare
from distillab.stages.inputs import device_for, images_of, prepared_data


def member(part):
    return Member(stage="prepare", id=part, axes={"part": part}, spec={"part": part}, seed=0, parents={}, code="c",
                  key=f"{part:0<32}", path=f"results/t/data/{part}.safetensors")  # fmt: skip


PARENTS = {"images": "images", "split": "split"}
USER = Member(
    stage="teach", id="user", axes={}, spec={}, seed=0, parents=PARENTS, code="c", key="u", path="results/t/u.x"
)


@pytest.fixture
def prepared(tmp_path):
    """Prepare a data set in a project of its own; return what a stage sees, and the workspace."""

    def run(spec, device="cpu"):
        members = {name: member(name) for name in ("images", "split")} | {"user": USER}
        plan = Plan(
            preset="t",
            params={"data": spec.plain(), "device": device},
            members=members,
            shapes=(),
            studies={},
            facts={},
        )
        workspace = Workspace(tmp_path, plan)
        for name in ("images", "split"):
            workspace.produce(members[name], prepare.make)
        return prepared_data(USER, workspace, torch.device("cpu")), workspace

    return run


@pytest.fixture
def folder(tmp_path):
    """An ImageNet of two classes, one gray level per image."""
    for split, count in (("train", 6), ("val", 3)):
        for label, class_name in enumerate(("n01", "n02")):
            for number in range(count):
                path = tmp_path / "raw" / "imagenet" / split / class_name / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                buffer = io.BytesIO()
                Image.new("RGB", (12, 12), (100 * label + 10 * number,) * 3).save(buffer, "PNG")
                path.write_bytes(buffer.getvalue())
    return tmp_path / "raw"


def test_images_in_memory_come_back_as_they_were_read(prepared):
    spec = DigitsSpec(val=10)
    data, _workspace = prepared(spec)
    raw = spec.read()
    assert (data.domain.shape, data.domain.classes) == (spec.facts.shape, spec.facts.classes)
    assert len(data.split.val) == 10
    index = data.split.train[:20]
    x, y = images_of(data.train, index)
    assert torch.equal(x, raw.train_x[index].float() / raw.levels)
    assert torch.equal(y, raw.train_y[index])
    x, y = images_of(data.test, data.split.test)
    assert torch.equal(y, raw.test_y[data.split.test])
    assert data.domain.mean[0] == pytest.approx(
        images_of(data.train, data.split.train)[0][:, 0].double().mean().item(), abs=1e-6
    )


def test_images_on_disk_are_found_again(prepared, folder):
    data, workspace = prepared(ImageNetSpec(root=str(folder), classes=2, size=8, val=2, workers=0))
    assert (len(data.train), len(data.test), len(data.split.val)) == (12, 6, 2)
    x, y = images_of(data.test, data.split.test)
    gray = [100 * label + 10 * number for label in range(2) for number in range(3)]
    assert torch.equal(x[:, 0, 0, 0], torch.tensor(gray) / 255)
    assert y.tolist() == [0, 0, 0, 1, 1, 1]
    stored = workspace.loaded("images", load_tensors)
    assert "train_x" not in stored
    assert str(folder) not in bytes(stored["train_names"].tolist()).decode()


def test_a_gpu_that_is_not_there_is_one_line(prepared):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    _data, workspace = prepared(DigitsSpec(), device="cuda")
    with pytest.raises(SpecError, match="device: no GPU; expected a CUDA device; got none; use device: auto or cpu"):
        device_for(USER, workspace)


def test_a_device_comes_with_the_members_threads(prepared):
    _data, workspace = prepared(DigitsSpec())
    before = torch.get_num_threads()
    try:
        assert device_for(USER.model_copy(update={"threads": 2}), workspace) == torch.device("cpu")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
