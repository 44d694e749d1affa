"""Random targets: wrong classes, all of them, each image's own."""

import torch

from distillab.evaluate.targets import random_targets


def test_a_target_is_never_the_label_and_every_other_class_is_drawn():
    y = torch.zeros(500, dtype=torch.int64) + 3
    targets = random_targets(y, torch.arange(500), 10, seed=0)
    counts = torch.bincount(targets, minlength=10)
    assert counts[3] == 0
    assert (counts[torch.arange(10) != 3] > 25).all()


def test_a_target_belongs_to_the_image_and_the_seed():
    y, ids = torch.arange(40) % 10, torch.arange(40)
    whole = random_targets(y, ids, 10, seed=0)
    assert torch.equal(random_targets(y[7:19], ids[7:19], 10, seed=0), whole[7:19])
    assert not torch.equal(random_targets(y, ids, 10, seed=1), whole)
