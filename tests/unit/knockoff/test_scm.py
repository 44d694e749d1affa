"""SCM: who learns from whom, and what a checkpoint must keep."""

import pytest
import torch
from torch import nn

from distillab.core.generators import forked
from distillab.data.dataset import Batch
from distillab.knockoff.kd import KD, KDObjective
from distillab.knockoff.scm import SCM
from distillab.knockoff.teacher import CachedAnswers

X = torch.randn(12, 1, 2, 2, generator=torch.Generator().manual_seed(1))


def network(seed):
    with forked(seed, "init"):
        return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(4), nn.Linear(4, 5))


@pytest.fixture
def objective_of(task_of, toy):
    def build(*, probs=None, seed=0, epochs=10, **fields):
        _, p, y = toy()
        task = task_of(y, 5, epochs=epochs, seed=seed, network=network)
        return SCM(**fields).objective(task, CachedAnswers(p if probs is None else probs))

    return build


def terms(objective, model, toy):
    _, _, y = toy()
    return objective.terms(model, Batch(X, y, torch.arange(12)))


def kd_from(target, model, toy, spec):
    _, _, y = toy()
    return KDObjective(spec, CachedAnswers(target.detach())).terms(model, Batch(X, y, torch.arange(12)))


def test_the_knockoff_learns_from_the_last_auxiliary_alone(objective_of, toy):
    student, spec = network(99), KD(temperature=2, hard_weight=0.3)
    objective = objective_of(temperature=2, hard_weight=0.3, models=3)
    got = terms(objective, student, toy)
    last = objective.models[2](X).softmax(1)
    expected = kd_from(last, student, toy, spec)
    torch.testing.assert_close(got["kd"], expected["kd"])
    torch.testing.assert_close(got["cross_entropy"], expected["cross_entropy"])


def test_each_auxiliary_learns_from_the_teacher_and_the_one_before(objective_of, toy):
    """At temperature 1 the mean of softened outputs is the mean of outputs."""
    _, p, _ = toy()
    objective = objective_of(temperature=1, hard_weight=0.3, models=2)
    got = terms(objective, network(99), toy)["auxiliary"]
    first, second = objective.models
    targets = (p, (p + first(X).softmax(1)) / 2)
    spec = KD(temperature=1, hard_weight=0.3)
    expected = [sum(kd_from(t, m, toy, spec).values()) for t, m in zip(targets, (first, second), strict=True)]
    torch.testing.assert_close(got, expected[0] + expected[1])


def test_nobody_teaches_by_gradient(objective_of, toy):
    """The knockoff's loss moves the knockoff alone, an auxiliary's moves that auxiliary alone."""
    student, objective = network(99), objective_of(models=2)
    got = terms(objective, student, toy)
    (got["kd"] + got["cross_entropy"]).sum().backward(retain_graph=True)
    assert all(parameter.grad is None for parameter in objective.models.parameters())
    student.zero_grad()
    got["auxiliary"].sum().backward()
    assert all(parameter.grad is None for parameter in student.parameters())
    assert all(parameter.grad is not None for parameter in objective.models.parameters())


def test_the_auxiliaries_learn(objective_of, toy):
    objective = objective_of()
    losses = []
    for _ in range(30):
        got = terms(objective, network(99), toy)
        sum(got.values()).mean().backward()
        objective.end_step()
        losses.append(got["auxiliary"].mean().item())
    assert losses[-1] < 0.8 * losses[0]


def test_the_auxiliaries_differ_and_come_from_the_seed(objective_of):
    weights = [[model[2].weight for model in objective_of(models=3, seed=seed).models] for seed in (0, 0, 1)]
    assert all(torch.equal(*pair) for pair in zip(weights[0], weights[1], strict=True))
    assert len({str(weight.tolist()) for weight in weights[0] + weights[2]}) == 6


def test_their_rate_falls_along_half_a_cosine(objective_of):
    objective = objective_of(lr=0.2, epochs=4)
    rates = []
    for epoch in range(4):
        objective.begin_epoch(epoch, nn.Identity())
        rates.append(objective.lr)
    assert rates == pytest.approx([0.2, 0.170711, 0.1, 0.029289], abs=1e-5)


def test_the_state_holds_weights_statistics_and_momenta(objective_of, toy):
    first, second = objective_of(seed=0), objective_of(seed=1)
    student = network(99)

    def step(objective):
        sum(terms(objective, student, toy).values()).mean().backward()
        objective.end_step()

    step(first)
    second.load_state({name: tensor.clone() for name, tensor in first.state().items()})
    for objective in (first, second):
        step(objective)
    ours, theirs = first.state(), second.state()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_exact_zeros_of_the_teacher_are_finite_in_every_loss(objective_of, toy):
    probs = torch.tensor([[0.0, 0.0, 0.0, 0.4, 0.6]]).expand(12, 5)
    objective, student = objective_of(probs=probs, models=3), network(99)
    got = terms(objective, student, toy)
    sum(got.values()).sum().backward()
    assert all(term.isfinite().all() for term in got.values())
    assert all(parameter.grad.isfinite().all() for parameter in [*student.parameters(), *objective.models.parameters()])
