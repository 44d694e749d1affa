"""Training through intervals, alone or mixed with backward sweeps, where both can be written down."""

import pytest
import torch
from torch import nn

from distillab.certify.trace import trace
from distillab.defenses.certified_training import Moment
from distillab.defenses.crown_ibp import CROWNIBP
from distillab.defenses.ibp_training import IBPTraining

X, Y = torch.tensor([[[[0.5, 0.0]]]], dtype=torch.float64), torch.tensor([0])
CROWN, IBP = -2.75, -2.5


@pytest.fixture
def graph():
    """Z = (relu(x1 + x2) - relu(x1 - x2), 0): pre-activations 0.5 ± 2 at radius 1."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 2, bias=False)).double()
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[1.0, 1.0], [1.0, -1.0]]))
        net[3].weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 0.0]]))
    return trace(net, (1, 1, 2))


def margin(spec, graph, share):
    return spec.margins(graph, X, Y, Moment(0, share, 0))[0, 1].item()


def test_intervals_lose_what_the_layers_share(graph):
    assert margin(IBPTraining(eps=1.0, input_box=False), graph, 1.0) == pytest.approx(IBP)
    assert margin(IBPTraining(eps=1.0, input_box=False), graph, 0.25) == pytest.approx(-1.0)


def test_clean_images_come_first_and_keep_half_of_the_weight():
    spec = IBPTraining()
    assert [spec.clean_weight_at(share) for share in (0, 0.5, 1)] == [1, 0.75, 0.5]


@pytest.mark.parametrize(("share", "beta"), [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)])
def test_sweeps_give_way_to_intervals_along_the_ramp(graph, share, beta):
    spec = CROWNIBP(eps=1.0, eps_start=1.0, input_box=False)
    assert margin(spec, graph, share) == pytest.approx(beta * CROWN + (1 - beta) * IBP)


def test_sweeps_may_stay(graph):
    spec = CROWNIBP(eps=1.0, eps_start=1.0, input_box=False, beta=1.0)
    assert [margin(spec, graph, share) for share in (0.0, 1.0)] == pytest.approx([CROWN, CROWN])


def test_what_has_no_weight_is_not_computed(graph, monkeypatch):
    from distillab.defenses import crown_ibp

    slopes = []

    def watched(*arguments):
        slopes.append(arguments[-1])
        return torch.zeros(1, 2)

    monkeypatch.setattr(crown_ibp, "margins_under", watched)
    for share in (0.0, 0.5, 1.0):
        margin(CROWNIBP(eps=1.0), graph, share)
    assert slopes == ["adaptive", "adaptive", "constant", "constant"]
