"""What every registered attack must keep; specs are made from the shared vocabulary of field names."""

import math
from typing import get_args

import pytest
import torch
from attack_cases import attack_it, conv_net, count, every, images, spec_of
from torch import nn

from distillab.core.errors import ContractError
from distillab.core.generators import ExampleNoise
from distillab.core.registry import name_of
from distillab.evaluate.run_attack import run_attack
from distillab.losses.margins import difference_of_logits

STRONGER = {"eps": 0.16, "steps": 12, "restarts": 4, "search_steps": 6}
pytestmark = every


def same(first, second):
    a, b = first.columns(), second.columns()
    return all(torch.equal(torch.from_numpy(a[c]).nan_to_num(-1), torch.from_numpy(b[c]).nan_to_num(-1)) for c in a)


def test_same_seed_gives_the_same_bits_and_another_seed_only_changes_randomized_attacks(attack, norm):
    net = conv_net()
    x, y = images(count(attack, 40), net)
    first, again = (attack_it(net, x, y, spec_of(attack, norm)) for _ in range(2))
    assert same(first, again)
    other = run_attack(net, x, y, range(len(x)), spec=spec_of(attack, norm), seed=4)
    assert same(first, other) != attack.randomized


@pytest.mark.parametrize("field", list(STRONGER))
def test_more_effort_never_lowers_success(attack, norm, field):
    if field not in attack.model_fields:
        pytest.skip(f"has no {field}")
    net = conv_net()
    x, y = images(count(attack, 60), net)
    weak = attack_it(net, x, y, spec_of(attack, norm))
    strong = attack_it(net, x, y, spec_of(attack, norm, **{field: STRONGER[field]}))
    assert strong.success.sum() >= weak.success.sum()
    if field in ("restarts", "search_steps"):
        assert (strong.distance[weak.success] <= weak.distance[weak.success]).all()


def test_the_world_is_left_as_it_was(attack, norm):
    net = conv_net()
    x, y = images(20, net)
    net.train()
    net[1].eval()
    net[0].weight.requires_grad_(False)
    before = ([m.training for m in net.modules()], [p.requires_grad for p in net.parameters()])
    state = {name: value.clone() for name, value in net.state_dict().items()}
    x_before, y_before, random_before = x.clone(), y.clone(), torch.get_rng_state()
    attack_it(net, x, y, spec_of(attack, norm))
    assert torch.equal(x, x_before)
    assert torch.equal(y, y_before)
    assert (x.requires_grad, x.grad) == (False, None)
    assert torch.equal(torch.get_rng_state(), random_before)
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    assert before == ([m.training for m in net.modules()], [p.requires_grad for p in net.parameters()])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("random_start", [True, False], ids=["", "no random start"])
def test_a_direct_call_leaves_the_callers_tensors_as_they_were(attack, norm, dtype, random_start):
    if not (random_start or "random_start" in attack.model_fields):
        pytest.skip("has no random_start")
    net = conv_net().to(dtype).requires_grad_(False)
    x, _ = images(4, conv_net())
    x = x.to(dtype)
    y = net(x).argmax(dim=1)
    changes = {} if random_start else {"random_start": False, "restarts": 1}
    x_before, y_before, random_before = x.clone(), y.clone(), torch.get_rng_state()
    result = spec_of(attack, norm, **changes).run(net, x, y, noise=ExampleNoise(3, (0, 1, 2, 3)))
    assert result.x_adv.dtype == result.distance.dtype == dtype
    assert [result.x_adv.requires_grad, result.distance.requires_grad] == [False, False]
    assert (x.requires_grad, x.grad) == (False, None)
    assert torch.equal(x, x_before)
    assert torch.equal(y, y_before)
    assert torch.equal(torch.get_rng_state(), random_before)
    assert torch.get_default_dtype() == torch.float32


def test_a_network_that_is_right_about_nothing_is_a_table_without_attacks(attack, norm):
    net = conv_net()
    x, _ = images(5, net)
    y = (net(x).argmax(dim=1) + 1) % 10
    record = attack_it(net, x, y, spec_of(attack, norm, batch_size=2))
    assert not record.correct.any()
    assert not record.success.any()
    assert record.distance.isnan().all()
    assert record.forwards.sum() == record.backwards.sum() == 0
    assert torch.equal(record.label_adv, record.label_clean)
    assert record.kept.shape == (0, 1, 8, 8)
    assert math.isnan(record.zero_gradient_share)
    assert {len(values) for values in record.columns().values()} == {5}


@pytest.mark.parametrize("corner", [0.0, 1.0])
def test_saturated_pixels_can_move(attack, norm, corner):
    """Logits (0.5 - 5 sum |x - corner|, 0) of four pixels: the image has to leave the corner it is in."""
    if name_of(attack) == "jsma" and corner == 1:
        pytest.skip("only raises features")
    inwards = 1 - 2 * corner
    net = nn.Sequential(nn.Flatten(), nn.Linear(25, 2))
    with torch.no_grad():
        net[1].weight.zero_()
        net[1].weight[0, :4] = -5.0 * inwards
        net[1].bias.copy_(torch.tensor([0.5 + 20 * corner * inwards, 0.0]))
    x = torch.full((1, 1, 5, 5), corner)
    record = attack_it(net, x, torch.tensor([0]), spec_of(attack, norm, steps=400))
    assert record.correct.all()
    assert record.success.all()


def test_successes_are_in_range_within_budget_and_by_kappa(attack, norm):
    net = conv_net()
    x, y = images(count(attack, 60), net)
    kappa = 0.5
    spec = spec_of(attack, norm, kappa=kappa, steps=30)
    record = attack_it(net, x, y, spec, keep=60)
    assert record.success.any()
    assert record.kept.min() >= 0
    assert record.kept.max() <= 1
    assert (record.distance[record.success] <= spec.max_distance * (1 + 1e-6) + 1e-6).all()
    assert record.forwards.max() <= spec.passes
    assert record.backwards.max() <= spec.passes
    with torch.no_grad():
        margins = difference_of_logits(net(record.kept), y[record.success])
    assert (margins < 0).all()
    if "kappa" in attack.model_fields:
        assert (margins <= -kappa + 1e-5).all()


def test_failures_are_infinite_and_misclassified_images_are_not_attacked(attack, norm):
    net = conv_net()
    x, y = images(count(attack, 60), net)
    record = attack_it(
        net, x, y, spec_of(attack, norm, steps=1, restarts=1, search_steps=1, eps=1e-6, lr=1e-6, gamma=0.05)
    )
    failed = record.correct & ~record.success
    assert failed.any() or name_of(attack) == "lbfgs"  # lowers its const until it succeeds
    assert (record.distance[failed] == math.inf).all()
    assert torch.equal(record.label_adv[failed], record.label[failed])
    assert not record.correct[::7].any()
    assert record.distance[~record.correct].isnan().all()
    assert (record.forwards[~record.correct] == 0).all()
    assert record.l2[~record.success].isnan().all()


def test_a_search_says_on_which_images_its_steps_ran_out(attack, norm):
    """With one step wherever it fails, with plenty nowhere; an attack of a fixed radius is no search."""
    if "steps" not in attack.model_fields:
        pytest.skip("has no steps")
    net = conv_net()
    x, y = images(count(attack, 24), net)
    few = attack_it(net, x, y, spec_of(attack, norm, steps=1))
    failed = few.correct & ~few.success
    assert not few.at_limit[~few.correct].any()
    if attack.kind == "fixed_radius":
        assert failed.any()
        assert not few.at_limit.any()
    else:
        assert few.at_limit.any()
        assert few.at_limit[failed].sum() >= 0.9 * failed.sum()
        assert not attack_it(net, x, y, spec_of(attack, norm, steps=400)).at_limit.any()


def test_no_success_is_closer_than_the_hyperplane(attack, norm):
    if norm == "l0":
        pytest.skip("the count of pixels has no dual norm")
    torch.manual_seed(5)
    linear = nn.Linear(64, 10)
    net = nn.Sequential(nn.Flatten(), linear)
    x, y = images(count(attack, 40), net)
    record = attack_it(net, x, y, spec_of(attack, norm, steps=40))
    logits, weight = net(x), linear.weight
    steepness = (weight[y][:, None] - weight[None]).norm(p=1 if norm == "linf" else 2, dim=2)
    ways = (logits.gather(1, y[:, None]) - logits) / steepness
    exact = ways.scatter(1, y[:, None], torch.inf).amin(dim=1)
    assert record.success.any()
    assert (record.distance >= exact * (1 - 1e-4))[record.correct].all()


def test_a_target_is_reached_or_the_attack_has_failed(attack, norm):
    if get_args(attack.model_fields["target"].annotation) == ("untargeted",):
        pytest.skip("has no targeted form")
    net = conv_net()
    x, y = images(count(attack, 60), net)
    y_target = (y + 1 + torch.arange(len(x)) % 9) % 10
    record = attack_it(net, x, y, spec_of(attack, norm, eps=0.3, steps=30, search_steps=5), y_target=y_target)
    assert record.success.any()
    assert torch.equal(record.label_adv[record.success], y_target[record.success])


def test_probabilities_are_refused(attack, norm):
    net = conv_net()
    x, y = images(10, net)
    with pytest.raises(ContractError, match="probabilities"):
        attack_it(nn.Sequential(net, nn.Softmax(dim=1)), x, y, spec_of(attack, norm))


def test_it_states_its_facts(attack, norm):
    assert attack.kind in ("fixed_radius", "minimum_norm")
    assert attack.paper
    assert attack.label
    finite = math.isfinite(spec_of(attack, norm).max_distance)
    assert finite == (attack.kind == "fixed_radius")
