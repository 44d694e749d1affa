"""From raw files through the store to batches: what the first stage writes is what the others read."""

import io
from dataclasses import replace
from importlib import import_module

import pytest
import torch
from PIL import Image

from distillab.core.errors import SpecError
from distillab.core.fingerprints import content_of
from distillab.core.job import Member, Plan
from distillab.core.payloads import load_tensors
from distillab.core.workspace import FINGERPRINTS, Workspace
from distillab.data.dataset import ResidentImages
from distillab.data.digits import DigitsSpec
from distillab.data.imagenet import ImageNetSpec
from distillab.stages import inputs, prepare
from distillab.stages.inputs import device_for, images_of, looked_at, prepared_data, release_of, trained_network


def member(part, data, content):
    spec = {"part": part, "data": data} | ({"content": content} if content else {})
    return Member(stage="prepare", id=part, axes={"part": part}, spec=spec, seed=0, parents={}, code="c",
                  key=f"{part:0<32}", path=f"results/t/data/{part}.safetensors")  # fmt: skip


PARENTS = {"images": "images", "split": "split"}
USER = Member(
    stage="teach", id="user", axes={}, spec={}, seed=0, parents=PARENTS, code="c", key="u", path="results/t/u.x"
)


@pytest.fixture
def prepared(tmp_path):
    """Prepare a data set in a project of its own; return what a stage sees, and the workspace."""

    def run(spec, device="cpu"):
        content = content_of(spec.own_files(), tmp_path / FINGERPRINTS)
        members = {name: member(name, spec.plain(), content) for name in ("images", "split")} | {"user": USER}
        plan = Plan(
            preset="t",
            params={"device": device},
            members=members,
            jobs=(),
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


def test_images_in_folders_are_looked_at_class_by_class_alike(prepared, folder):
    """They lie class by class: the first so many would be of a few classes."""
    data, _workspace = prepared(ImageNetSpec(root=str(folder), classes=2, size=8, val=2, workers=0))
    seen = [looked_at(data, count) for count in (2, 4, 5)]
    for index in seen:
        assert data.test.y[index].bincount(minlength=2).tolist() in ([len(index) // 2] * 2, [2, 3], [3, 2])
        assert torch.equal(index, index.sort().values)
    assert set(seen[0].tolist()) < set(seen[1].tolist()) < set(seen[2].tolist())
    assert torch.equal(looked_at(data, None), data.split.test)
    assert torch.equal(looked_at(data, 99), data.split.test)


def test_images_in_memory_that_lie_class_by_class_are_looked_at_alike_too(prepared):
    spec = DigitsSpec(val=10)
    data, _workspace = prepared(spec)
    raw = spec.read()
    by_class = raw.test_y.argsort(stable=True)
    data = replace(data, test=ResidentImages(raw.test_x[by_class], raw.test_y[by_class], raw.levels))
    seen = data.test.y[looked_at(data, 50)].bincount(minlength=10)
    assert seen.sum() == 50
    assert seen.min() >= 4


def test_of_images_in_any_order_the_first_so_many_are_looked_at(prepared):
    data, _workspace = prepared(DigitsSpec(val=10))
    assert torch.equal(looked_at(data, 7), data.split.test[:7])
    assert torch.equal(looked_at(data, None), data.split.test)


@pytest.mark.parametrize(
    ("member", "count"),
    [("ce-cnn_digits-s0-fgsm", 12), ("ce-cnn_digits-s0-certify-ibp", 11), ("ta-T1-step0-s1-sensitivity", 9)],
)
def test_whoever_looks_at_some_test_images_looks_at_these(small, monkeypatch, tmp_path, member, count):
    asked, last = [], small.index("test")[-3:]
    module = import_module(f"distillab.stages.{small.member(member).stage}")
    monkeypatch.setattr(module, "looked_at", lambda _data, count: asked.append(count) or last)
    frame = small.remade(small.member(member), tmp_path).frame
    assert asked == [count]
    assert frame.groupby("eps").size().eq(3).all() if "eps" in frame else len(frame) == 3


def test_a_gpu_that_is_not_there_is_one_line(prepared):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    _data, workspace = prepared(DigitsSpec(), device="cuda")
    with pytest.raises(
        SpecError,
        match=r"device: no GPU; expected a CUDA device; got none; .*`override: {device: cpu}`",
    ):
        device_for(USER, workspace)


def test_a_device_comes_with_the_members_threads(prepared):
    _data, workspace = prepared(DigitsSpec())
    before = torch.get_num_threads()
    try:
        assert device_for(USER.model_copy(update={"threads": 2}), workspace) == torch.device("cpu")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("wanted", "there", "kind"), [("auto", True, "cuda"), ("auto", False, "cpu"), ("cpu", True, "cpu")]
)
def test_a_gpu_is_taken_where_there_is_one_and_it_is_not_refused(prepared, monkeypatch, wanted, there, kind):
    _data, workspace = prepared(DigitsSpec(), device=wanted)
    made_repeatable = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(inputs, "use_exact_kernels", lambda: made_repeatable.append(True))
    assert device_for(USER, workspace).type == kind
    assert made_repeatable == [True] * (kind == "cuda")


def test_images_come_in_the_order_of_the_index_however_many_are_read_at_a_time(prepared, monkeypatch):
    data, _workspace = prepared(DigitsSpec(val=10))
    monkeypatch.setattr(inputs, "TOGETHER", 7)
    raw, index = DigitsSpec().read(), torch.tensor([40, 3, 99, 17, 5, 6, 7, 8, 90, 1, 0, 2, 50, 51, 52])
    x, y = images_of(data.train, index)
    assert torch.equal(x, raw.train_x[index].float() / raw.levels)
    assert torch.equal(y, raw.train_y[index])


def test_data_without_images_is_one_line(prepared):
    _data, workspace = prepared(DigitsSpec())
    tensors = {name: t for name, t in workspace.loaded("images", load_tensors).items() if name != "test_x"}
    workspace._loaded["images"] = tensors
    with pytest.raises(SpecError, match="data-images: the prepared data holds no images; run snakemake again"):
        prepared_data(USER, workspace, torch.device("cpu"))


@pytest.mark.parametrize("model", ["ce-cnn_digits-s1", "apgp-cnn_digits-s0", "ta-T4-step2-s1"])
def test_a_trained_network_is_frozen_and_in_the_memory_format_of_its_training(small, model):
    """Chains of the small project are trained channels last, teachers are not; a release is no part of a network."""
    weights = small.weights(model)
    data = prepared_data(small.member(f"{model}-measure"), small.workspace, torch.device("cpu"))
    network = trained_network(model, small.workspace, data, torch.device("cpu"))
    state = network.state_dict()
    assert state.keys() == {name for name in weights if not name.startswith("release.")}
    assert all(torch.equal(tensor, weights[name]) for name, tensor in state.items())
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    last = state["network.3.weight"].is_contiguous(memory_format=torch.channels_last)
    assert last == model.startswith("ta")


@pytest.mark.parametrize("model", ["ce-cnn_digits-s0", "ls0.1-cnn_digits-s0", "nt-cnn_digits--kd-cnn_digits-s0"])
def test_who_defends_no_outputs_releases_them_as_they_are(small, model):
    small.produce(model)
    data = prepared_data(small.member(f"{model}-measure"), small.workspace, torch.device("cpu"))
    log_probs = torch.randn(4, 5).log_softmax(1)
    assert torch.equal(release_of(model, small.workspace, data, torch.device("cpu"))(log_probs, log_probs), log_probs)
