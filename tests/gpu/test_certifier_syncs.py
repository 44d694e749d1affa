"""How often a bound waits for its device: a few times for each layer whose units it chooses, whatever the images."""

import pytest
import torch
from pretended import OUTSIDE, pretended_gpu

from distillab.certify import CERTIFIERS
from distillab.certify.trace import trace
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain

BUDGETS = {"ibp": 0, "crown": 8, "dual": 8, "alpha_crown": 8, "best": 60}
"""For two layers of ReLUs whose units are swept where intervals leave them open; ``best`` tries one after the other."""

DOMAIN = Domain((1, 28, 28), 10, (0.1,), (0.3,))


TRACE = "certify/trace.py"
"""Reads a network's layers, once."""


def margins(name, n, device):
    model = build_model(MODELS.parse({"name": "wong_small"}), DOMAIN, seed=0).eval().to(device)
    x = torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.no_grad():
        y = model(x).argmax(dim=1)
    return CERTIFIERS[name](name=name).margins(trace(model, DOMAIN.shape), x, y, 0.01)


@pytest.mark.parametrize("name", BUDGETS)
def test_a_bound_keeps_its_budget_and_is_the_same(name):
    found = {}
    for n in (2, 3):
        with pretended_gpu() as syncs:
            found[n] = margins(name, n, "cuda")
            waits = {place: number for (_, place), number in syncs.items() if not place.startswith((OUTSIDE, TRACE))}
            found[n] = found[n].detach().cpu()
        assert sum(waits.values()) <= BUDGETS[name], waits
    assert torch.allclose(found[3], margins(name, 3, "cpu").detach(), atol=1e-5)
