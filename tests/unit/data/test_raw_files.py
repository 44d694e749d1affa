"""Damaged, foreign and absent files: each one line that names the path and the remedy."""

import gzip
import math
import struct
import tarfile
import tracemalloc
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from distillab.core.errors import ArtifactError
from distillab.data import (
    CIFAR10Spec,
    CIFAR100Spec,
    FashionMNISTSpec,
    MNISTSpec,
    TinyImageNetSpec,
    cifar_pickles,
    download,
)
from distillab.data.entries import FILE_LIMIT
from distillab.data.idx import STEMS, parse_idx, read_idx_folder
from distillab.data.raw import RawData, checked
from distillab.specs.data_facts import DataFacts

FACTS = DataFacts(title="Four", source="-", license="-", shape=(1, 2, 3), classes=3, train=4, test=2, split_rule="-")


def idx(shape, values):
    return struct.pack(f">I{len(shape)}I", 0x0800 + len(shape), *shape) + bytes(values)


@pytest.fixture
def idx_folder(tmp_path):
    """Four training and two test images, the training images packed."""
    folder = tmp_path / "Four" / "raw"
    folder.mkdir(parents=True)
    contents = (idx((4, 2, 3), range(24)), idx((4,), (0, 1, 2, 0)), idx((2, 2, 3), range(12)), idx((2,), (2, 1)))
    for stem, content in zip(STEMS, contents, strict=True):
        (folder / stem).write_bytes(content)
    (folder / STEMS[0]).unlink()
    (folder / f"{STEMS[0]}.gz").write_bytes(gzip.compress(contents[0]))
    return folder


@pytest.fixture
def no_network(monkeypatch):
    """torchvision finds no server, at once."""
    from distillab.core.torchvision_compat import import_torchvision

    import_torchvision()
    import urllib.request

    def fail(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", fail)


def read(folder, facts=FACTS):
    return read_idx_folder(folder.parents[1], "Four", ("a", "b", "c"), facts)


def assert_one_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_packed_and_unpacked_idx_files_are_read(idx_folder):
    raw = read(idx_folder)
    assert raw.train_x.flatten().tolist() == list(range(24))
    assert raw.train_x.shape == (4, 1, 2, 3)
    assert raw.test_y.tolist() == [2, 1]
    assert raw.train_y.dtype == torch.int64


def test_truncated_idx_file(idx_folder):
    path = idx_folder / STEMS[2]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError) as error:
        read(idx_folder)
    assert_one_line(error, str(path), "expected 28 bytes", "got 27", "anew")


def test_truncated_gzip(idx_folder):
    path = idx_folder / f"{STEMS[0]}.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArtifactError) as error:
        read(idx_folder)
    assert_one_line(error, str(path))


@pytest.mark.parametrize("content", [b"", b"\x00\x00\x08", b"<html>not found</html>", b"\x00\x00\x0d\x01" + bytes(8)])
def test_foreign_idx_file(content):
    with pytest.raises(ArtifactError, match="here: not an idx file"):
        parse_idx(content, where="here")


@pytest.mark.parametrize("shape", [(1,) * 255, (0, 2**32 - 1, 2**32 - 1)])
def test_a_shape_that_no_array_has_is_damage(shape):
    with pytest.raises(ArtifactError, match="here: damaged idx file"):
        parse_idx(idx(shape, [0] * min(shape)), where="here")


@pytest.mark.parametrize("shape", [(), (4,), (4, 2, 3, 1)])
def test_other_axes_than_the_name_says_are_refused(idx_folder, shape):
    (idx_folder / STEMS[2]).write_bytes(idx(shape, [0] * math.prod(shape)))
    with pytest.raises(ArtifactError, match=r"another idx file; expected t10k-images-idx3-ubyte|not an idx file"):
        read(idx_folder)


def test_a_packed_file_is_not_unpacked_beyond_any_data_set(idx_folder):
    with gzip.open(idx_folder / f"{STEMS[0]}.gz", "wb", compresslevel=1) as file:
        for _ in range(2**9):
            file.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(ArtifactError) as error:
        read(idx_folder)
    assert tracemalloc.get_traced_memory()[1] < 3 * FILE_LIMIT
    tracemalloc.stop()
    assert_one_line(error, f"{STEMS[0]}.gz: larger than 256 MiB once unpacked")


def test_header_cut_short():
    with pytest.raises(ArtifactError, match="damaged"):
        parse_idx(idx((4, 2, 3), ())[:7], where="here")


@pytest.mark.parametrize("facts", [{"sha256": {STEMS[0]: "0" * 64}}, {"md5": {f"{STEMS[0]}.gz": "0" * 32}}])
def test_another_checksum_is_refused(idx_folder, facts):
    with pytest.raises(ArtifactError, match=f"{STEMS[0]}.gz: not the published file"):
        read(idx_folder, FACTS.model_copy(update=facts))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"train": 5}, "training images: unexpected images; expected 5; got 4"),
        ({"shape": (1, 3, 2)}, "unexpected image shape"),
        ({"classes": 2}, "unexpected class names"),
        ({"levels": 16}, "unexpected levels"),
    ],
)
def test_facts_are_enforced(idx_folder, change, match):
    raw = read(idx_folder)
    with pytest.raises(ArtifactError, match=match):
        checked(raw, FACTS.model_copy(update=change), where="here")


@pytest.mark.parametrize(("label", "pixel"), [(3, 0), (-1, 0), (0, 17)])
def test_labels_and_pixels_out_of_range(label, pixel):
    x, y = torch.full((1, 1, 2, 3), pixel, dtype=torch.uint8), torch.tensor([label])
    facts = FACTS.model_copy(update={"train": 1, "test": 1, "levels": 16})
    with pytest.raises(ArtifactError, match="out of range"):
        checked(RawData(x, y, x, y, 16, ("a", "b", "c")), facts, where="here")


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (MNISTSpec, "MNIST/raw/train-images-idx3-ubyte[.gz]"),
        (FashionMNISTSpec, "FashionMNIST/raw/t10k-labels-idx1-ubyte[.gz]"),
        (CIFAR10Spec, "cifar-10-batches-py/"),
        (CIFAR100Spec, "cifar-100-python/"),
    ],
)
def test_absent_files_without_a_network(spec, wanted, tmp_path, no_network):
    with pytest.raises(ArtifactError) as error:
        spec(root=str(tmp_path)).read()
    assert_one_line(error, str(tmp_path), wanted, "put them into")


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (CIFAR10Spec(variant="jpeg"), "cifar10-jpeg.tar.xz"),
        (TinyImageNetSpec(), "tiny-imagenet-200 or tiny-imagenet-200.zip"),
        (TinyImageNetSpec(variant="32px"), "tinyimagenet32-jpeg.tar.xz"),
    ],
)
def test_absent_files_that_nobody_downloads(spec, wanted, tmp_path):
    with pytest.raises(ArtifactError) as error:
        spec.model_copy(update={"root": str(tmp_path)}).read()
    assert_one_line(error, f"{tmp_path}: no files of", wanted, f"put one into {tmp_path}")


def test_a_truncated_stand_in(shared_data, tmp_path):
    path = tmp_path / "cifar10-jpeg.tar.xz"
    path.write_bytes((shared_data / path.name).read_bytes()[:200_000])
    with pytest.raises(ArtifactError) as error:
        CIFAR10Spec(root=str(tmp_path), variant="jpeg").read()
    assert_one_line(error, str(path), "damaged")


def test_another_archive_is_no_stand_in(class_tree, tmp_path):
    folder, _ = class_tree(size=(32, 32), test="test")
    with tarfile.open(tmp_path / "cifar10-jpeg.tar", "w") as archive:
        archive.add(folder, arcname=".")
    with pytest.raises(ArtifactError, match="not the expected file; expected SHA-256 1ad62744"):
        CIFAR10Spec(root=str(tmp_path), variant="jpeg").read()


def test_cifar_pixels_keep_their_rows_columns_and_channels(monkeypatch, tmp_path):
    """Published are (n, h, w, c): the value of a pixel here tells its split, channel, row and column."""

    def published(name, root, *, train, files):
        assert (name, root) == ("CIFAR10", tmp_path)
        assert files.startswith("four/")
        n, base = (4, 100) if train else (2, 200)
        row, column, channel = np.meshgrid(np.arange(2), np.arange(3), np.arange(3), indexing="ij")
        image = base + 10 * channel + 3 * row + column
        labels = [0, 1, 2, 0] if train else [2, 1]
        return SimpleNamespace(data=np.stack([image] * n).astype(np.uint8), targets=labels, classes=list("abc"))

    monkeypatch.setattr(cifar_pickles, "torchvision_dataset", published)
    raw = cifar_pickles.read_cifar("CIFAR10", tmp_path, "four", FACTS.model_copy(update={"shape": (3, 2, 3)}))
    assert (raw.train_y.tolist(), raw.test_y.tolist()) == ([0, 1, 2, 0], [2, 1])
    for x, base in ((raw.train_x, 100), (raw.test_x, 200)):
        assert x[0, 1].tolist() == [[base + 10, base + 11, base + 12], [base + 13, base + 14, base + 15]]
        assert x[-1, 2].tolist() == [[base + 20, base + 21, base + 22], [base + 23, base + 24, base + 25]]


def test_tiny_imagenet_in_the_published_layout(tmp_path, png, monkeypatch):
    """Classes of the validation images come from their table; the unlabelled test images are passed over."""
    facts = TinyImageNetSpec().facts.model_copy(update={"classes": 2, "train": 2, "test": 2})
    monkeypatch.setattr(TinyImageNetSpec, "facts", facts)
    image = {value: png([[[value] * 3] * 64] * 64) for value in (1, 2, 3, 4, 5)}
    with zipfile.ZipFile(tmp_path / "tiny-imagenet-200.zip", "w") as archive:
        archive.writestr("tiny-imagenet-200/val/images/val_0.JPEG", image[3])
        archive.writestr("tiny-imagenet-200/val/images/val_1.JPEG", image[4])
        archive.writestr("tiny-imagenet-200/train/n02/images/n02_0.JPEG", image[2])
        archive.writestr("tiny-imagenet-200/train/n01/images/n01_0.JPEG", image[1])
        archive.writestr("tiny-imagenet-200/test/images/test_0.JPEG", image[5])
        archive.writestr("tiny-imagenet-200/val/val_annotations.txt", "val_0.JPEG\tn02\t0\t0\nval_1.JPEG\tn01\t0\t0\n")
    raw = TinyImageNetSpec(root=str(tmp_path)).read()
    assert raw.class_names == ("n01", "n02")
    assert raw.train_x[:, 0, 0, 0].tolist() == [1, 2]
    assert (raw.test_x[:, 0, 0, 0].tolist(), raw.test_y.tolist()) == ([4, 3], [0, 1])


def test_the_time_limit_on_servers_ends_with_the_download(tmp_path, no_network):
    import socket

    with pytest.raises(ArtifactError):
        download.torchvision_dataset("MNIST", tmp_path, train=True, files="-")
    assert socket.getdefaulttimeout() is None


def test_tiny_imagenet_with_validation_images_in_class_folders(tmp_path, png, monkeypatch):
    facts = TinyImageNetSpec().facts.model_copy(update={"classes": 2, "train": 2, "test": 2})
    monkeypatch.setattr(TinyImageNetSpec, "facts", facts)
    for i, place in enumerate(("train/n01/images", "train/n02/images", "val/n01", "val/n02/images", "test/images")):
        folder = tmp_path / "tiny-imagenet-200" / place
        folder.mkdir(parents=True)
        (folder / f"{i}.JPEG").write_bytes(png([[[i] * 3] * 64] * 64))
    raw = TinyImageNetSpec(root=str(tmp_path)).read()
    assert (raw.train_x[:, 0, 0, 0].tolist(), raw.test_x[:, 0, 0, 0].tolist()) == ([0, 1], [2, 3])
    assert raw.inventory.counts()["passed_over"] == {"in a split that is not used": 1}
