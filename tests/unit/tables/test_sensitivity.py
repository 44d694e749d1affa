"""How many Jacobian amplitudes look like zero, and how large the others are, by hand."""

from math import inf, nan

import pandas as pd
import pytest
from attacked_run import AttackedRun, assert_row, wilson_bounds

from distillab.tables import sensitivity

FIVE = pd.DataFrame({
    "id": [41, 7, 23, 12, 30],
    "log10_all": [-12.0, -10.0, -3.0, -9.5, -20.0],
    "float32_all": [9e-11, 1e-10, 1e-3, 0.0, 0.0],
    "log10_logit": [-1.0, -0.5, 0.5, 0.0, -7.0],
    "margin": [30.0, 20.0, 1.0, 18.0, 50.0],
})  # fmt: skip
"""Two amplitudes are below 1e-10, one is on it; float32 loses a third one."""

FOUR = FIVE[:4].assign(log10_all=[-4.0, -2.0, -11.0, -1.0], float32_all=1.0, log10_logit=[1.0, 2.0, 4.0, 8.0])


@pytest.fixture
def rows():
    run = AttackedRun()
    step, teacher = run.step(20.0, 1, seed=7, arch="small"), run.teacher("ce", seed=5)
    run.slopes(teacher, FOUR)
    run.slopes(step, FIVE)
    return sensitivity.rows(run)


def test_every_column_of_a_row(rows):
    low, high = wilson_bounds(2, 5)
    assert_row(
        rows[1],
        {"model": "ta-T20-step1", "role": "chain", "arch": "small", "chain": "ta", "temperature": 20.0, "step": 1}
        | {"seed": 7, "n": 5, "small": 2 / 5, "small_low": low, "small_high": high, "small_float32": 3 / 5}
        | {"log10_p5": -20 + 0.2 * 8, "log10_median": -10.0, "log10_p95": -9.5 + 0.8 * 6.5}
        | {"log10_logits_median": -0.5, "margin_median": 20.0},
    )


@pytest.mark.parametrize(
    ("amplitudes", "quantiles"),
    [([-inf] * 4, [-inf, -inf, -inf]), ([-inf, -inf, -3.0, -2.0, -1.0], [-inf, -3.0, -1.2]),
     ([-inf, -4.0, -2.0], [-inf, -4.0, -2.2])],
)  # fmt: skip
def test_a_dead_gradient_is_a_quantile_like_another(amplitudes, quantiles):
    run = AttackedRun()
    frame = pd.DataFrame({"log10_all": amplitudes, "float32_all": 0.0, "log10_logit": 0.0, "margin": 1.0})
    run.slopes(run.teacher("ce"), frame)
    (row,) = sensitivity.rows(run)
    assert [row["log10_p5"], row["log10_median"], row["log10_p95"]] == pytest.approx(quantiles)


def test_one_row_for_each_model_in_the_order_of_the_plan(rows):
    assert len(rows) == 2
    low, high = wilson_bounds(1, 4)
    assert_row(
        rows[0],
        {"model": "ce-net", "role": "teacher", "arch": "net", "chain": "", "temperature": nan, "step": -1, "seed": 5}
        | {"n": 4, "small": 1 / 4, "small_low": low, "small_high": high, "small_float32": 0.0}
        | {"log10_p5": -11 + 0.15 * 7, "log10_median": -3.0, "log10_p95": -2 + 0.85}
        | {"log10_logits_median": 3.0, "margin_median": 19.0},
    )
