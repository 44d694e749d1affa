import pytest
import torch
from linear_networks import X, Y, toy
from pydantic import ValidationError
from torch import nn

from distillab.attacks.pgd import PGD
from distillab.core.errors import SpecError
from distillab.core.generators import ExampleNoise
from distillab.evaluate.run_attack import run_attack


def attack(net, **changes):
    return run_attack(net, X, Y, [0], spec=PGD(**{"eps": 0.1, "step_size": 0.02, "steps": 20, **changes}), seed=0)


@pytest.mark.parametrize(("norm", "below", "above"), [("linf", 0.1428, 0.1430), ("l2", 0.1999, 0.2001)])
@pytest.mark.parametrize(("loss", "scale"), [("ce", 1.0), ("ce", 1 / 40), ("margin", 40.0), ("margin", 1 / 40)])
def test_succeeds_exactly_beyond_the_boundary(norm, below, above, loss, scale):
    for eps, expected in ((below, False), (above, True)):
        record = attack(toy(scale), norm=norm, eps=eps, loss=loss, steps=60)
        assert record.success.item() is expected
        assert record.distance.item() == pytest.approx(eps, abs=1e-4) if expected else record.distance.isinf()


def test_saturated_cross_entropy_is_flagged_and_the_margin_gets_through():
    blind = attack(toy(400.0), norm="l2", eps=0.25, random_start=False)
    assert blind.zero_gradient_share == 1
    assert not blind.success
    assert attack(toy(400.0), norm="l2", eps=0.25, random_start=False, loss="margin").success


def test_dlr_succeeds_whatever_the_scale():
    def net(x):
        return torch.cat([toy(400.0)(x), torch.full((len(x), 1), -500.0)], dim=1)

    spec = PGD(eps=0.143, step_size=0.02, loss="dlr")
    assert spec.run(net, X, Y, noise=ExampleNoise(0, (0,))).success


def test_targeted_descends_to_the_target_only():
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 3, bias=False))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]]))
        net[1].bias = nn.Parameter(torch.tensor([0.1, 0.0, 0.0]))
    for target in (1, 2):
        for loss in ("ce", "margin"):
            spec = PGD(eps=0.2, step_size=0.02, loss=loss)
            record = run_attack(net, X, Y, [0], spec=spec, seed=0, y_target=torch.tensor([target]))
            assert record.label_adv.item() == target
            assert record.kept[0].flatten()[target - 1] > 0.5
    with pytest.raises(SpecError, match="no targeted form"):
        run_attack(net, X, Y, [0], spec=PGD(eps=0.2, step_size=0.02, loss="dlr"), seed=0, y_target=torch.tensor([1]))


def test_the_point_found_first_is_kept_and_the_work_is_counted():
    """A step of 0.05 crosses 1/7 with the third one, which the fourth forward pass sees."""
    record = attack(toy(), eps=0.3, step_size=0.05, random_start=False)
    assert record.kept.flatten().tolist() == pytest.approx([0.35, 0.35])
    assert (record.forwards.item(), record.backwards.item()) == (4, 4)
    failed = attack(toy(), eps=0.1, restarts=3)
    assert (failed.forwards.item(), failed.backwards.item()) == (63, 60)


def test_fractions_and_mistakes():
    assert PGD(eps="8/255", step_size="2/255").eps == 8 / 255
    assert PGD(eps=0.1, step_size=0.1).max_distance == 0.1
    for wrong in ({"eps": -1}, {"norm": "l1"}, {"restarts": 2, "random_start": False}, {"steps": 0}, {"epsilon": 1}):
        with pytest.raises(ValidationError):
            PGD(**{"eps": 0.1, "step_size": 0.1, **wrong})


def test_beyond_goes_on_until_the_class_wins_by_as_many_logits_and_fools_no_more_images():
    """The margin of the toy falls by 7 logits a unit in both pixels: from 1 by 0.35 a step."""
    first, beyond = (attack(toy(), eps=0.4, step_size=0.05, random_start=False, beyond=logits) for logits in (0.0, 0.7))
    assert first.success.item() is beyond.success.item() is True
    assert (first.linf.item(), beyond.linf.item()) == pytest.approx((0.15, 0.25))
    unreached = attack(toy(), eps=0.2, step_size=0.05, random_start=False, beyond=50)
    assert unreached.success.item() is True, "adversarial, though not by as much"
    assert unreached.linf.item() == pytest.approx(0.2)


def test_what_is_beyond_the_boundary_carries_over_further():
    """The same network shifted by half a logit is not fooled by the first point that fools the other."""

    def shifted(x):
        return toy()(x) + torch.tensor([0.5, 0.0])

    model = nn.Module()
    model.forward = shifted
    for logits, expected in ((0.0, False), (50.0, True)):
        spec = PGD(eps=0.25, step_size=0.05, steps=20, random_start=False, loss="margin", beyond=logits)
        assert run_attack(model, X, Y, [0], spec=spec, seed=0, source=toy()).success.item() is expected
