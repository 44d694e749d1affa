import numpy as np
import pytest
import torch
from pydantic import ValidationError

from distillab.core.errors import ArtifactError
from distillab.data import LabeledImagesSpec
from distillab.data.labeled_images import read_labels
from distillab.data.sorting import Rules
from distillab.data.survey import survey

CLASSES = ("ape", "cat", "dog")


@pytest.fixture
def folder(tmp_path, png):
    """Three classes of 8 images, the i-th of class c all of one gray of its own, and a folder around them."""
    for c, name in enumerate(CLASSES):
        (tmp_path / "photos" / "wrapper" / name).mkdir(parents=True)
        for i in range(8):
            content = png(np.full((4, 5), 10 * (8 * c + i)))
            (tmp_path / "photos" / "wrapper" / name / f"{name}{i}.png").write_bytes(content)
    return tmp_path / "photos"


def spec(root, **fields):
    known = {"title": "Photos", "root": str(root), "path": "photos", "shape": (1, 4, 5), "classes": 3, "images": 24}
    return LabeledImagesSpec(**known | {"held_out": 6} | fields)


def grays(x):
    return x[:, 0, 0, 0].tolist()


def test_a_stratified_part_is_drawn_and_nothing_is_lost(folder):
    raw = spec(folder.parent).read()
    assert raw.class_names == CLASSES
    assert raw.test_y.bincount().tolist() == [2, 2, 2]
    assert sorted(grays(raw.train_x) + grays(raw.test_x)) == list(range(0, 240, 10))
    for x, y in ((raw.train_x, raw.train_y), (raw.test_x, raw.test_y)):
        assert [gray // 80 for gray in grays(x)] == y.tolist()
    assert raw.inventory.classes()["test"].total() == 6


@pytest.mark.parametrize("held_out", [24, 25])
def test_images_to_train_on_are_left(tmp_path, held_out):
    with pytest.raises(ValidationError, match="fewer than the 24 images") as error:
        spec(tmp_path, held_out=held_out)
    assert [detail["loc"] for detail in error.value.errors()] == [("held_out",)]


def test_fewer_are_drawn_within_more(folder):
    few, more = (set(grays(spec(folder.parent, held_out=n).read().test_x)) for n in (3, 9))
    assert few < more


def test_a_table_tells_the_classes_of_images_in_any_folder(folder):
    lines = [f"{name}{i}.png,{'even' if i % 2 == 0 else 'odd'}" for name in CLASSES for i in range(8)]
    (folder.parent / "truth.csv").write_text("\n".join(["file,label", *lines]))
    raw = spec(folder.parent, labels="truth.csv", classes=2).read()
    assert raw.class_names == ("even", "odd")
    assert [gray // 10 % 2 for gray in grays(raw.train_x)] == raw.train_y.tolist()
    (folder.parent / "truth.csv").write_text("\n".join(["file,label", *lines[1:]]))
    with pytest.raises(ArtifactError, match=r"ape0\.png: without a label"):
        spec(folder.parent, labels="truth.csv", classes=2).read()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table of labels; expected a first line file,label; got an empty file"),
        ("a.png,cat\n", "no table of labels"),
        ("file,label\na.png\n", "line 2: a line without file or label"),
        ("file,label\na.png,cat\na.png,dog\n", "line 3: a file that is named twice; got 'a.png'"),
        ("file,label\nx/a.png,cat\n./x/a.png,dog\n", "line 3: a file that is named twice; got './x/a.png'"),
        (f"file,label\na.png,{'x' * 200_000}\n", "cannot be read; expected a table in UTF-8; got field larger than"),
    ],
)
def test_a_table_that_is_none(tmp_path, text, said):
    (tmp_path / "truth.csv").write_text(text)
    with pytest.raises(ArtifactError, match=said):
        read_labels(tmp_path / "truth.csv")


@pytest.fixture
def twins(tmp_path, png):
    """Images 0.png to 3.png in each of two folders, all of one gray of their own, and a writer of their table."""
    for i in range(8):
        file = tmp_path / "photos" / "wrapper" / "xy"[i // 4] / f"{i % 4}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(np.full((4, 5), i)))

    def read(*names):
        lines = [f"{name},{'odd' if i % 2 else 'even'}" for i, name in enumerate(names)]
        (tmp_path / "truth.csv").write_text("\n".join(["file,label", *lines]))
        return spec(tmp_path, labels="truth.csv", classes=2, images=8, held_out=2).read()

    return read


@pytest.mark.parametrize("above", ["", "wrapper/", "./"])
def test_a_table_of_paths_tells_images_of_one_name_apart(twins, above):
    raw = twins(*(f"{above}{folder}/{i}.png" for folder in "xy" for i in range(4)))
    assert [gray % 2 for gray in grays(raw.train_x)] == raw.train_y.tolist()
    assert len(raw.train_y) == 6


def test_a_name_that_several_images_have_is_refused(twins):
    said = r"x/0\.png: one of several images of a name in the table of labels; write the images' paths into the table"
    with pytest.raises(ArtifactError, match=said):
        twins(*(f"{i}.png" for i in range(4)))
    with pytest.raises(ArtifactError, match=r"y/0\.png: one of several images"):
        twins("0.png", *(f"x/{i}.png" for i in range(4)), *(f"y/{i}.png" for i in range(1, 4)))


def test_a_table_of_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "truth.csv").write_text('file,label\r\na.png,"big\u2028 cat"\r\n', encoding="utf-8-sig")
    assert read_labels(tmp_path / "truth.csv") == {"a.png": "big\u2028 cat"}


def test_what_does_not_agree_with_the_files_is_refused(folder, png):
    for fields, said in (({"images": 23}, "unexpected images"), ({"classes": 4}, "unexpected classes")):
        with pytest.raises(ArtifactError, match=said):
            spec(folder.parent, **fields).read()
    (folder / "wrapper" / "stray.png").write_bytes(png(np.zeros((4, 5))))
    with pytest.raises(ArtifactError, match=r"stray\.png: in no class folder"):
        spec(folder.parent).read()


def test_a_test_image_that_stands_among_the_training_images_is_a_leak(folder, png):
    twins = [folder / "wrapper" / name / f"{name}{i}.png" for name in CLASSES for i in range(8)]
    for path in twins:
        path.write_bytes(png(np.zeros((4, 5))))
    assert spec(folder.parent).read().inventory.counts()["leaks"] == 6


def test_a_survey_knows_shape_and_classes_of_such_a_folder(folder):
    inventory, shape = survey(folder, Rules(splits=False))
    assert shape == (1, 4, 5)
    assert {name: counts.total() for name, counts in inventory.classes().items()} == {"train": 24}
    assert torch.is_tensor(spec(folder.parent).read().train_x)
