"""Prepared data: stored pixels as they were read, splits that share nothing, statistics of the training split alone."""

import numpy as np
import pytest
import torch
from PIL import Image
from small_project import CLASSES, DATA, TEST, TRAIN, VAL

from distillab.core.errors import ArtifactError
from distillab.core.fingerprints import content_of
from distillab.data import ImageFolderSpec, ImageNetSpec
from distillab.stages import prepare


def split_of(small):
    return {name: index.tolist() for name, index in small.made("data-split").tensors.items()}


def test_splits_are_ascending_disjoint_and_of_the_sizes_asked_for(small):
    split = split_of(small)
    assert {name: len(index) for name, index in split.items()} == {"train": TRAIN, "val": VAL, "test": TEST}
    for index in split.values():
        assert index == sorted(set(index))
    assert not set(split["train"]) & set(split["val"])
    assert max(split["train"] + split["val"]) < 97
    assert max(split["test"]) < 31
    assert small.made("data-split").product.results == {"counts": {"train": TRAIN, "val": VAL, "test": TEST}}


def test_classes_keep_their_share(small):
    """Classes come in turn in the files: no split differs from equal shares by more than one image a class."""
    raw = DATA.read()
    for name, index in split_of(small).items():
        y = (raw.test_y if name == "test" else raw.train_y)[index]
        counts = np.bincount(y, minlength=CLASSES)
        assert counts.max() - counts.min() <= 1, name


def test_pixels_and_labels_are_kept_as_they_were_read(small):
    raw, made = DATA.read(), small.made("data-images")
    stored = made.tensors
    for name in ("train_x", "train_y", "test_x", "test_y"):
        assert torch.equal(stored[name], getattr(raw, name))
    assert stored["train_x"].dtype == torch.uint8
    assert int(stored["levels"]) == 255
    assert stored.keys() == {"train_x", "train_y", "test_x", "test_y", "levels", "mean", "std"}
    assert made.product.results == {"class_names": ["blob 0", "blob 1", "blob 2", "blob 3", "blob 4"]}


@pytest.mark.parametrize(("limit", "stride"), [(50_000, 1), (TRAIN, 1), (TRAIN - 1, 2), (20, 3)])
def test_statistics_are_those_of_training_images_spread_over_the_split(small, monkeypatch, tmp_path, limit, stride):
    assert prepare.STATISTICS_LIMIT == 50_000
    monkeypatch.setattr(prepare, "STATISTICS_LIMIT", limit)
    stored = small.remade(small.member("data-images"), tmp_path).tensors
    pixels = DATA.read().train_x[split_of(small)["train"][::stride]].double() / 255
    assert stored["mean"].dtype == stored["std"].dtype == torch.float64
    assert stored["mean"].tolist() == pytest.approx([pixels.mean().item()], abs=1e-7)
    assert stored["std"].tolist() == pytest.approx([pixels.std(correction=0).item()], abs=1e-7)


def test_what_became_of_image_files_is_kept_with_the_images(tmp_path, small):
    """Of a folder in memory, and of one that stays on disk, whose images are decoded once before training."""
    random = np.random.default_rng(0)
    for place, count in (("train/ape", 3), ("train/cat", 3), ("val/ape", 1), ("val/cat", 1)):
        (tmp_path / "x" / place).mkdir(parents=True)
        for i in range(count):
            picture = Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8))
            picture.save(tmp_path / "x" / place / f"{i}.png")
    (tmp_path / "x" / "train" / "cat" / ".DS_Store").write_bytes(b"x")
    for data in (
        ImageFolderSpec(title="x", root=str(tmp_path), path="x", shape=(3, 8, 8), classes=2, resize=True),
        ImageNetSpec(root=str(tmp_path), folder="x", classes=2, size=8, workers=0),
    ):
        said = {"data": data.plain(), "part": "images", "content": content_of(data.own_files(), tmp_path / "kept")}
        member = small.member("data-images").model_copy(update={"spec": said})
        made = small.remade(member, tmp_path / data.name)
        assert made.product.results["class_names"] == ["ape", "cat"]
        counts = made.product.results["intake"]
        assert (counts["read"], counts["resized"]) == ((0, 8) if data.name == "image_folder" else (8, 0))
        assert counts["passed_over"] == {"a file of the system (.DS_Store, Thumbs.db)": 1}
    (tmp_path / "x" / "train" / "cat" / "1.png").write_bytes(b"no image")
    with pytest.raises(ArtifactError, match="images changed since the run was planned; run snakemake again"):
        small.remade(member, tmp_path / "changed")
    said["content"] = content_of(data.own_files(), tmp_path / "kept")
    with pytest.raises(ArtifactError, match=r"train/cat/1\.png: unreadable image"):
        small.remade(member, tmp_path / "again")
