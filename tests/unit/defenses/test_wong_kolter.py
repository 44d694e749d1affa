"""Training through the dual bound, where it can be written down."""

import math

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from distillab.certify.dual import Dual
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses.wong_kolter import WongKolter
from distillab.specs.model import Domain
from distillab.training.objective import Task


def two_logits(first, second):
    """Z = (second . relu(first x), 0) without biases, float64."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(len(first[0]), len(first)), nn.ReLU(), nn.Linear(len(first), 2))
    net = net.double()
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor(first))
        net[3].weight.copy_(torch.tensor([second, [0.0] * len(first)]))
        net[1].bias.zero_()
        net[3].bias.zero_()
    return net


def loss_of(spec, net, x, *, epoch=0, seen=0):
    """The loss at one image (pixels x) of class 0, with the ramp over."""
    images = ResidentImages(torch.zeros(1, 1, 1, len(x), dtype=torch.uint8), torch.tensor([0]), levels=255)
    task = Task(images, torch.tensor([0]), Domain((1, 1, len(x)), 2, (0.5,), (0.3,)), 8, 0, None)
    objective = spec.objective(task)
    objective.begin_epoch(epoch, net)
    objective.seen = seen
    batch = Batch(torch.tensor(x, dtype=torch.float64).view(1, 1, 1, -1), torch.tensor([0]), torch.tensor([0]))
    (term,) = objective.terms(net, batch).values()
    return term[0]


def test_loss_of_the_vector_that_can_be_worked_out_by_hand():
    """Pre-activations 0.5 ± 2, chords of slope 0.625: the margin's bound is -2.1875, and the loss ln(1 + e^2.1875)."""
    net = two_logits([[1.0, 1.0], [1.0, -1.0]], [1.0, -1.0])
    loss = loss_of(WongKolter(eps=1.0, ramp=0, input_box=False), net, [0.5, 0.0])
    assert loss.item() == pytest.approx(math.log1p(math.exp(2.1875)), abs=1e-6)


def test_gradient_through_the_slope_and_the_bounds_but_not_through_the_choice_of_units():
    """One unit, a = w x, on both sides of 0: the bound is u l / (u - l) = (a^2 - eps^2 w^2) / (2 eps |w|)."""
    w, x, eps = 2.0, 0.25, 0.4
    net = two_logits([[w]], [1.0])
    loss_of(WongKolter(eps=eps, ramp=0, input_box=False), net, [x]).backward()
    bound = w * (x**2 - eps**2) / (2 * eps)
    of_weight, of_bias = (x**2 - eps**2) / (2 * eps), x / eps
    of_loss = -1 / (1 + math.exp(bound))
    assert net[1].weight.grad.item() == pytest.approx(of_loss * of_weight, rel=1e-9)
    assert net[1].bias.grad.item() == pytest.approx(of_loss * of_bias, rel=1e-9)
    assert net[3].weight.grad[0, 0].item() == pytest.approx(of_loss * bound, rel=1e-9)


def test_a_dead_unit_learns_nothing_and_an_active_one_from_the_worst_image():
    dead, active = two_logits([[-1.0]], [1.0]), two_logits([[2.0]], [1.0])
    spec = WongKolter(eps=0.1, ramp=0)
    for net in (dead, active):
        loss_of(spec, net, [0.5]).backward()
    assert dead[1].weight.grad.item() == 0
    assert active[1].weight.grad.item() == pytest.approx(-0.4 / (1 + math.exp(0.8)), rel=1e-6)


def wide(pixels):
    torch.manual_seed(0)
    return two_logits(torch.randn(6, pixels).div(40).tolist(), torch.randn(6).tolist())


def test_many_projections_come_close_to_the_exact_loss_and_few_do_not_always():
    x, net = torch.rand(3000, generator=torch.Generator().manual_seed(0)).tolist(), wide(3000)
    exact = loss_of(WongKolter(eps=0.05, ramp=0), net, x).item()
    many, few = (
        [loss_of(WongKolter(eps=0.05, ramp=0, projections=k), net, x, seen=seen).item() for seen in range(4)]
        for k in (2001, 5)
    )
    assert many == pytest.approx([exact] * 4, rel=0.08)
    assert max(abs(value - exact) for value in many) < max(abs(value - exact) for value in few)
    assert len(set(many)) == 4


def test_directions_depend_on_the_step_alone():
    net, x, spec = wide(40), [0.5] * 40, WongKolter(eps=0.05, ramp=0, projections=5)
    first, again, next_step, next_epoch = (
        loss_of(spec, net, x, epoch=epoch, seen=seen).item() for epoch, seen in ((0, 0), (0, 0), (0, 1), (1, 0))
    )
    assert first == again
    assert len({first, next_step, next_epoch}) == 3


def test_intervals_come_first_and_then_the_dual():
    net, x = two_logits([[1.0, 1.0], [1.0, -1.0]], [1.0, -1.0]), [0.5, 0.0]
    spec = WongKolter(eps=1.0, ramp=0, input_box=False, interval_epochs=2)
    losses = [loss_of(spec, net, x, epoch=epoch).item() for epoch in (0, 1, 2)]
    intervals, dual = math.log1p(math.exp(2.5)), math.log1p(math.exp(2.1875))
    assert losses == pytest.approx([intervals, intervals, dual], abs=1e-6)


def test_projections_are_seen_in_the_name_and_leave_the_certifier_exact():
    assert WongKolter(projections=51).display_name != WongKolter().display_name
    assert WongKolter(projections=51, norm="l2", input_box=False).certifier.plain() == {
        "name": "dual", "norm": "l2", "input_box": False, "intersect": True, "as_published": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "match"),
    [({"projections": 50}, "odd"), ({"projections": 51, "norm": "l1"}, "linf or l2"), ({"projections": 0}, "1")],
)
def test_impossible_projections_are_refused(fields, match):
    with pytest.raises(ValidationError, match=match):
        WongKolter(**fields)


def test_a_published_training_takes_the_bound_that_was_worked_out_by_hand():
    """The same network as in the certifiers' test: a bound for each definition."""
    for paper, bound in (("wong-kolter", 1 / 3), ("scaling", 17 / 32), (None, 3 / 8)):
        net = nn.Sequential(
            nn.Flatten(), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 2)
        ).double()  # fmt: skip
        with torch.no_grad():
            for layer, weight, bias in zip(
                net[1::2], ([[1, 1], [1, -1]], [[1, 1]], [[1], [0]]), ([-1, 0], [-0.25], [1, 0]), strict=True
            ):
                layer.weight.copy_(torch.tensor(weight))
                layer.bias.copy_(torch.tensor(bias))
        spec = WongKolter(eps=0.75, ramp=0, as_published=paper)
        assert loss_of(spec, net, [0.5, 0.5]).item() == pytest.approx(math.log1p(math.exp(-bound)), abs=1e-12)
        assert spec.filtered_by == spec.certifier == Dual(
            input_box=spec.input_box, intersect=spec.intersect
        )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"as_published": "wong-kolter", "projections": 51}, "projections: expected null"),
        ({"as_published": "wong-kolter", "interval_epochs": 2}, "interval_epochs: expected 0"),
        ({"as_published": "scaling", "clean_weight_start": 1.0}, "clean_weight_start: expected 0.0"),
        ({"as_published": "scaling", "intersect": True}, "intersect: expected false"),
    ],
)
def test_what_contradicts_a_published_training_is_refused(fields, says):
    with pytest.raises(ValidationError, match=says):
        WongKolter(**fields)
    assert WongKolter(as_published="scaling", projections=51, input_box=False).projections == 51
