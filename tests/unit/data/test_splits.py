from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.core.errors import SpecError
from distillab.data import DigitsSpec, SyntheticSpec
from distillab.data.splits import make_split, stratified_order

TRAIN_Y = torch.arange(300) % 10
TEST_Y = torch.arange(100) % 10


class OtherSpec(SyntheticSpec):
    name: Literal["other"] = "other"


def split(**fields):
    return make_split(SyntheticSpec(**fields), TRAIN_Y, TEST_Y)


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_every_prefix_has_the_class_proportions(sizes, seed):
    y = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    order = stratified_order(y, torch.Generator().manual_seed(seed))
    assert sorted(order.tolist()) == list(range(len(y)))
    counts = torch.nn.functional.one_hot(y[order], len(sizes)).cumsum(0)
    expected = torch.arange(1, len(y) + 1)[:, None] * torch.tensor(sizes) / len(y)
    assert (counts - expected).abs().max() <= 0.5 + len(sizes) / 2 * max(sizes) / len(y) + 1e-5


def test_equal_classes_differ_by_at_most_one_image():
    counts = torch.nn.functional.one_hot(TRAIN_Y[stratified_order(TRAIN_Y, torch.Generator())]).cumsum(0)
    assert (counts.amax(1) - counts.amin(1)).max() == 1


def test_train_and_val_are_disjoint_and_whole():
    found = split(val=50)
    assert sorted([*found.train.tolist(), *found.val.tolist()]) == list(range(300))
    assert found.test.tolist() == list(range(100))
    assert torch.bincount(TRAIN_Y[found.val]).tolist() == [5] * 10
    assert torch.bincount(TRAIN_Y[found.train]).tolist() == [25] * 10
    assert found.val.tolist() != list(range(50))
    assert all(part.dtype == torch.int64 for part in (found.train, found.val, found.test))


def test_the_split_is_a_function_of_the_data_set_alone(global_generator_untouched):
    found = split(val=50)
    torch.rand(3, generator=torch.Generator())
    assert torch.equal(found.val, split(val=50).val)
    assert torch.equal(found.val, split(val=50, train_limit=10).val)
    assert not torch.equal(found.val, make_split(OtherSpec(val=50), TRAIN_Y, TEST_Y).val)


def test_larger_limits_contain_smaller_ones():
    small, large = split(val=50, train_limit=40, test_limit=20), split(val=50, train_limit=90, test_limit=30)
    assert len(small.train) == 40
    assert len(small.test) == 20
    assert set(small.train.tolist()) < set(large.train.tolist()) < set(split(val=50).train.tolist())
    assert set(small.test.tolist()) < set(large.test.tolist())
    assert torch.bincount(TRAIN_Y[small.train]).tolist() == [4] * 10
    assert torch.bincount(TEST_Y[small.test]).tolist() == [2] * 10


def test_a_limit_beyond_the_data_takes_everything():
    assert len(split(train_limit=10_000).train) == 300


def test_holding_out_everything_is_refused():
    with pytest.raises(SpecError, match=r"data\.val: nothing left to train on; expected < 300; got 300"):
        split(val=300)


def test_the_split_of_digits_is_pinned():
    raw = DigitsSpec().read()
    found = make_split(DigitsSpec(val=100), raw.train_y, raw.test_y)
    assert found.val[:5].tolist() == [31, 44, 49, 72, 73]
    assert found.val.sum() == 68_596


def test_a_refit_trains_on_the_images_of_the_choice_too():
    held, refitted = split(val=60, train_limit=100), split(val=60, train_limit=100, refit=True)
    assert refitted.choice.tolist() == held.val.tolist()
    assert refitted.train.tolist() == sorted([*held.train.tolist(), *held.val.tolist()])
    assert refitted.before_choice.tolist() == held.train.tolist()
    assert len(refitted.val) == len(held.choice) == 0
    assert refitted.test.tolist() == held.test.tolist()
