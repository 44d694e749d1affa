"""Images and labels of the user's: others give another run, the same ones elsewhere do not."""

import shutil

import numpy as np
import pytest
from PIL import Image

from distillab.core.job import fill_pattern
from distillab.core.sidecar import Payload, Sidecar, write_sidecar
from distillab.core.stages import STAGES
from distillab.plan.cache import load_plan
from distillab.plan.data_files import contents_of

TWO = {"title": "mine", "path": "photos", "shape": [1, 8, 8], "classes": 2, "val": 0}


@pytest.fixture
def photos(tmp_path):
    """Eight gray images in two class folders, and a table of their labels."""
    for i in range(8):
        file = tmp_path / "photos" / "ab"[i % 2] / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), i, dtype=np.uint8)).save(file)
    table = "\n".join(["file,label", *(f"{i}.png,{'xy'[i % 2]}" for i in range(8))])
    (tmp_path / "labels.csv").write_text(table)
    return tmp_path / "photos"


@pytest.fixture
def planned(project, photos):
    """The cached plan of a run on them."""

    def plan(**fields):
        labeled = {"name": "labeled_images", "images": 8, "held_out": 2, "labels": "labels.csv"}
        data = TWO | labeled | {"root": str(photos.parent)} | fields
        return load_plan(project({"data": data, "knockoff": {"label_smoothing": [0.1]}}))

    return plan


def key(plan, member="data-images"):
    return plan.members[member].key


@pytest.mark.parametrize("member", ["data-images", "data-split"])
def test_another_image_or_label_is_another_run_at_once(planned, photos, member):
    first = planned()
    assert key(planned(), member) == key(first, member)
    Image.fromarray(np.full((8, 8), 99, dtype=np.uint8)).save(photos / "a" / "0.png")
    second = planned()
    assert key(second, member) != key(first, member)
    table = photos.parent / "labels.csv"
    table.write_text(table.read_text().replace("0.png,x", "0.png,y"))
    assert key(planned(), member) not in {key(first, member), key(second, member)}


def test_the_same_content_is_the_same_run(planned, photos):
    first = planned()
    shutil.copytree(photos, photos.parent / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(photos)
    assert planned().data_files != first.data_files
    (photos.parent / "copy").rename(photos)
    assert key(planned()) == key(first)


def test_without_images_what_was_prepared_says_what_they_were(planned, photos, project):
    first = planned()
    shutil.rmtree(photos)
    assert key(planned()) != key(first)
    member = first.members["data-images"]
    file = photos.parent / "results" / "tiny" / fill_pattern(STAGES["prepare"].pattern, member.axes)
    file.parent.mkdir(parents=True)
    write_sidecar(file, Sidecar(
        stage=member.stage, id=member.id, key=member.key, spec=member.spec, code=member.code, parents={},
        payload=Payload(bytes=1, blake2b="0"), environment={},
    ))  # fmt: skip
    assert key(planned()) == key(first)
    assert key(planned(classes=3)) != key(first)


def test_published_data_sets_are_known_by_their_names(params_of, project):
    assert contents_of(params_of({}, "mnist_reduced"), project()) == {}
    assert load_plan(project({}, "mnist_reduced")).members["data-images"].spec.keys() == {"data", "part"}
