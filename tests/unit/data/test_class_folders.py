import tarfile
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from distillab.core.errors import ArtifactError
from distillab.data import ImageFolderSpec


def spec(root, path="images", **fields):
    return ImageFolderSpec(
        **{"title": "Apes and cats", "root": str(root), "path": path, "shape": (3, 10, 12), "classes": 2} | fields
    )


def pack(folder, kind):
    path = folder.parent / f"packed.{kind}"
    files = sorted(folder.rglob("*.png"), reverse=True)  # an archive may have any order
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, "w:xz" if kind == "tar.xz" else "w") as archive:
            for file in files:
                archive.add(file, f"./some/where/{file.relative_to(folder)}")
    return path.name


@pytest.mark.parametrize("test", ["val", "test"])
def test_pixels_labels_and_order(class_tree, test):
    folder, pixels = class_tree(test=test)
    raw = spec(folder.parent).read()
    assert raw.class_names == ("ape", "cat")
    assert raw.train_y.tolist() == [0] * 6 + [1] * 6
    expected = [pixels["train", name, i].transpose(2, 0, 1) for name in ("ape", "cat") for i in range(6)]
    assert np.array_equal(raw.train_x.numpy(), np.stack(expected))
    assert np.array_equal(raw.test_x[2].numpy(), pixels[test, "cat", 0].transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["tar", "tar.xz", "zip"])
def test_archives_give_what_the_folder_gives(class_tree, kind):
    folder, _ = class_tree()
    raw, packed = spec(folder.parent).read(), spec(folder.parent, pack(folder, kind)).read()
    for part in ("train_x", "train_y", "test_x", "test_y"):
        assert torch.equal(getattr(raw, part), getattr(packed, part))


def test_labelled_test_images_come_before_val(class_tree, png):
    folder, _ = class_tree()
    (folder / "test" / "cat").mkdir(parents=True)
    (folder / "test" / "cat" / "0.png").write_bytes(png(np.full((10, 12, 3), 9)))
    raw = spec(folder.parent).read()
    assert raw.test_x.unique().tolist() == [9]
    assert raw.test_y.tolist() == [1]


def test_grey_and_color_are_converted(class_tree):
    folder, _ = class_tree()
    assert spec(folder.parent, shape=(1, 10, 12)).read().train_x.shape == (12, 1, 10, 12)


def test_other_sizes_are_errors_unless_resizing_is_asked_for(class_tree):
    folder, _ = class_tree()
    with pytest.raises(
        ArtifactError, match=r"0\.png: unexpected image size; got 10x12 .* instead of 5x6; set data.resize: true"
    ):
        spec(folder.parent, shape=(3, 5, 6)).read()
    raw = spec(folder.parent, shape=(3, 5, 6), resize=True).read()
    assert raw.train_x.shape == (12, 3, 5, 6)


@pytest.mark.parametrize("content", [b"", b"not an image", None], ids=["empty", "text", "truncated"])
def test_an_unreadable_image_is_named(class_tree, content):
    folder, _ = class_tree()
    path = folder / "train" / "cat" / "3.png"
    path.write_bytes(path.read_bytes()[:150] if content is None else content)
    with pytest.raises(ArtifactError, match=r"train/cat/3\.png: unreadable image") as error:
        spec(folder.parent).read()
    assert "\n" not in str(error.value)


def test_sixteen_bit_images_are_refused(class_tree):
    folder, _ = class_tree()
    Image.fromarray(np.full((10, 12), 40_000, dtype=np.uint16)).save(folder / "train" / "cat" / "0.png")
    with pytest.raises(ArtifactError, match="more than 8 bits a channel; got I;16; convert it"):
        spec(folder.parent, shape=(1, 10, 12)).read()


def test_missing_split_and_unknown_class(class_tree, png):
    folder, _ = class_tree()
    (folder / "val" / "dog").mkdir()
    (folder / "val" / "dog" / "0.png").write_bytes(png(np.zeros((10, 12, 3))))
    with pytest.raises(ArtifactError, match=r"val/dog/0\.png: a test class without training images; got dog"):
        spec(folder.parent).read()
    (folder / "val").rename(folder / "other")
    with pytest.raises(ArtifactError, match=r"a split is missing; .*got train"):
        spec(folder.parent).read()


@pytest.mark.parametrize("name", ["packed.tar", "packed.tar.xz", "packed.zip", "packed.rar"])
def test_a_foreign_archive_is_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"no archive at all" * 100)
    with pytest.raises(ArtifactError) as error:
        spec(tmp_path, name).read()
    assert str(tmp_path / name) in str(error.value)
    assert "\n" not in str(error.value)
