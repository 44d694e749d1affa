"""What images are called: by the file that holds the pixels at that place, or by split and place."""

import numpy as np
import pytest
import torch

from distillab.core.errors import ArtifactError
from distillab.data import LabeledImagesSpec
from distillab.data.ids import image_ids
from distillab.data.synthetic import SyntheticSpec

IMAGES = 9


@pytest.fixture
def photos(tmp_path, png):
    """Images 0.png to 8.png, the i-th all of gray i, whose classes go round: names alone are in another order."""
    (tmp_path / "photos").mkdir()
    for i in range(IMAGES):
        (tmp_path / "photos" / f"{i}.png").write_bytes(png(np.full((4, 5), i)))
    lines = [f"{i}.png,{'cba'[i % 3]}" for i in range(IMAGES)]
    (tmp_path / "truth.csv").write_text("\n".join(["file,label", *lines]))
    return LabeledImagesSpec(
        title="Photos", root=str(tmp_path), path="photos", labels="truth.csv", shape=(1, 4, 5), classes=3,
        images=IMAGES, held_out=3,
    )  # fmt: skip


def test_a_file_is_the_name_of_the_pixels_at_its_place(photos):
    raw, ids = photos.read(), image_ids(photos)
    for names, x in ((ids["train"], raw.train_x), (ids["test"], raw.test_x)):
        assert names == [f"{gray}.png" for gray in x[:, 0, 0, 0].tolist()]
    assert sorted(ids["train"] + ids["test"]) == [f"{i}.png" for i in range(IMAGES)]
    assert ids["train"] != sorted(ids["train"]), "classes come before names"
    assert len(ids["test"]) == 3


def test_an_image_that_is_no_file_is_called_by_its_split_and_place():
    spec = SyntheticSpec(train_images=12, test_images=5)
    assert image_ids(spec) == {split: [f"{split}/{i}" for i in range(n)] for split, n in (("train", 12), ("test", 5))}


def test_images_that_are_absent_have_no_names(photos, tmp_path):
    with pytest.raises(ArtifactError):
        image_ids(photos.model_copy(update={"path": "elsewhere"}))
    assert torch.is_tensor(photos.read().train_x)
