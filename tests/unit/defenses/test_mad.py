"""MAD: its test vectors, its closed form against autograd, its oracles against exhaustive search."""

from itertools import combinations, pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from distillab.data.dataset import ResidentImages
from distillab.defenses.deviation import EXTRA, argmax_oracle, deviation, extreme_oracle, most_deviating
from distillab.defenses.mad import MaximizingAngularDeviation, surrogate_for
from distillab.models.load import build_model
from distillab.specs.model import Domain
from distillab.training.objective import Task

P = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64)
NOTHING = torch.zeros_like(P)
"""With ``q = 0`` an answer's gradient is the answer itself up to sign: the identity in place of the Jacobian."""

DIGITS = Domain((1, 8, 8), 10, (0.3,), (0.4,))
CIFAR = Domain((3, 32, 32), 100, (0.5, 0.5, 0.5), (0.3, 0.3, 0.3))


def unit(q, p):
    return F.normalize(q - p, dim=1)


def outputs(n, k, seed=0, sharpness=2.0):
    stream = torch.Generator().manual_seed(seed)
    p, q = (torch.randn(n, k, generator=stream, dtype=torch.float64).mul(s).softmax(1) for s in (sharpness, 0.2))
    return p, q


def rows(*values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize(("k", "value"), [(0, 0.09484131), (1, 1.45566895), (2, 1.72783447)])
def test_the_deviation_of_the_vertices(k, value):
    vertex = torch.eye(3, dtype=torch.float64)[[k]]
    assert deviation(vertex, NOTHING, unit(NOTHING, P)).item() == pytest.approx(value, abs=1e-7)


@pytest.mark.parametrize(
    ("eps", "answer"),
    [
        (0.2, (0.622222, 0.177778, 0.2)),
        (0.5, (0.505556, 0.144444, 0.35)),
        (1.0, (0.311111, 0.088889, 0.6)),
        (1.8, (0, 0, 1)),
        (2.0, (0, 0, 1)),
    ],
)
def test_how_far_the_extreme_answer_goes(eps, answer):
    got = most_deviating(P, NOTHING, eps=eps, variant="extreme")
    torch.testing.assert_close(got, rows(answer), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("chosen", "value"), [((0,), 0.094841), ((0, 2), 0.460394), ((0, 1), 0.267944), ((0, 1, 2), 0.428646)]
)
def test_the_deviation_of_the_sets(chosen, value):
    assert deviation(uniform_on(chosen, 0, 3)[None], NOTHING, unit(NOTHING, P)).item() == pytest.approx(value, abs=1e-5)


def test_the_best_set():
    torch.testing.assert_close(argmax_oracle(P, NOTHING, unit(NOTHING, P)), uniform_on((0, 2), 0, 3)[None])


def uniform_on(chosen, first, k):
    weights = torch.zeros(k, dtype=torch.float64)
    weights[list(chosen)] = 1
    weights[first] += EXTRA
    return weights / weights.sum()


def induced(network, x, answer):
    """The gradient of the cross-entropy with ``answer`` in the last weight matrix."""
    last = network[-1].weight
    (gradient,) = torch.autograd.grad(-(answer * network(x).log_softmax(1)[0]).sum(), last)
    return gradient.flatten()


def test_the_closed_form_equals_autograd():
    stream = torch.Generator().manual_seed(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(4, 7), nn.ReLU(), nn.Linear(7, 5)).double()
    x = torch.randn(1, 4, generator=stream, dtype=torch.float64)
    p, answer = torch.randn(2, 5, generator=stream, dtype=torch.float64).softmax(1)
    q = network(x).softmax(1).detach()
    jacobian = torch.stack([induced(network, x, vertex) for vertex in torch.eye(5, dtype=torch.float64)])
    torch.testing.assert_close(jacobian.T @ answer, induced(network, x, answer))
    features = network[:2](x)[0]
    torch.testing.assert_close(induced(network, x, answer).view(5, 7), torch.outer(q[0] - answer, features))
    expected = (F.normalize(jacobian.T @ answer, dim=0) - F.normalize(jacobian.T @ p, dim=0)).square().sum()
    torch.testing.assert_close(deviation(answer[None], q, unit(q, p[None]))[0], expected)


def test_the_extreme_oracle_tries_every_vertex():
    p, q = outputs(40, 7)
    values = torch.stack([deviation(e.expand(40, 7), q, unit(q, p)) for e in torch.eye(7, dtype=torch.float64)], 1)
    assert torch.equal(extreme_oracle(q, unit(q, p)).argmax(1), values.argmax(1))


@pytest.mark.parametrize("k", [2, 3, 6])
def test_the_argmax_oracle_tries_every_set(k):
    p, q = outputs(20, k)
    found = argmax_oracle(p, q, unit(q, p))
    for row in range(20):
        first = int(p[row].argmax())
        others = [j for j in range(k) if j != first]
        sets = [uniform_on((first, *more), first, k) for size in range(k) for more in combinations(others, size)]
        values = deviation(torch.stack(sets), q[[row]].expand(len(sets), k), unit(q, p)[[row]].expand(len(sets), k))
        best = int((values >= values.max() - 1e-9).nonzero()[0])
        assert deviation(found[[row]], q[[row]], unit(q, p)[[row]]).item() == pytest.approx(
            values.max().item(), abs=1e-9
        )
        if k > 2:  # on a line most sets lie in the same direction
            torch.testing.assert_close(found[row], sets[best])


@pytest.mark.parametrize("oracle", [argmax_oracle, lambda _p, q, direction: extreme_oracle(q, direction)])
def test_of_sets_that_are_equal_up_to_rounding_batch_mates_do_not_choose(oracle):
    p, q = outputs(50, 2)
    noise = 1e-13 * torch.randn(50, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    torch.testing.assert_close(oracle(p, q + noise, unit(q, p)), oracle(p, q, unit(q, p)))


@pytest.mark.parametrize(("k", "rounds"), [(12, 11), (100, 11), (200, 6)])
def test_with_many_classes_sets_grow_greedily(k, rounds):
    p, q = outputs(3, k)
    found = argmax_oracle(p, q, unit(q, p))
    for row in range(3):
        first, direction = int(p[row].argmax()), unit(q, p)[[row]]
        chosen, tried = [first], [uniform_on([first], first, k)]
        for _ in range(rounds):
            grown = {j: uniform_on([*chosen, j], first, k) for j in range(k) if j not in chosen}
            added = max(grown, key=lambda j: deviation(grown[j][None], q[[row]], direction).item())
            chosen.append(added)
            tried.append(grown[added])
        best = max(tried, key=lambda answer: deviation(answer[None], q[[row]], direction).item())
        torch.testing.assert_close(found[row], best)


@pytest.mark.parametrize("k", [2, 10, 11, 100])
@pytest.mark.parametrize("variant", ["argmax", "extreme"])
@pytest.mark.parametrize("eps", [0.0, 0.2, 1.0, 2.0])
def test_answers_are_distributions_within_the_ball(k, variant, eps):
    p, q = outputs(16, k, sharpness=4.0)
    got = most_deviating(p, q, eps=eps, variant=variant)
    assert (got >= 0).all()
    torch.testing.assert_close(got.sum(1), torch.ones(16, dtype=torch.float64))
    assert (got - p).abs().sum(1).max() <= eps + 1e-6
    values = deviation(got, q, unit(q, p))
    assert values.min() >= -1e-12
    assert values.max() <= 4 + 1e-12
    if eps == 0:
        torch.testing.assert_close(got, p)
    if variant == "argmax":
        assert torch.equal(got.argmax(1), p.argmax(1))


def test_the_extreme_variant_does_flip_classes():
    p, q = outputs(16, 10, sharpness=1.0)
    assert (most_deviating(p, q, eps=1.0, variant="extreme").argmax(1) != p.argmax(1)).any()


def test_a_larger_ball_never_deviates_less():
    p, q = outputs(16, 5)
    values = [deviation(most_deviating(p, q, eps=e, variant="argmax"), q, unit(q, p)) for e in (0.0, 0.2, 1.0, 2.0)]
    assert all((later >= earlier - 1e-9).all() for earlier, later in pairwise(values))
    torch.testing.assert_close(values[0], torch.zeros_like(values[0]), atol=1e-12, rtol=0)


@pytest.mark.parametrize("variant", ["argmax", "extreme"])
def test_where_the_surrogate_agrees_the_answer_is_true(variant):
    p, q = outputs(4, 6)
    q[1] = p[1]
    got = most_deviating(p, q, eps=1.0, variant=variant)
    assert torch.equal(got[1], p[1])
    assert not torch.equal(got[0], p[0])


def test_permuted_classes_permute_the_answer():
    p, q = outputs(8, 9)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    for variant in ("argmax", "extreme"):
        straight = most_deviating(p, q, eps=0.7, variant=variant)
        torch.testing.assert_close(
            most_deviating(p[:, order], q[:, order], eps=0.7, variant=variant), straight[:, order]
        )


def task(seed):
    images = ResidentImages(torch.zeros(4, 1, 8, 8, dtype=torch.uint8), torch.arange(4), levels=255)
    return Task(images, torch.arange(4), DIGITS, 1, seed, None)


def test_the_release_asks_the_surrogate_of_its_state_about_the_images():
    spec, n = MaximizingAngularDeviation(), 300
    state = spec.prepare(task(1), None)
    assert all(torch.equal(state[name], value) for name, value in spec.prepare(task(1), None).items())
    x = torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    log_p = outputs(n, 10, sharpness=1.0)[0].float().log()
    before = torch.get_rng_state()
    answers = spec.release(state, DIGITS)(log_p, x)
    assert torch.equal(torch.get_rng_state(), before)
    surrogate = build_model(surrogate_for(DIGITS), DIGITS, seed=1).eval().requires_grad_(False)
    expected = most_deviating(log_p.exp(), surrogate(x).softmax(1), eps=1.0, variant="argmax")
    torch.testing.assert_close(answers.exp(), expected.float(), atol=1e-5, rtol=0)
    assert not torch.equal(spec.release(state, DIGITS)(log_p, x.flip(0)), answers)
    assert not torch.equal(spec.release(spec.prepare(task(2), None), DIGITS)(log_p, x), answers)


def test_the_surrogate_is_narrow_on_small_images_only():
    assert surrogate_for(CIFAR).width == 64
    assert surrogate_for(DIGITS).width == 8


@pytest.mark.parametrize("wrong", [{"eps": -0.1}, {"eps": 2.1}, {"variant": "min"}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MaximizingAngularDeviation(**wrong)
