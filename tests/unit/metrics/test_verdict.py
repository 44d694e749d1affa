import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.intervals import seed_difference
from distillab.metrics.verdict import choose_on_validation, distillability_verdict

REFERENCE = Path(__file__).parents[2] / "reference"
LS = (0.7228, 0.7183, 0.7206, 0.7225, 0.7153)
DIST = (0.7201, 0.7174, 0.7193, 0.7212, 0.7127)


def seeds(values):
    return dict(enumerate(values))


def judge(ls, *, n_test=10000, margin=0.001, **attacks):
    runs = {name: seeds(values) for name, values in attacks.items()}
    return distillability_verdict(seeds(ls), runs, n_test=n_test, margin=margin)


def rows(name):
    with (REFERENCE / name).open(newline="") as file:
        return list(csv.DictReader(file))


def published_cells():
    """Accuracies of the published main table, by row (data set, defense, teacher, student), as shares."""
    cells = defaultdict(dict)
    for row in rows("cmim_table1.csv"):
        key = (row["dataset"], row["defense"], row["teacher"], row["student"])
        cells[key][row["attack"]] = float(row["accuracy"]) / 100
    return cells


def test_the_literal_rule_on_the_published_table():
    literal = {}
    for key, cell in published_cells().items():
        verdict = judge([cell.pop("LS")], **{name: [value] for name, value in cell.items()})
        literal[key] = verdict.literal
        assert (verdict.verdict, verdict.n) == ("undecided", 1)
        assert "1 seed:" in verdict.reason
    assert sum(value for key, value in literal.items() if key[1] == "CMIM") == 0
    assert sum(value for key, value in literal.items() if key[1] != "CMIM") == 38
    assert len(literal) == 46


def test_best_attacks_and_margins_of_the_published_table():
    cells = published_cells()
    for row in rows("cmim_table1_best.csv"):
        cell = cells[row["dataset"], row["defense"], row["teacher"], row["student"]]
        verdict = judge([cell.pop("LS")], **{name: [value] for name, value in cell.items()})
        best = max(verdict.deltas, key=lambda each: each.delta)
        assert verdict.best_attack == best.attack == row["best_attack"]
        assert 100 * best.delta == pytest.approx(float(row["margin"]), abs=1e-9)
        assert verdict.literal == (row["distillable"] == "true")


def test_statistics_of_the_published_seeds():
    arms = defaultdict(list)
    for row in rows("cmim_table8.csv"):
        arms[row["arm"]].append(float(row["accuracy"]))
    printed = {"LS": (71.99, 0.314), "DIST": (71.814, 0.334)}
    for arm, (mean, spread) in printed.items():
        assert np.mean(arms[arm]) == pytest.approx(mean, abs=1e-6)
        assert np.std(arms[arm], ddof=1) == pytest.approx(spread, abs=5e-4)
    assert np.corrcoef(arms["LS"], arms["DIST"])[0, 1] == pytest.approx(0.969, abs=5e-4)
    differences = np.subtract(arms["LS"], arms["DIST"])
    assert differences.mean() == pytest.approx(0.176, abs=1e-6)
    assert differences.std(ddof=1) == pytest.approx(0.083, abs=5e-4)
    interval = seed_difference(arms["LS"], arms["DIST"])
    half = (interval.high - interval.low) / 2
    assert interval.value / half * 2.776445105 == pytest.approx(4.74, abs=5e-3)


def test_one_attack_below_on_all_published_seeds_is_undistillable():
    verdict = judge(LS, DIST=DIST)
    assert (verdict.verdict, verdict.literal, verdict.n, verdict.margin) == ("undistillable", False, 5, 0.001)
    (delta,) = verdict.deltas
    half = 2.131846786 * 0.00083 / np.sqrt(5)
    assert delta.delta == pytest.approx(-0.00176)
    assert delta.lower == pytest.approx(-0.00176 - half, abs=1e-5)
    assert delta.upper == pytest.approx(-0.00176 + half, abs=1e-5)
    assert delta.upper_simultaneous == delta.upper


def test_bounds_end_where_no_difference_of_accuracies_can_be():
    """Of gains 1, -1 and 1, then of none at all."""
    ls, attack = {0: 0.0, 1: 1.0, 2: 0.0}, {0: 1.0, 1: 0.0, 2: 1.0}
    wild, still = distillability_verdict(ls, {"wild": attack, "still": ls}, n_test=100, margin=0.01).deltas
    assert (wild.lower, wild.upper, wild.upper_simultaneous) == (-1, 1, 1)
    assert 0 < wild.p_holm < 1
    assert -0.1 < still.lower < 0 < still.upper < 0.1


@pytest.mark.parametrize("n_test", [360, 10000])
@pytest.mark.parametrize("copies", [1, 7])
def test_an_attack_identical_to_label_smoothing_is_never_distillable(n_test, copies):
    verdict = judge(LS, n_test=n_test, margin=max(0.001, 1 / n_test), **{f"copy{i}": LS for i in range(copies)})
    assert verdict.verdict != "distillable"
    assert not verdict.literal
    assert all(delta.delta == 0 and delta.lower < 0 < delta.upper for delta in verdict.deltas)


def test_swapped_seeds_tie_by_the_literal_rule():
    assert not judge([0.3, 0.2, 0.1], swapped=[0.1, 0.2, 0.3]).literal


def test_one_point_more_on_all_seeds_flips_to_distillable():
    weaker = {f"weak{i}": np.subtract(LS, 0.002 * i) for i in range(6)}
    assert judge(LS, DIST=DIST, **weaker).verdict == "undistillable"
    verdict = judge(LS, DIST=np.add(DIST, 0.01), **weaker)
    assert (verdict.verdict, verdict.literal, verdict.best_attack) == ("distillable", True, "DIST")
    assert "DIST" in verdict.reason


def test_the_bounds_that_decide_need_not_be_the_best_attacks():
    steady, erratic = np.add(LS, 0.004), np.add(LS, [0.05, -0.04, 0.06, -0.03, 0.02])
    verdict = judge(LS, steady=steady, erratic=erratic)
    bounds = {delta.attack: delta for delta in verdict.deltas}
    assert (verdict.verdict, verdict.best_attack) == ("distillable", "erratic")
    assert "steady" in verdict.reason
    assert verdict.lower == bounds["steady"].lower > 0 > bounds["erratic"].lower
    assert verdict.upper == bounds["erratic"].upper


def test_noise_around_no_effect_is_undecided():
    noisy = np.add(LS, [0.004, -0.003, 0.002, -0.004, 0.003])
    verdict = judge(LS, noisy=noisy)
    assert (verdict.verdict, verdict.literal) == ("undecided", True)
    assert "noisy" in verdict.reason


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_seeds_decide_nothing(n):
    verdict = judge([0.5, 0.6][:n], huge=[0.9, 0.95][:n])
    assert (verdict.verdict, verdict.literal, verdict.n) == ("undecided", True, n)
    assert f"{n} seed" in verdict.reason
    assert verdict.deltas[0].lower is verdict.lower is verdict.upper is None


@settings(deadline=None)
@given(st.integers(0, 2**31), st.floats(-0.2, 0.2))
def test_a_constant_added_to_both_arms_changes_no_verdict(seed, constant):
    rng = np.random.default_rng(seed)
    ls, a, b = rng.normal(0.5, 0.01, (3, 5))
    a = a + rng.choice([-0.02, 0.0, 0.02])
    before, after = judge(ls, a=a, b=b), judge(ls + constant, a=a + constant, b=b + constant)
    assert before.verdict == after.verdict
    assert before.literal == after.literal
    for first, second in zip(before.deltas, after.deltas, strict=True):
        assert first.lower == pytest.approx(second.lower, abs=1e-12)


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 7))
def test_lower_bounds_are_positive_exactly_where_holm_rejects(seed, attacks):
    rng = np.random.default_rng(seed)
    ls, shifts = rng.normal(0.5, 0.01, 5), rng.choice([0.0, 0.02, 0.05], attacks)
    runs = {f"a{i}": rng.normal(0.5 + shift, 0.01, 5) for i, shift in enumerate(shifts)}
    for delta in judge(ls, **runs).deltas:
        assert (delta.lower > 0) == (delta.p_holm < 0.05)
        assert delta.lower < delta.delta < delta.upper <= delta.upper_simultaneous


def test_holm_levels_by_hand():
    # Paired gains with sd 0.01 over 4 seeds, se 0.005: t of 10, 3 and 0.2 with 3 degrees of freedom.
    noise = np.array([1.0, -1.0, 1.0, -1.0]) * 0.01 * np.sqrt(3 / 4)
    verdict = judge([0.5] * 4, a=0.55 + noise, b=0.515 + noise, c=0.501 + noise)
    quantiles = {"a": 3.740, "b": 3.182, "c": 3.182}
    for delta in verdict.deltas:
        assert delta.lower == pytest.approx(delta.delta - quantiles[delta.attack] * 0.005, abs=1e-5)
        assert delta.upper == pytest.approx(delta.delta + 2.353 * 0.005, abs=1e-5)
        assert delta.upper_simultaneous == pytest.approx(delta.delta + 3.740 * 0.005, abs=1e-5)
    adjusted = {delta.attack: delta.p_holm for delta in verdict.deltas}
    assert adjusted["a"] == pytest.approx(3 * 0.001064, abs=1e-5)
    assert adjusted["b"] == pytest.approx(2 * 0.028834, abs=1e-5)


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("spread", [0.7, 3.0], ids=["below an image", "images"])
def test_false_distillable_rate_under_the_null(n, spread):
    # Eight exchangeable arms, accuracies on a grid of 360 images: without the floor of one image the first case fails.
    rng = np.random.default_rng(0)
    trials = 4000
    counts = np.round(rng.uniform(250, 251, (trials, 1, 1)) + rng.normal(0, spread, (trials, 8, n)))
    false, literal = 0, 0
    for ls, *attacks in counts / 360:
        verdict = judge(ls, n_test=360, margin=1 / 360, **{str(i): runs for i, runs in enumerate(attacks)})
        false += verdict.verdict == "distillable"
        literal += verdict.literal
    assert false / trials <= 0.05
    assert literal / trials > 0.6


@pytest.mark.parametrize("n", [3, 5])
def test_false_undistillable_rate_at_the_margin(n):
    """One attack gains just the margin, the other loses: its bound alone decides, wrongly in 5 % of all runs."""
    trials, margin = 3000, 0.001
    arms = np.random.default_rng(n).normal(0.7, 0.003, (trials, 3, n))
    arms[:, 1] += margin
    arms[:, 2] -= 0.1
    verdicts = [judge(ls, margin=margin, gains=gains, loses=loses).verdict for ls, gains, loses in arms]
    # four standard errors of a share of 0.05
    assert abs(verdicts.count("undistillable") / trials - 0.05) < 4 * (0.05 * 0.95 / trials) ** 0.5


def test_a_margin_below_one_test_image_is_the_users_error():
    with pytest.raises(SpecError, match="one test image"):
        judge(LS, n_test=360, margin=0.001, DIST=DIST)
    judge(LS, n_test=1000, margin=0.001, DIST=DIST)


def test_unpaired_or_impossible_accuracies_are_errors():
    with pytest.raises(ContractError, match="pair up"):
        judge(LS[:4], DIST=DIST)
    with pytest.raises(ContractError, match="not an accuracy"):
        judge(LS, DIST=np.multiply(DIST, 100))
    with pytest.raises(ContractError, match="not an accuracy"):
        judge(LS, DIST=[float("nan"), *DIST[1:]])
    with pytest.raises(ContractError, match="nothing to compare"):
        judge(LS)
    with pytest.raises(ContractError, match="nothing to compare"):
        judge(LS, DIST=[])


def test_attacks_may_have_seeds_of_their_own():
    """More seeds for one attack change neither the other's difference nor its degrees of freedom."""
    few = judge(LS[:3], DIST=DIST[:3])
    both = judge(LS, DIST=DIST[:3], more=np.add(LS, 0.01))
    assert [each.n for each in both.deltas] == [3, 5]
    assert both.deltas[0].upper == few.deltas[0].upper
    assert (both.verdict, both.n, both.best_attack) == ("distillable", 3, "more")


def test_an_attack_of_two_seeds_keeps_the_verdict_open():
    closed = judge(LS, DIST=DIST, margin=0.01)
    assert closed.verdict == "undistillable"
    opened = judge(LS, DIST=DIST, short=DIST[:2], margin=0.01)
    assert opened.verdict == "undecided"
    assert "short" in opened.reason
    assert judge(LS, short=DIST[:2], more=np.add(LS, 0.01)).verdict == "distillable"


def test_students_are_judged_together():
    ls = {(student, seed): value for student in "ab" for seed, value in enumerate(LS)}
    attacks = {f"kd on {student}": {(student, seed): value - 0.01 for seed, value in enumerate(LS)} for student in "ab"}
    assert distillability_verdict(ls, attacks, n_test=10000, margin=0.001).verdict == "undistillable"
    attacks["kd on b"] = {("b", seed): value + 0.01 for seed, value in enumerate(LS)}
    assert distillability_verdict(ls, attacks, n_test=10000, margin=0.001).best_attack == "kd on b"


def test_seeds_pair_by_name_and_not_by_order():
    shuffled = {seed: seeds(LS)[seed] for seed in (3, 1, 4, 0, 2)}
    verdict = distillability_verdict(seeds(LS), {"same": shuffled}, n_test=10000, margin=0.001)
    assert verdict.deltas[0].delta == 0
    assert verdict.deltas[0].upper < 1e-4


def test_the_choice_on_validation_data_prefers_the_smallest_of_equals():
    assert choose_on_validation({0.5: 0.8, 0.1: 0.9, 0.05: 0.9, 0.01: 0.7}) == 0.05
    assert choose_on_validation({(2.0, 8.0): 0.9, (1.0, 4.0): 0.9}) == (1.0, 4.0)
    for bad in ({}, {0.1: float("nan")}, {0.1: 71.0}):
        with pytest.raises(ContractError):
            choose_on_validation(bad)
