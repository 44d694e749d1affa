"""A network before any training: for these images and classes, its pixels around the middle, always the same."""

import torch

from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.models.untrained import untrained
from distillab.specs.model import Domain

NETWORK = MODELS.parse({"name": "resnet20"})


def test_it_is_the_network_of_seed_0_for_pixels_around_the_middle():
    x = torch.rand(2, 3, 8, 8)
    ours = untrained(NETWORK, (3, 8, 8), 7).eval()
    theirs = build_model(NETWORK, Domain((3, 8, 8), 7, (0.5,) * 3, (0.5,) * 3), seed=0).eval()
    assert ours(x).shape == (2, 7)
    assert torch.equal(ours(x), theirs(x))
