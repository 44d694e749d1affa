"""What is stated of a GPU that is not here: closed forms of small networks."""

import pytest

from distillab.plan.absent_gpu import (
    BACKWARD,
    COPIES,
    FLOPS_PER_SECOND,
    STEP_SECONDS,
    network_memory_mb,
    seconds_per_image,
)
from distillab.plan.costs import Cost


def cost(network, shape, batch):
    return Cost(network, 1, batch, "float32", 1, shape=shape)


def test_a_small_network_takes_the_least_of_a_step():
    small = cost({"name": "cnn_digits"}, (1, 8, 8, 10), 128)
    assert seconds_per_image(small) == STEP_SECONDS / 128
    assert seconds_per_image(cost({"name": "cnn_digits"}, (1, 8, 8, 10), 256)) == STEP_SECONDS / 256


def test_a_large_one_takes_its_arithmetic():
    """ResNet-34 is published with 3.6 billion multiplications and additions an image of 224 pixels."""
    large = cost({"name": "resnet34", "stem": "imagenet"}, (3, 224, 224, 1000), 256)
    assert seconds_per_image(large) * FLOPS_PER_SECOND / (1 + BACKWARD) == pytest.approx(2 * 3.6e9, rel=0.03)


def test_its_memory_is_that_of_its_weights():
    """ResNet-34 is published with 21.8 million of them."""
    large = cost({"name": "resnet34", "stem": "imagenet"}, (3, 224, 224, 1000), 256)
    assert network_memory_mb(large) == pytest.approx(COPIES * 4 * 21.8, rel=0.01)
