"""What a verdict says in words, at its boundaries, and the lines about what cannot be judged."""

import numpy as np
import pytest

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.verdict import AttackDelta, _decide, choose_on_validation, distillability_verdict

LS = {0: 0.5, 1: 0.52, 2: 0.48}
NOTHING = "distillability_verdict: nothing to compare; expected an attack and a seed"


def shifted(*gains):
    """The LS student's accuracies, each with a gain."""
    return {seed: value + gain for (seed, value), gain in zip(LS.items(), gains, strict=True)}


def judge(attacks, ls=LS, **options):
    return distillability_verdict(ls, attacks, **({"n_test": 1000, "margin": 0.02} | options))


@pytest.mark.parametrize(
    ("attacks", "verdict", "reason"),
    [
        (
            {"weak": shifted(0.0, 0.001, 0.002), "kd": shifted(0.03, 0.031, 0.029)},
            "distillable",
            "kd gains at least +0.0275 over label smoothing",
        ),
        (
            {"far": shifted(-0.03, -0.031, -0.029), "near": shifted(-0.003, -0.004, -0.005)},
            "undistillable",
            "no attack gains more than -0.0023, margin +0.0200",
        ),
        (
            {"calm": shifted(0.0, 0.001, -0.001), "wild": shifted(0.03, -0.03, 0.01)},
            "undecided",
            "wild may gain up to +0.0548, margin +0.0200; no gain is established",
        ),
        (
            {"kd": {0: 0.9, 1: 0.9}},
            "undecided",
            "2 seeds: an interval over seeds needs at least 3",
        ),
        ({"kd": {0: 0.9}}, "undecided", "1 seed: an interval over seeds needs at least 3"),
        (
            {"long": shifted(-0.03, -0.031, -0.029), "short": {0: 0.4}, "shorter": {1: 0.4}},
            "undecided",
            "short has fewer than 3 seeds; no gain is established",
        ),
    ],
)
def test_the_reason_names_the_attack_and_its_bound(attacks, verdict, reason):
    found = judge(attacks)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_bounds_by_hand_with_the_floor_of_one_image():
    """Gains 0.03, 0.031, 0.029: sd 0.001 is one image of 1000; t of 2 degrees of freedom at 0.05 is 2.91999."""
    (delta,) = judge({"kd": shifted(0.03, 0.031, 0.029)}).deltas
    half = 2.919985580353726 * 0.001 / np.sqrt(3)
    assert (delta.attack, delta.n, delta.delta) == ("kd", 3, pytest.approx(0.03))
    assert (delta.lower, delta.upper) == (pytest.approx(0.03 - half), pytest.approx(0.03 + half))
    t = 0.03 / (0.001 / np.sqrt(3))
    assert delta.p_holm == pytest.approx(0.5 - t / (2 * np.sqrt(2 + t**2)))
    (delta,) = judge({"kd": shifted(0.03, 0.03, 0.03)}, n_test=100).deltas
    assert delta.upper - delta.lower == pytest.approx(2 * 2.919985580353726 * 0.01 / np.sqrt(3))


def test_zero_is_not_above_zero_and_the_margin_not_below_itself():
    assert _decide((AttackDelta("kd", 0.1, 3, 0.0, 0.2),), 0.3, 3)[0] == "undistillable"
    assert _decide((AttackDelta("kd", 0.1, 3, 1e-9, 0.2),), 0.3, 3)[0] == "distillable"
    assert _decide((AttackDelta("kd", 0.1, 3, 0.0, 0.3),), 0.3, 3)[0] == "undecided"


def test_one_attack_above_label_smoothing_is_enough_for_the_literal_rule():
    above, below = shifted(0.001, 0.0, 0.0), shifted(-0.2, 0.0, 0.0)
    assert judge({"a": above, "b": below}).literal
    assert not judge({"a": below, "b": dict(LS)}).literal
    assert judge({"a": {1: 0.521}, "b": below}).literal  # over the seeds that it has


def test_a_p_value_at_its_level_is_not_rejected():
    attacks = {"a": shifted(0.03, 0.02, 0.01), "b": shifted(0.05, -0.04, 0.01)}
    level = judge(attacks).deltas[0].p_holm
    strict, loose = (judge(attacks, alpha=alpha).deltas[1].lower for alpha in (level, level * 1.0001))
    assert strict < loose - 1e-3  # b is tested at half of alpha until a is rejected


def test_attacks_that_are_not_there_count_in_the_family_and_gain_nothing():
    """Levels are those of four attacks: a quarter of alpha, then a third, which b misses; for all that is printed."""
    attacks = {"a": shifted(0.03, 0.031, 0.029), "b": shifted(0.01, 0.05, 0.0)}
    gone = {"c": shifted(-0.4, -0.3, -0.2), "d": shifted(-0.4, -0.3, -0.2)}
    family, whole = judge(attacks, family=4), judge(attacks | gone)
    for part, full in zip(family.deltas, whole.deltas, strict=False):
        assert (part.lower, part.upper, part.upper_simultaneous) == (full.lower, full.upper, full.upper_simultaneous)
        assert part.p_holm == full.p_holm
    assert family.lower < judge(attacks).lower
    assert judge(attacks, family=2) == judge(attacks, family=1) == judge(attacks)


def test_of_equal_attacks_the_first_is_tested_at_the_stricter_level():
    strong, stronger = shifted(0.2, 0.21, 0.22), shifted(0.3, 0.301, 0.302)
    attacks = {f"a{i}": (stronger, strong)[i % 2] for i in range(16)}
    lower = [delta.lower for delta in judge(attacks).deltas]
    assert lower[0::2] == sorted(set(lower[0::2]))
    assert lower[1::2] == sorted(set(lower[1::2]))
    assert all(delta.p_holm < 0.05 for delta in judge(attacks).deltas)


def test_adjusted_p_values_are_at_most_one_and_in_their_order():
    attacks = {"a": shifted(0.03, 0.02, 0.01), "b": shifted(-0.05, 0.04, 0.0), "c": shifted(-0.1, -0.2, -0.1)}
    deltas = {delta.attack: delta.p_holm for delta in judge(attacks).deltas}
    assert deltas["a"] < deltas["b"] == deltas["c"] == 1.0


def test_accuracies_of_nothing_and_of_everything_are_accuracies():
    verdict = judge({"kd": {0: 1.0, 1: 0.0}}, ls={0: 0.0, 1: 1.0})
    assert verdict.deltas == (AttackDelta("kd", 0.0, 2),)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"attacks": {}}, NOTHING),
        ({"attacks": {"kd": LS, "mkd": {}}}, NOTHING),
        ({"attacks": {"kd": {}}, "ls": {}}, NOTHING),
        ({"attacks": {"kd": {0: 0.5}}, "ls": {}}, NOTHING),
        (
            {"attacks": {"kd": {9: 0.5, 1: 0.5, 7: 0.5}}, "ls": {3: 0.5, 1: 0.5, 2: 0.5}},
            r"kd: seeds do not pair up; expected \['1', '2', '3'\]; got \['1', '7', '9'\]; run the missing ones",
        ),
        ({"attacks": {"kd": LS}, "ls": LS | {1: 71.0}}, r"ls_student, seed 1: not an accuracy; expected .*; got 71.0"),
        (
            {"attacks": {"kd": LS | {2: -0.1}}},
            r"kd, seed 2: not an accuracy; expected a share in \[0, 1\]; got -0.1",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_one_line(arguments, says):
    with pytest.raises(ContractError, match=f"^{says}$"):
        judge(**arguments)


def test_the_least_margin_is_one_test_image_with_room_for_rounding():
    judge({"kd": LS}, n_test=360, margin=(1 - 1e-9) / 360)
    with pytest.raises(SpecError, match=r"^margin: margin below one test image; expected >= 0.00278; got 0.0027$"):
        judge({"kd": LS}, n_test=360, margin=0.0027)
    with pytest.raises(SpecError, match="one test image"):
        judge({"kd": LS}, n_test=360, margin=(1 - 2e-9) / 360)


def test_a_choice_needs_settings_and_accuracies():
    with pytest.raises(ContractError, match=r"^choose_on_validation: no setting to choose from$"):
        choose_on_validation({})
    with pytest.raises(ContractError, match=r"^choose_on_validation, setting 0.2: not an accuracy; .*; got 1.5$"):
        choose_on_validation({0.1: 0.5, 0.2: 1.5})
    assert choose_on_validation({0.1: 0.5, 0.2: 0.7, 0.3: 0.6}) == 0.2
