"""What every registered certifier must keep, on a residual network with a max pool that all of them can solve."""

from typing import get_args

import pytest
import torch
from certifier_cases import EPS, SHAPE, every, network, subject
from pydantic import TypeAdapter
from torch import nn

from distillab.certify import CERTIFIERS, ESTIMATORS
from distillab.certify.decision import certify, clean_margins
from distillab.certify.radius import certified_radius
from distillab.certify.trace import trace
from distillab.core.errors import SpecError
from distillab.core.registry import name_of
from distillab.evaluate.run_certifier import radii
from distillab.specs.certifier import BallNorm

TOLERANCE = 1e-5
"""Of the exact program's own bound."""

pytestmark = pytest.mark.filterwarnings("error")


def inside(x, eps, norm, n=10_000):
    """Points of the ball in [0, 1], most of them on its surface."""
    random = torch.Generator().manual_seed(2)
    way = torch.randn(n, *x.shape, dtype=x.dtype, generator=random)
    if norm == "linf":
        way = way.sign()
    elif norm == "l2":
        way = way / way.flatten(2).norm(dim=2)[:, :, None, None, None]
    else:
        way = way * (way.abs() == way.abs().flatten(2).amax(dim=2)[:, :, None, None, None])
        way = way.sign()
    return (x + eps * way).clamp(0, 1)


@every
def test_no_point_of_the_ball_beats_it(certifier, norm):
    graph, x, y = subject()
    margins = certifier(norm=norm).margins(graph, x, y, EPS[norm])
    points = inside(x, EPS[norm], norm)
    with torch.no_grad():
        seen = clean_margins(graph, points.flatten(0, 1), y.repeat(len(points))).view(*points.shape[:2], -1).amin(dim=0)
    assert (margins <= seen + 1e-9).all()
    assert (margins < clean_margins(graph, x, y) - 1e-3).sum() == 2 * len(x)


@every
def test_the_gradient_sign_does_not_beat_it(certifier, norm):
    graph, x, y = subject()
    margins = certifier(norm=norm).margins(graph, x, y, EPS[norm])
    x_adv = x.clone().requires_grad_()
    for _ in range(10):
        loss = nn.functional.cross_entropy(graph(x_adv), y, reduction="sum")
        gradient = torch.autograd.grad(loss, x_adv)[0].flatten(1)
        best = gradient.abs() == gradient.abs().amax(dim=1, keepdim=True)
        way = {
            "linf": gradient.sign(),
            "l2": gradient / gradient.norm(dim=1, keepdim=True),
            "l1": gradient.sign() * best,
        }
        x_adv = (x + EPS[norm] * way[norm].view_as(x)).clamp(0, 1).detach().requires_grad_()
        assert (margins <= clean_margins(graph, x_adv, y) + 1e-9).all()


@every
def test_radius_zero_gives_the_margins_of_the_logits(certifier, norm):
    graph, x, y = subject()
    margins = certifier(norm=norm).margins(graph, x, y, 0.0)
    assert torch.allclose(margins, clean_margins(graph, x, y), atol=TOLERANCE)
    assert (margins.gather(1, y[:, None]) == 0).all()


@every
def test_an_image_does_not_depend_on_its_batch_mates(certifier, norm):
    graph, x, y = subject()
    spec = certifier(norm=norm)
    radii = EPS[norm] * torch.tensor([1, 0.5, 0.25], dtype=x.dtype)
    whole = spec.margins(graph, x, y, radii)
    for i in range(len(x)):
        alone = spec.margins(graph, x[i : i + 1], y[i : i + 1], float(radii[i]))
        assert torch.allclose(alone[0], whole[i], atol=1e-9)


@every
def test_the_world_is_left_as_it_was(certifier, norm):
    graph, x, y = subject()
    before, random = (x.clone(), y.clone()), torch.get_rng_state()
    first, again = (certifier(norm=norm).margins(graph, x, y, EPS[norm]) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(x, before[0])
    assert torch.equal(y, before[1])
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.is_grad_enabled()


@every
def test_wrong_classes_are_never_certified_and_sure_ones_are(certifier, norm):
    graph, x, y = subject()
    found = certify(certifier(norm=norm), graph, x, y, EPS[norm] / 500)
    right = graph(x).argmax(1) == y
    assert not found[~right].any()
    assert found[right].all()


@every
def test_no_image_and_no_image_classified_correctly_have_no_radius(certifier, norm):
    graph, x, y = subject()
    spec, wrong = certifier(norm=norm), (graph(x).argmax(1) + 1) % 3
    assert certify(spec, graph, x[:0], y[:0], 0.1).tolist() == []
    assert certified_radius(spec, graph, x[:0], y[:0], largest=0.1).tolist() == []
    assert radii(spec, graph, x, wrong, largest=0.1, halvings=2).tolist() == [0.0, 0.0, 0.0]


@every
def test_single_precision_agrees(certifier, norm):
    graph, x, y = subject()
    single = trace(network().float(), SHAPE)
    expected = certifier(norm=norm).margins(graph, x, y, EPS[norm])
    found = certifier(norm=norm).margins(single, x.float(), y, EPS[norm])
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), expected, atol=1e-3)


@every
@pytest.mark.parametrize("eps", [-0.1, float("nan"), "8/255"])
def test_a_bad_radius_is_one_clear_error(certifier, norm, eps):
    graph, x, y = subject()
    with pytest.raises(SpecError, match=r"^eps: the radius"):
        certifier(norm=norm).margins(graph, x, y, eps)


@every
def test_images_out_of_range_are_one_clear_error(certifier, norm):
    graph, x, y = subject()
    with pytest.raises(SpecError, match=r"^x: pixels are outside their range"):
        certifier(norm=norm).margins(graph, 255 * x, y, 0.1)


@pytest.mark.parametrize("certifier", CERTIFIERS.members, ids=name_of)
def test_balls_that_it_does_not_cover_are_refused(certifier):
    graph, x, y = subject(1)
    for norm in set(get_args(BallNorm)) - set(certifier.norms):
        with pytest.raises(SpecError, match="does not cover this ball"):
            certifier(norm=norm).margins(graph, x, y, 0.1)


@pytest.mark.parametrize("spec", [*CERTIFIERS, *ESTIMATORS], ids=name_of)
def test_it_states_its_facts(spec):
    assert spec.paper
    assert spec.label
    assert spec.__doc__
    assert spec.norms
    assert all(field.description or name == "name" for name, field in spec.model_fields.items())


def test_labels_tell_certifiers_apart():
    assert len({spec.label for spec in (*CERTIFIERS, *ESTIMATORS)}) == len(CERTIFIERS) + len(ESTIMATORS)


@pytest.mark.parametrize("certifier", CERTIFIERS.members, ids=name_of)
def test_its_spec_survives_json(certifier):
    spec = TypeAdapter(CERTIFIERS.union).validate_python({"name": name_of(certifier)})
    assert type(spec) is certifier
    assert TypeAdapter(CERTIFIERS.union).validate_python(spec.plain()) == spec
