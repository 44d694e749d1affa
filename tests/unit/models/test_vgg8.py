"""VGG-8: its size, and what small images leave of it."""

import pytest
import torch
from torch import nn

from distillab.models.count import planned_parameter_count
from distillab.models.vgg8 import VGG8


@pytest.mark.parametrize(
    ("shape", "poolings"), [((3, 32, 32), 5), ((3, 64, 64), 5), ((1, 28, 28), 4), ((1, 8, 8), 3), ((1, 1, 1), 0)]
)
def test_poolings_that_would_leave_no_pixel_are_left_out(shape, poolings):
    with torch.device("meta"):
        network = VGG8().build(shape, 10)
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in network) == poolings
    assert sum(isinstance(layer, nn.Conv2d) for layer in network) == 5
    assert sum(isinstance(layer, nn.Linear) for layer in network) == 3


def test_parameters_in_closed_form():
    convolutions = 9 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 512) + 2 * (64 + 128 + 256 + 512 + 512)
    dense = (512 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 100
    assert planned_parameter_count(VGG8(), (3, 32, 32), 100) == convolutions + dense == 23_204_516
