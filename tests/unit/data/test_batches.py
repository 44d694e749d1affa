import numpy as np
import pytest
import torch

from distillab.core.errors import ContractError
from distillab.data.dataset import ResidentImages, batches, unit
from distillab.specs.augment import AugmentSpec


@pytest.fixture
def source():
    x = torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1).expand(10, 1, 2, 2).contiguous()
    return ResidentImages(x, torch.arange(10) % 3, levels=16)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def ids(batch_iterator):
    return torch.cat([batch.index for batch in batch_iterator]).tolist()


@pytest.mark.parametrize("levels", [16, 255])
def test_pixels_are_the_exact_quotient(levels):
    stored = np.arange(levels + 1, dtype=np.uint8)
    expected = stored.astype(np.float32) / np.float32(levels)
    assert unit(torch.from_numpy(stored)[:, None, None, None], levels).flatten().numpy().tobytes() == expected.tobytes()


def test_without_a_generator_the_order_is_kept_and_the_last_batch_is_small(source):
    index = torch.tensor([7, 1, 1, 9, 0])
    found = list(batches(source, index, batch_size=2))
    assert [len(batch.x) for batch in found] == [2, 2, 1]
    assert ids(found) == index.tolist()
    for batch in found:
        assert torch.equal(batch.y, source.y[batch.index])
        assert torch.equal(batch.x[:, 0, 0, 0] * 16, batch.index.float())
        assert batch.x.dtype == torch.float32


def test_shuffled_batches_hold_each_image_once(source, global_generator_untouched):
    index = torch.arange(2, 10)
    first, same, other = (ids(batches(source, index, batch_size=3, order=seeded(seed))) for seed in (0, 0, 1))
    assert sorted(first) == index.tolist() != first
    assert first == same != other


def test_one_generator_gives_every_epoch_a_new_order(source):
    order = seeded()
    assert ids(batches(source, torch.arange(10), batch_size=10, order=order)) != ids(
        batches(source, torch.arange(10), batch_size=10, order=order)
    )


def test_batch_size_does_not_change_the_order(source):
    small, large = (ids(batches(source, torch.arange(10), batch_size=size, order=seeded())) for size in (3, 10))
    assert small == large


def test_augmentation_is_applied_and_needs_a_stream(source):
    augment = AugmentSpec(crop_padding=1)
    (batch,) = batches(source, torch.arange(10), batch_size=10, augment=augment, stream=seeded())
    assert not torch.equal(batch.x, source.images(torch.arange(10)))
    with pytest.raises(ContractError, match="needs a generator"):
        batches(source, torch.arange(10), batch_size=10, augment=augment)


def test_images_by_index_and_on_another_device(source):
    index = torch.tensor([3, 3, 8])
    assert source.to("cpu").images(index)[:, 0, 1, 1].tolist() == [3 / 16, 3 / 16, 8 / 16]
    assert len(source.to("meta")) == len(source) == 10
    assert source.to("meta").images(index).device.type == "meta"


def test_other_labels_leave_the_images_as_they_are(source):
    other = source.with_labels(source.y + 1)
    assert torch.equal(other.y, source.y + 1)
    assert other.x is source.x
    index = torch.tensor([3, 0])
    (batch,) = batches(other, index, batch_size=2)
    assert torch.equal(batch.y, source.y[index] + 1)
    assert torch.equal(batch.x, source.images(index))


def test_other_images_come_after_the_own_ones_and_have_no_label(source):
    other = 7 - source.x[:4]
    joined = source.joined(other)
    assert torch.equal(joined.x, torch.cat([source.x, other]))
    assert torch.equal(joined.y[: len(source)], source.y)
    assert joined.y[len(source) :].tolist() == [-1] * 4
    assert (joined.levels, joined.y.dtype, len(joined)) == (source.levels, source.y.dtype, len(source) + 4)
