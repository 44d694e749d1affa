"""``distillab data``: an inventory for people, a proposal that works, and an exit code."""

import gzip
import io
import shutil

import numpy as np
import pytest
import yaml
from PIL import Image

from distillab.cli.main import main
from distillab.data import DATASETS


@pytest.fixture
def tree(tmp_path):
    """Two classes, three training images each and a test image, one larger than the others."""
    random = np.random.default_rng(0)
    for name in ("ape", "cat"):
        for split, count in (("train", 3), ("test", 1)):
            folder = tmp_path / "x" / split / name
            folder.mkdir(parents=True)
            for i in range(count):
                size = (8, 8, 3) if (name, i) != ("cat", 2) else (9, 8, 3)
                Image.fromarray(random.integers(0, 256, size, dtype=np.uint8)).save(folder / f"{i}.png")
    return tmp_path / "x"


def run(capsys, *arguments):
    code = main(["data", "--workers", "0", *map(str, arguments)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_counts_classes_and_a_proposal_that_reads_what_was_counted(tree, capsys):
    (tree / "train" / "cat" / "._0.png").write_bytes(b"x")
    code, out, err = run(capsys, tree)
    assert (code, err) == (0, "")
    for line in ("read  7", "resized  1", "passed over  1", "1 macOS metadata (__MACOSX, ._*): train/cat/._0.png",
                 "refused  0", "train  6 images in 2 classes: ape 3, cat 3", "duplicates  none"):  # fmt: skip
        assert line in out
    block = yaml.safe_load(out.split("For params.yaml:")[1])["override"]["data"]
    assert block["shape"] == [3, 8, 8]
    raw = DATASETS.parse(block).read()
    assert (len(raw.train_x), len(raw.test_x)) == (6, 2)


def test_a_leak_across_splits_is_said_plainly(tree, capsys):
    (tree / "test" / "ape" / "copy.png").write_bytes((tree / "train" / "ape" / "1.png").read_bytes())
    code, out, _ = run(capsys, tree)
    assert code == 0
    assert "1 of 3 test images also stand in train: a leak" in out
    assert "test/ape/copy.png is train/ape/1.png" in out


def test_refused_files_end_with_an_exit_code_and_are_listed(tree, capsys):
    (tree / "train" / "cat" / "\x1b[31m.png").write_bytes(b"x")
    code, out, err = run(capsys, tree, "--list")
    assert code == 3
    assert "refused\ttrain/cat/\\x1b[31m.png\ta name with control characters" in out
    assert "For params.yaml" not in out
    assert "control characters or not in UTF-8; rename it" in err
    assert err.count("\n") == 1
    assert "\x1b" not in out + err
    code, out, _ = run(capsys, tree, "--pass-over", "*[[]31m.png")
    assert code == 0
    assert "pass_over: ['*[[]31m.png']" in out


def test_no_splits_and_no_such_folder(tree, capsys):
    (tree / "test").rename(tree / "rest")
    code, _, err = run(capsys, tree)
    assert code == 3
    assert "a split is missing; expected train/<class>/<image> and test/<class>/<image>" in err
    code, _, err = run(capsys, tree / "nowhere")
    assert code == 3
    assert "no such file or folder" in err


def test_class_folders_without_splits_are_proposed_as_labeled_images(tree, capsys, monkeypatch):
    (tree / "train" / "cat" / "2.png").unlink()
    monkeypatch.chdir(tree / "train")
    code, out, err = run(capsys, ".")
    assert (code, err) == (0, "")
    block = yaml.safe_load(out.split("For params.yaml:")[1])["override"]["data"]
    assert (block["name"], block["images"], block["held_out"], block["title"]) == ("labeled_images", 5, 1, "train")
    raw = DATASETS.parse(block).read()
    assert (len(raw.train_x), len(raw.test_x), raw.class_names) == (4, 1, ("ape", "cat"))


@pytest.mark.parametrize("path", [".", "../x", "..", "../x/train/.."])
def test_a_proposed_path_exists_however_it_was_given(tree, capsys, monkeypatch, path):
    monkeypatch.chdir(tree / "train" if path == ".." else tree)
    block = yaml.safe_load(run(capsys, path)[1].split("For params.yaml:")[1])["override"]["data"]
    assert (block["path"], block["title"]) == ("x", "x")
    assert len(DATASETS.parse(block).read().train_x) == 6


def test_one_class_is_none_to_learn(tree, capsys):
    for split in ("train", "test"):
        shutil.rmtree(tree / split / "cat")
    said = "no classes to tell apart; expected images in two class folders at least; got ape"
    for path, says in ((tree, said), (tree / "train", "0.png: in no class folder")):
        code, out, err = run(capsys, path)
        assert code == 3
        assert "For params.yaml" not in out
        assert says in err


def test_colors_of_one_image_make_all_of_them_colored(tree, capsys):
    for path in tree.rglob("*.png"):
        out = io.BytesIO()
        Image.open(path).convert("L").save(out, "PNG")
        path.write_bytes(out.getvalue())
    assert "shape: [1, 8, 8]" in run(capsys, tree)[1]
    Image.new("RGB", (8, 8)).save(tree / "train" / "ape" / "0.png")
    assert "shape: [3, 8, 8]" in run(capsys, tree)[1]


def test_what_is_packed_and_no_tar_is_not_called_damaged_alone(tmp_path, capsys):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x03" + bytes(2000)))
    code, out, err = run(capsys, path)
    assert (code, out) == (3, "")
    assert err.startswith(f"distillab: {path}: no tar in it, or damaged; got ")


def test_what_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch, capsys):
    path = tmp_path / "mine.zip"

    def refusing(_path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("distillab.data.archives._kind", refusing)
    code, _, err = run(capsys, path)
    assert (code, err) == (
        3,
        f"distillab: {path}: cannot be read; got Permission denied; change its permissions\n",
    )
