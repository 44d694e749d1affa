"""The adaptive transfer set: the bandit's arithmetic, its rewards, and a budget that holds."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from distillab.core.errors import ContractError
from distillab.core.generators import forked
from distillab.data.dataset import Batch
from distillab.knockoff.knockoff_adaptive import ClassBandit, KnockoffAdaptive, OnlineStudent, certainty, diversity
from distillab.knockoff.teacher import CachedAnswers

N, CLASSES = 120, 4
Y = torch.arange(N) % CLASSES


def network(seed):
    with forked(seed, "init"):
        return nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, CLASSES))


class Answered(CachedAnswers):
    """Remembers what it was asked."""

    def __init__(self, probs):
        super().__init__(probs)
        self.asked = []

    def __call__(self, batch):
        self.asked += batch.index.tolist()
        return super().__call__(batch)


def informative_class_one():
    """Class 1 gets certain answers of many kinds, all others the same dull one."""
    varied = 0.97 * torch.eye(CLASSES)[torch.arange(N) // CLASSES % CLASSES] + 0.0075
    return torch.where((Y == 1)[:, None], varied, torch.tensor([0.4, 0.2, 0.2, 0.2]))


@pytest.fixture
def chosen(task_of):
    def positions(probs=None, seed=0, **fields):
        task = task_of(Y, CLASSES, seed=seed, network=network)
        answers = Answered(torch.full((N, CLASSES), 0.25) if probs is None else probs)
        return KnockoffAdaptive(**fields).objective(task, answers).positions(task.train), answers

    return positions


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_bandit_steps_by_the_gradient():
    """Classes 0, 0, 1 earn 1, 0, 0.8; their mean is 0.6, class 0 was drawn twice, and the policy is uniform."""
    bandit = ClassBandit(3)
    bandit.learn(torch.tensor([0, 0, 1]), torch.tensor([1.0, 0.0, 0.8]))
    zero, one = (0.4 - 0.6) / 2, 0.2
    expected = torch.tensor([zero * 2 / 3 - one / 3, one * 2 / 3 - zero / 3, -(zero + one) / 3], dtype=torch.float64)
    torch.testing.assert_close(bandit.preferences, expected, atol=1e-7, rtol=1e-6)
    assert bandit.policy.argmax() == 1
    assert bandit.policy.sum().item() == pytest.approx(1)


def test_the_baseline_is_the_mean_of_all_rewards_so_far():
    bandit = ClassBandit(2)
    bandit.learn(torch.tensor([0, 1]), torch.tensor([0.2, 0.2]))
    before = bandit.preferences.clone()
    assert not before.any()
    bandit.learn(torch.tensor([0]), torch.tensor([0.8]))  # mean 0.4, class 0 drawn twice
    torch.testing.assert_close(bandit.preferences, torch.tensor([0.1, -0.1], dtype=torch.float64), atol=1e-7, rtol=0)


def test_a_draw_follows_the_policy_whatever_the_sizes_of_the_classes():
    bandit = ClassBandit(2)
    bandit.preferences = torch.tensor([0.9, 0.1], dtype=torch.float64).log()
    y = torch.cat([torch.zeros(20, dtype=torch.long), torch.ones(480, dtype=torch.long)])
    nothing, draws = torch.empty(0, dtype=torch.long), stream()
    zeros = sum(int(y[bandit.draw(y, nothing, 1, draws)] == 0) for _ in range(500))
    assert 430 < zeros < 470


def test_no_image_is_drawn_twice_and_an_empty_class_leaves_the_rest_to_others():
    bandit = ClassBandit(2)
    bandit.preferences = torch.tensor([30.0, 0.0], dtype=torch.float64)
    y = torch.tensor([0, 0, 1, 1, 1])
    drawn = bandit.draw(y, torch.tensor([0]), 4, stream())
    assert sorted(drawn.tolist()) == [1, 2, 3, 4]


def test_rewards_of_an_answer():
    probs = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(certainty(probs), torch.tensor([0.5, 1.0]))
    torch.testing.assert_close(diversity(probs, torch.tensor([0.5, 0.3, 0.2])), torch.tensor([0.2, 0.8]))


def test_rewards_are_rescaled_by_their_range_so_far_and_the_online_student_learns(task_of):
    task = task_of(Y, CLASSES, network=network)
    online = OnlineStudent(task, CachedAnswers(informative_class_one()))
    before = online.model[4].weight.clone()
    rewards = [online.rewards(torch.arange(start, start + 20)) for start in range(0, N, 20)]
    assert all(((reward >= 0) & (reward <= 1)).all() for reward in rewards)
    assert rewards[-1][Y[100:] == 1].mean() > rewards[-1][Y[100:] != 1].mean()
    assert not torch.equal(online.model[4].weight, before)


def test_diversity_is_what_earlier_answers_did_not_show_and_its_range_is_of_all_rounds(task_of):
    """Two classes are answered, six times each, in rounds of four images; no loss is told apart."""
    probs = torch.eye(CLASSES)[torch.tensor([0] * 6 + [1] * 6 + [0] * (N - 12))]
    online = OnlineStudent(task_of(Y, CLASSES, network=network), CachedAnswers(probs))
    online._learn = lambda batch, _log_probs: torch.zeros(len(batch.y))
    rounds = [online.rewards(torch.arange(start, start + 4)).tolist() for start in (0, 4, 8)]
    assert rounds[0] == [0, 0, 0, 0]
    assert rounds[1] == pytest.approx([0, 0, 1 / 3, 1 / 3]), "only class 1 is new"
    assert rounds[2] == pytest.approx([1 / 4] * 4), "a quarter of all answers was of class 1: three quarters are new"


def test_half_of_the_images_are_chosen_where_no_budget_is_given(chosen):
    positions, _ = chosen(round_size=8)
    assert len(positions) == N // 2


@pytest.mark.parametrize("budget", [1, 8, 61, N])
def test_the_budget_is_spent_on_different_images_and_nothing_else_is_asked(chosen, budget):
    positions, answers = chosen(budget=budget, round_size=8)
    assert len(set(positions.tolist())) == len(positions) == budget
    assert len(set(answers.asked)) == len(answers.asked)
    assert set(answers.asked) <= set(positions.tolist())


def test_positions_are_those_of_the_training_split(task_of):
    task = replace(task_of(Y, CLASSES, network=network), train=torch.arange(N).flip(0)[:50])
    answers = Answered(informative_class_one())
    positions = KnockoffAdaptive(budget=40, round_size=8).objective(task, answers).positions(task.train)
    assert set(answers.asked) <= set(positions.tolist()) <= set(task.train.tolist())
    assert len(answers.asked) == 32


def test_it_prefers_the_class_whose_answers_are_worth_it(chosen):
    shares = [
        (Y[chosen(informative_class_one(), seed=seed, budget=60, round_size=4)[0]] == 1).float().mean().item()
        for seed in range(5)
    ]
    assert sum(shares) / 5 > 0.3  # a quarter by chance


def test_the_seed_decides_and_no_global_generator_moves(chosen):
    before = torch.get_rng_state()
    first, again, other = (chosen(seed=seed, round_size=8)[0] for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_seed_draws_the_first_round_too_of_which_nothing_was_learned(chosen):
    first, again, other = (chosen(seed=seed, budget=8, round_size=8)[0].tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_labels_are_not_read_by_the_knockoff(task_of):
    task = task_of(Y, CLASSES, network=network)
    objective = KnockoffAdaptive().objective(task, CachedAnswers(informative_class_one()))
    z_s = torch.randn(4, CLASSES, generator=stream())
    straight, other = (
        objective.terms(nn.Identity(), Batch(z_s, y, torch.arange(4)))["cross_entropy"] for y in (Y[:4], Y[:4].flip(0))
    )
    assert torch.equal(straight, other)


def test_a_budget_above_the_query_set_is_refused(chosen):
    with pytest.raises(ContractError, match=f"at most {N} training images"):
        chosen(budget=N + 1)
