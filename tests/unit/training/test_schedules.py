"""Learning rates in closed form."""

import math

import pytest

from distillab.specs.train import (
    AdamSpec,
    ConstantSpec,
    CosineSpec,
    InverseSpec,
    MilestonesSpec,
    SGDSpec,
    TrainSpec,
)
from distillab.training.schedules import learning_rate

STEPS = 5
"""Optimizer steps per epoch."""


def rates(schedule, *, epochs=8, lr=0.2, **recipe):
    spec = TrainSpec(epochs=epochs, optimizer=SGDSpec(lr=lr), schedule=schedule, **recipe)
    return [learning_rate(spec, step, STEPS) for step in range(epochs * STEPS)]


def test_constant():
    assert rates(ConstantSpec()) == [0.2] * 40


def test_milestones_fall_at_the_first_step_of_their_epoch():
    got = rates(MilestonesSpec(milestones=(2, 5), gamma=0.1))
    assert got == pytest.approx([0.2] * 10 + [0.02] * 15 + [0.002] * 15)


def test_a_milestone_at_the_start_and_one_never_reached():
    assert rates(MilestonesSpec(milestones=(0, 99), gamma=0.5)) == pytest.approx([0.1] * 40)


def test_cosine_starts_at_the_initial_rate_and_falls_to_half_in_the_middle():
    got = rates(CosineSpec())
    assert got[0] == 0.2
    assert got[20] == pytest.approx(0.1)
    assert got == sorted(got, reverse=True)
    assert got[10] == pytest.approx(0.1 * (1 + math.sqrt(0.5)))
    assert 0 < got[-1] == pytest.approx(0.1 * (1 - math.cos(math.pi / 40)))


def test_inverse_counts_steps():
    got = rates(InverseSpec(decay=0.5))
    assert got[:4] == pytest.approx([0.2, 0.2 / 1.5, 0.1, 0.08])
    assert rates(InverseSpec(decay=0)) == [0.2] * 40


@pytest.mark.parametrize(
    "schedule", [ConstantSpec(), CosineSpec(), InverseSpec(decay=0.1), MilestonesSpec(milestones=(1,))]
)
def test_warm_up_is_a_linear_factor(schedule):
    plain, warm = rates(schedule), rates(schedule, warmup_epochs=2)
    assert warm[:10] == pytest.approx([rate * (step + 1) / 10 for step, rate in enumerate(plain[:10])])
    assert warm[10:] == plain[10:]
    assert all(rate > 0 for rate in warm)


def test_the_rate_scales_with_the_optimizers():
    spec = TrainSpec(epochs=1, optimizer=AdamSpec(lr=3e-4), schedule=InverseSpec(decay=1.0))
    assert learning_rate(spec, 2, STEPS) == pytest.approx(1e-4)
