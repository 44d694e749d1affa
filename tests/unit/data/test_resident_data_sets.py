import time

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from distillab.data import CIFAR10Spec, DigitsSpec, MNISTSpec, SyntheticSpec, TinyImageNetSpec
from distillab.data.dataset import ResidentImages
from distillab.data.statistics import channel_statistics


def test_digits_are_the_raw_pixels_over_sixteen():
    from sklearn.datasets import load_digits

    raw = DigitsSpec().read()
    assert (len(raw.train_x), len(raw.test_x), raw.levels) == (1437, 360, 16)
    x = torch.cat(
        [
            ResidentImages(part, part[:, 0, 0, 0].long(), 16).images(torch.arange(len(part)))
            for part in (raw.train_x, raw.test_x)
        ]
    )
    expected = load_digits().images.astype(np.float32) / 16
    assert sorted(row.tobytes() for row in x.numpy()) == sorted(row.tobytes() for row in expected)


def test_digits_test_images_are_fixed_and_stratified():
    raw = DigitsSpec().read()
    again = DigitsSpec(val=100, train_limit=50).read()
    assert torch.equal(raw.test_x, again.test_x)
    counts = torch.bincount(raw.test_y)
    assert counts.max() - counts.min() <= 2  # the ten digits are not exactly equally frequent
    assert counts.sum() == 360


def test_mnist_counts_labels_and_statistics(shared_data):
    start = time.perf_counter()
    raw = MNISTSpec(root=str(shared_data)).read()
    assert time.perf_counter() - start < 5
    assert (raw.train_x.shape, raw.test_x.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert raw.train_y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert torch.bincount(raw.test_y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    found = channel_statistics(ResidentImages(raw.train_x, raw.train_y, raw.levels), torch.arange(60_000))
    assert found.mean == pytest.approx([0.1306604762738429], abs=1e-6)
    assert found.std == pytest.approx([0.30810780717887876], abs=1e-6)
    assert raw.standin == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "mean"),
    [
        (CIFAR10Spec(variant="jpeg"), [0.49125, 0.48209, 0.44652]),
        (TinyImageNetSpec(variant="32px"), [0.48055, 0.44856, 0.39826]),
    ],
    ids=["cifar10", "tiny_imagenet"],
)
def test_jpeg_stand_ins_are_whole_and_say_what_they_are(spec, mean, shared_data):
    spec = spec.model_copy(update={"root": str(shared_data)})
    raw = spec.read()
    k = spec.facts.classes
    assert torch.bincount(raw.train_y).tolist() == [spec.facts.train // k] * k
    assert torch.bincount(raw.test_y).tolist() == [10_000 // k] * k
    assert raw.class_names == tuple(sorted(raw.class_names))
    found = channel_statistics(ResidentImages(raw.train_x, raw.train_y, 255), torch.arange(spec.facts.train))
    assert found.mean == pytest.approx(mean, abs=1e-5)
    assert raw.standin == spec.facts.title == spec.facts.standin != ""


def test_published_variants_are_no_stand_ins():
    assert CIFAR10Spec().facts.standin == TinyImageNetSpec().facts.standin == ""
    assert CIFAR10Spec().facts.title == "CIFAR-10"


def test_synthetic_blobs_are_repeatable_and_separable(global_generator_untouched):
    spec = SyntheticSpec(classes=5, channels=3, size=8, train_images=100, test_images=50)
    raw, again = spec.read(), spec.read()
    assert torch.equal(raw.train_x, again.train_x)
    assert not torch.equal(raw.train_x[:50], raw.test_x)
    means = torch.stack([raw.train_x[raw.train_y == k].float().mean(0) for k in range(5)])
    nearest = (raw.test_x[:, None].float() - means).square().sum((2, 3, 4)).argmin(1)
    assert torch.equal(nearest, raw.test_y)


def test_augmentation_that_cannot_be_is_refused():
    with pytest.raises(ValidationError, match="needs a streaming data set"):
        SyntheticSpec(augment={"resized_crop": True})
