import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from distillab.core.errors import ArtifactError, SpecError
from distillab.data import ImageNetSpec
from distillab.data.dataset import ResidentImages, batches
from distillab.data.statistics import channel_statistics
from distillab.data.streaming import StreamedImages, turns
from distillab.data.views import center_view, random_view
from distillab.specs.augment import AugmentSpec

TRAINING = AugmentSpec(resized_crop=True, flip=True)


@pytest.fixture
def listing(class_tree):
    folder, _ = class_tree(size=(20, 30))
    return ImageNetSpec(root=str(folder.parent), folder=folder.name, classes=2).listing()


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def by_id(source, index, **options):
    options = {"batch_size": 4, "augment": TRAINING, "stream": seeded()} | options
    found = list(batches(source, index, **options))
    return {int(i): x for batch in found for i, x in zip(batch.index, batch.x, strict=True)}


def ramp(width, height):
    """Pixels that say where they are: red is the column, green the row."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(width), np.arange(height)[:, None]
    return Image.fromarray(pixels)


def test_listing_has_files_and_labels(listing):
    assert listing.class_names == ("ape", "cat")
    assert listing.train.y.tolist() == [0] * 6 + [1] * 6
    assert listing.train.names[6] == b"train/cat/0.png"
    assert (len(listing.train), len(listing.test)) == (12, 4)


def test_evaluation_keeps_order_and_range(listing, global_generator_untouched):
    source = StreamedImages(listing.test, size=8)
    found = list(batches(source, torch.tensor([3, 0, 2]), batch_size=2))
    assert [batch.index.tolist() for batch in found] == [[3, 0], [2]]
    assert torch.equal(found[0].y, listing.test.y[[3, 0]])
    assert found[0].x.shape == (2, 3, 8, 8)
    assert 0 <= found[0].x.min() <= found[0].x.max() <= 1


def test_workers_order_and_batch_size_change_no_image(listing, global_generator_untouched):
    index = torch.arange(12)
    plain = by_id(StreamedImages(listing.train, size=8), index)
    others = (
        by_id(StreamedImages(listing.train, size=8, workers=2), index),
        by_id(StreamedImages(listing.train, size=8), index, order=seeded(5)),
        by_id(StreamedImages(listing.train, size=8), index, batch_size=5),
    )
    for other in others:
        assert plain.keys() == other.keys()
        assert all(torch.equal(plain[i], other[i]) for i in plain)


def test_every_epoch_augments_anew(listing):
    source, stream = StreamedImages(listing.train, size=8), seeded()
    first, second = (by_id(source, torch.arange(12), stream=stream) for _ in range(2))
    assert not any(torch.equal(first[i], second[i]) for i in first)


def test_an_image_that_comes_again_within_an_epoch_has_a_view_of_its_own(listing):
    """An epoch of a thief with few labels asks for them again and again: the first time as an epoch of each once."""
    index = torch.tensor([3, 7, 3, 3, 7])
    source = StreamedImages(listing.train, size=8)
    x = torch.cat([batch.x for batch in batches(source, index, batch_size=2, augment=TRAINING, stream=seeded())])
    assert len({row.numpy().tobytes() for row in x}) == len(index)
    once = by_id(source, torch.tensor([3, 7]))
    assert torch.equal(x[0], once[3])
    assert torch.equal(x[1], once[7])


def test_turns_count_what_came_before():
    assert turns(torch.tensor([5, 2, 5, 5, 9, 2])).tolist() == [0, 0, 1, 2, 0, 1]
    assert turns(torch.arange(4)).tolist() == [0] * 4
    assert turns(torch.tensor([], dtype=torch.long)).tolist() == []


def test_statistics_stream_too(listing):
    assert 0.3 < channel_statistics(StreamedImages(listing.train, size=8), torch.arange(12)).mean[0] < 0.7


def test_each_image_has_its_own_view(listing):
    first, second = (listing.train.folder / "train" / "ape" / f"{i}.png" for i in range(2))
    second.write_bytes(first.read_bytes())
    found = by_id(StreamedImages(listing.train, size=8), torch.arange(2))
    assert not torch.equal(found[0], found[1])


def test_center_view_is_the_middle_of_the_shorter_side():
    pixels = np.random.default_rng(0).integers(0, 256, (128, 200, 3), dtype=np.uint8)
    view = np.asarray(center_view(Image.fromarray(pixels), 112))  # 112 = 128 * 224 / 256: no resampling
    assert np.array_equal(view, pixels[8:120, 44:156])


def test_random_views_keep_area_and_ratio_and_cover_the_image():
    random = seeded()
    views = [np.asarray(random_view(ramp(200, 100), 50, random)).astype(float) for _ in range(300)]
    width = np.array([view[0, -1, 0] - view[0, 0, 0] for view in views]) * 50 / 49
    height = np.array([view[-1, 0, 1] - view[0, 0, 1] for view in views]) * 50 / 49
    assert (np.abs(np.log(width / height)) < np.log(4 / 3) + 0.15).all()
    assert np.ptp(np.log(width / height)) > 0.4
    area = width * height / 20_000
    assert 0.06 < area.min() < 0.12
    assert area.max() > 0.5
    assert min(view[0, 0, 0] for view in views) < 10
    assert max(view[0, -1, 0] for view in views) > 190


@pytest.mark.parametrize(("width", "height"), [(200, 10), (10, 200)])
def test_random_view_of_a_very_oblong_image_is_central_when_nothing_fits(width, height, monkeypatch):
    monkeypatch.setattr("distillab.data.views.AREA", (0.9, 1.0))
    view = np.asarray(random_view(ramp(width, height), 10, seeded())).astype(float)
    axis, across = (0, 1) if width > height else (1, 0)
    assert view[..., axis].mean() == pytest.approx(99.5, abs=1)
    assert np.ptp(view[..., axis]) == pytest.approx(10 * 4 / 3 * 9 / 10, abs=1.5)
    assert view[..., across].mean() == pytest.approx(4.5, abs=0.5)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_one_line_also_from_a_worker(listing, workers):
    (listing.train.folder / "train" / "cat" / "0.png").write_bytes(b"x")
    with pytest.raises(ArtifactError, match=r"cat/0\.png: unreadable image") as error:
        list(batches(StreamedImages(listing.train, size=8, workers=workers), torch.arange(12), batch_size=4))
    assert "\n" not in str(error.value)
    assert "Traceback" not in str(error.value)


def test_incomplete_folders(listing, tmp_path):
    with pytest.raises(ArtifactError, match=r"unexpected classes; expected 1000; got 2: ape, cat"):
        ImageNetSpec(root=str(tmp_path), folder="images").listing()
    with pytest.raises(ArtifactError, match=r"nowhere: no files of ImageNet"):
        ImageNetSpec(root=str(tmp_path), folder="nowhere").listing()
    for path in (listing.test.folder / "val" / "cat").iterdir():
        path.unlink()
    with pytest.raises(ArtifactError, match="val/cat: no images"):
        ImageNetSpec(root=str(tmp_path), folder="images", classes=2).listing()


def test_imagenet_is_never_read_whole():
    with pytest.raises(SpecError, match="do not fit in memory"):
        ImageNetSpec().read()


def test_rotation_of_streamed_images_is_refused():
    with pytest.raises(ValidationError, match="needs a data set in memory"):
        ImageNetSpec(augment={"rotation": 5})


def test_other_labels_leave_the_files_as_they_are(listing):
    source = StreamedImages(listing.train, 8, workers=0)
    other = source.with_labels(torch.full_like(source.y, -1))
    assert set(other.y.tolist()) == {-1}
    assert source.y.min() >= 0
    (first,), (second,) = (list(batches(each, torch.tensor([4, 1]), batch_size=2)) for each in (source, other))
    assert torch.equal(first.x, second.x)
    assert second.y.tolist() == [-1, -1]


def test_no_images_are_one_empty_batch_as_of_images_in_memory(listing):
    """A split of no images is evaluated like any other: a run may hold none out."""
    nothing = torch.empty(0, dtype=torch.int64)
    resident = ResidentImages(torch.zeros(2, 3, 16, 16, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), 255)
    for source in (StreamedImages(listing.train, size=16, workers=0), resident):
        (batch,) = batches(source, nothing, batch_size=4)
        assert batch.x.shape == (0, 3, 16, 16)
        assert batch.y.shape == batch.index.shape == (0,)
