"""Memory is bounded by blocks of units; what comes out is not."""

import pytest
import torch
from torch import nn

from distillab.certify import sweep
from distillab.certify.dual import Dual
from distillab.certify.trace import trace


@pytest.mark.parametrize("block", [1, 40, 10**9])
def test_bounds_do_not_depend_on_the_blocks_that_units_are_swept_in(monkeypatch, block):
    """Blocks of parts of an image, of some whole images, of all."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    graph = trace(net.double().eval(), (1, 2, 2))
    x = torch.rand(5, 1, 2, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    dual = Dual(name="dual", intersect=False)
    expected = torch.cat([dual.margins(graph, image[None], torch.zeros(1, dtype=torch.int64), 0.1) for image in x])
    monkeypatch.setattr(sweep, "BLOCK", block)
    found = dual.margins(graph, x, torch.zeros(5, dtype=torch.int64), 0.1)
    assert torch.allclose(found, expected, rtol=0, atol=1e-12)
