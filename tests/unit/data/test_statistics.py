import pytest
import torch

from distillab.data.dataset import ResidentImages
from distillab.data.statistics import channel_statistics


def test_statistics_of_a_random_set_match_float64_over_all_pixels():
    x = torch.randint(256, (700, 3, 4, 5), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    index = torch.arange(0, 700, 2)
    found = channel_statistics(ResidentImages(x, torch.zeros(700, dtype=torch.int64), 255), index)
    pixels = x[index].double() / 255
    assert found.mean == pytest.approx(pixels.mean((0, 2, 3)).tolist(), abs=1e-8)
    assert found.std == pytest.approx(pixels.std((0, 2, 3), correction=0).tolist(), abs=1e-8)


def test_a_constant_channel_has_no_spread():
    x = torch.full((5, 2, 3, 3), 7, dtype=torch.uint8)
    found = channel_statistics(ResidentImages(x, torch.zeros(5, dtype=torch.int64), 16), torch.arange(5))
    assert found.mean == (7 / 16, 7 / 16)
    assert found.std == (0, 0)
