"""SVHN and HAR in their published formats, on small files of them."""

import hashlib
import io
import zipfile

import numpy as np
import pytest
import torch
from scipy.io import savemat

from distillab.core.errors import ArtifactError
from distillab.data import HARSpec, SVHNSpec
from distillab.data.dataset import unit
from distillab.data.har import FEATURES, LEVELS, parse_features, parse_labels
from distillab.data.svhn import parse_mat


def mat(x, y, **more):
    out = io.BytesIO()
    savemat(out, {"X": x, "y": np.array(y, np.uint8)[:, None]} | more, do_compression=True)
    return out.getvalue()


def pictures(n):
    return np.random.default_rng(n).integers(0, 256, (32, 32, 3, n), dtype=np.uint8)


@pytest.fixture
def svhn(tmp_path, monkeypatch):
    """Three training and two test images, with hashes of their own."""
    contents = {"train_32x32.mat": mat(pictures(3), [10, 1, 9]), "test_32x32.mat": mat(pictures(2), [2, 10])}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    facts = SVHNSpec().facts.model_copy(update={"train": 3, "test": 2, "md5": md5})
    monkeypatch.setattr(SVHNSpec, "facts", facts)
    return SVHNSpec(root=str(tmp_path))


def test_svhn_has_the_image_axis_first_and_ten_for_zero(svhn):
    raw = svhn.read()
    assert (raw.train_y.tolist(), raw.test_y.tolist()) == ([0, 1, 9], [2, 0])
    assert torch.equal(raw.train_x, torch.from_numpy(pictures(3).transpose(3, 2, 0, 1).copy()))
    assert raw.train_x.is_contiguous()


def test_another_mat_file_is_not_even_parsed(svhn, tmp_path, monkeypatch):
    (tmp_path / "test_32x32.mat").write_bytes(mat(pictures(2), [2, 3]))
    monkeypatch.setattr("distillab.data.svhn.parse_mat", None)
    (tmp_path / "train_32x32.mat").write_bytes(b"x")
    with pytest.raises(ArtifactError, match=r"train_32x32\.mat: not the published file; expected MD5"):
        svhn.read()
    (tmp_path / "train_32x32.mat").unlink()
    with pytest.raises(ArtifactError, match=r"no files of SVHN; expected train_32x32\.mat"):
        svhn.read()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"MATLAB 7.3 MAT-file" + bytes(600), mat(pictures(2), [1]), mat(pictures(2), [0, 1]),
        mat(pictures(2).astype(float), [1, 2]), mat(pictures(2), [1, 2])[:300],
    ],
)  # fmt: skip
def test_foreign_and_damaged_mat_files_are_one_line(content):
    with pytest.raises(ArtifactError, match=r"^here: ") as error:
        parse_mat(content, where="here")
    assert "\n" not in str(error.value)


def table(rows):
    return "\n".join(" ".join(f"{value: .7e}" for value in row) for row in rows).encode()


@pytest.fixture
def har(tmp_path, monkeypatch):
    """Three training and two test windows; and the features."""
    monkeypatch.setattr(HARSpec, "facts", HARSpec().facts.model_copy(update={"train": 3, "test": 2}))
    features = {"train": np.linspace(-1, 1, 3 * FEATURES).reshape(3, -1), "test": np.full((2, FEATURES), 0.28858451)}
    for split, labels in (("train", b"5\n1\n6\n"), ("test", b"2\n3\n")):
        folder = tmp_path / "UCI HAR Dataset" / split
        (folder / "Inertial Signals").mkdir(parents=True)
        (folder / f"X_{split}.txt").write_bytes(table(features[split]))
        (folder / f"y_{split}.txt").write_bytes(labels)
        (folder / f"subject_{split}.txt").write_bytes(b"1\n" * 3)
    return HARSpec(root=str(tmp_path)), features


def test_features_of_har_are_pixels_to_the_last_bit_of_float32(har):
    raw = har[0].read()
    assert (raw.train_y.tolist(), raw.test_y.tolist()) == ([4, 0, 5], [1, 2])
    assert raw.train_x.shape == (3, 1, 1, FEATURES)
    for split, x in (("train", raw.train_x), ("test", raw.test_x)):
        pixels = unit(x, raw.levels)
        assert pixels.dtype == torch.float32
        assert np.abs(pixels.double().numpy().reshape(-1, FEATURES) * 2 - 1 - har[1][split]).max() < 2**-23
    assert (raw.train_x.min(), raw.train_x.max(), raw.levels) == (0, LEVELS, LEVELS)


def test_har_is_read_from_its_zip_too(har, tmp_path):
    folder, raw = tmp_path / "UCI HAR Dataset", har[0].read()
    with zipfile.ZipFile(tmp_path / "UCI HAR Dataset.zip", "w") as archive:
        for path in folder.rglob("*.txt"):
            archive.write(path, path.relative_to(tmp_path))
        archive.writestr("__MACOSX/UCI HAR Dataset/train/._X_train.txt", b"x")
    folder.rename(tmp_path / "away")
    assert torch.equal(har[0].read().train_x, raw.train_x)


def test_incomplete_and_foreign_files_of_har(har, tmp_path):
    with pytest.raises(ArtifactError, match="expected lines of 561"):
        parse_features(b"0.5 0.25", where="here")
    for content in (b"2 " * FEATURES, b"nan " * FEATURES, b""):
        with pytest.raises(ArtifactError, match="unexpected features"):
            parse_features(content, where="here")
    with pytest.raises(ArtifactError, match="expected 1 to 6; got 7"):
        parse_labels(b"1\n7\n", where="here")
    with pytest.raises(ArtifactError, match="not a table of numbers"):
        parse_labels(b"1\nx\n", where="here")
    (tmp_path / "UCI HAR Dataset" / "test" / "y_test.txt").unlink()
    with pytest.raises(ArtifactError, match=r"incomplete; .*; got no test/y_test\.txt"):
        har[0].read()
