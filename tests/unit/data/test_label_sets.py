"""Which images a thief has labels of and asks about: nested, paired over everything but the seed, and no label seen."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.core.errors import ContractError
from distillab.data.label_sets import label_set, query_set, recycled

CLASSES, IMAGES = 4, 96
Y = torch.arange(IMAGES) % CLASSES
SPLIT = torch.arange(5, IMAGES - 11)
"""A training split that is not the whole file; 20 images of each class."""


def chosen(labels, seed=0, y=Y, index=SPLIT):
    return label_set(y, index, labels, seed=seed)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, len(SPLIT)), st.integers(1, len(SPLIT)), st.integers(0, 9))
def test_a_smaller_label_set_lies_within_a_larger_one(one, other, seed):
    small, large = (set(chosen(count, seed).tolist()) for count in sorted((one, other)))
    assert small <= large <= set(SPLIT.tolist())
    assert (len(small), len(large)) == tuple(sorted((one, other)))


@pytest.mark.parametrize("labels", [1, 3, 4, 10, 41, len(SPLIT)])
def test_classes_differ_by_at_most_one_image(labels):
    found = chosen(labels)
    counts = torch.bincount(Y[found], minlength=CLASSES)
    assert counts.max() - counts.min() <= 1
    assert torch.equal(found, found.unique()), "ascending, and none twice"


def test_unequal_classes_keep_their_share():
    y = torch.tensor([0] * 60 + [1] * 20)
    for labels in (8, 20, 44):
        found = chosen(labels, y=y, index=torch.arange(80))
        assert abs(int((y[found] == 1).sum()) - labels / 4) <= 1


def test_all_images_are_the_training_split_itself():
    assert torch.equal(chosen(len(SPLIT)), SPLIT)


def test_seeds_draw_different_labels():
    sets = [frozenset(chosen(20, seed).tolist()) for seed in range(6)]
    assert len(set(sets)) == 6
    assert torch.equal(chosen(20, 3), chosen(20, 3))


def test_labels_of_images_outside_the_split_have_no_say():
    y = Y.clone()
    y[:5], y[-11:] = 0, 1
    assert torch.equal(chosen(20, y=y), chosen(20))


def test_more_labels_than_images_are_refused():
    with pytest.raises(ContractError) as error:
        chosen(81)
    assert str(error.value) == (
        "thief: labels: more labels than training images; expected at most 80; got 81; lower labels, or say all"
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(1, len(SPLIT)), st.integers(1, len(SPLIT)), st.integers(0, 9))
def test_fewer_queries_lie_within_more(one, other, seed):
    small, large = (set(query_set(SPLIT, count, seed=seed).tolist()) for count in sorted((one, other)))
    assert small <= large <= set(SPLIT.tolist())
    assert (len(small), len(large)) == tuple(sorted((one, other)))


def test_queries_are_drawn_by_the_seed_and_apart_from_labels():
    """A stratified set of 20 has 5 of each class; of seeds that look at no labels hardly one."""
    sets = [query_set(SPLIT, 20, seed=seed) for seed in range(12)]
    assert len({tuple(found.tolist()) for found in sets}) == 12
    assert all(torch.equal(found, found.unique()) for found in sets)
    even = [torch.equal(torch.bincount(Y[found], minlength=CLASSES), torch.full((CLASSES,), 5)) for found in sets]
    assert sum(even) <= 2
    assert not torch.equal(sets[0], chosen(20, 0))


def test_there_are_no_more_queries_than_images():
    assert torch.equal(query_set(SPLIT, 10**6, seed=1), SPLIT)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(0, 130))
def test_an_epoch_goes_through_every_image_alike(images, count):
    index = 3 + 2 * torch.arange(images)
    found = recycled(index, count)
    assert len(found) == max(images, count)
    times = torch.bincount(found, minlength=3 + 2 * images)[index]
    assert times.sum() == len(found), "and through no other"
    assert times.max() - times.min() <= 1


def test_a_set_that_fills_the_epoch_stays_as_it_is():
    index = torch.tensor([4, 9, 2])
    assert torch.equal(recycled(index, 3), index)
    assert torch.equal(recycled(index, 2), index)
    assert len(recycled(index[:0], 7)) == 0


def test_images_that_come_once_more_are_of_all_classes():
    """In a file that is sorted by class: of 40 images in 10 classes, 25 come twice."""
    times = torch.bincount(recycled(torch.arange(40), 65), minlength=40).view(10, 4).sum(1)
    assert times.max() - times.min() <= 1
