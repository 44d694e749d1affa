"""Images that a small network learns in seconds, and the modules beside the tests within their reach."""

import sys
from pathlib import Path

import pytest
import torch

from distillab.data.dataset import ResidentImages

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("small_training")


@pytest.fixture(scope="session")
def images():
    from small_training import CLASSES

    stream = torch.Generator().manual_seed(1)
    y = torch.arange(60) % CLASSES
    x = torch.randint(0, 8, (60, 1, 6, 6), generator=stream)
    for label in range(CLASSES):
        x[y == label, :, label : label + 2, label : label + 2] += 5
    return ResidentImages(x.to(torch.uint8), y, levels=16)
