"""Every number of a judged claim by hand: mean, interval, p-value of its outcome, correction, decision."""

from math import sqrt

import numpy as np
import pytest

from distillab.core.errors import ContractError
from distillab.metrics.trends import Claim, Judged, judge, slope_per_doubling

T2 = 4.302652729911275
"""Student's 97.5 % quantile with 2 degrees of freedom."""


def above(values, bound):
    """One-sided p-value with 2 degrees of freedom, whose distribution has a closed form."""
    t = (np.mean(values) - bound) / (np.std(values, ddof=1) / sqrt(3))
    return 0.5 - t / (2 * sqrt(2 + t**2))


def one(direction, values, margin=0.0, **options):
    (judged,) = judge([Claim(direction, values, margin)], **options)
    return judged


RISING = (0.5, 0.6, 0.85)


@pytest.mark.parametrize(
    ("direction", "sign", "decision"),
    [("up", 1, "holds"), ("up", -1, "contradicted"), ("down", 1, "contradicted"), ("down", -1, "holds")],
)
def test_a_direction_by_hand(direction, sign, decision):
    judged = one(direction, tuple(sign * value for value in RISING))
    half = T2 * np.std(RISING, ddof=1) / sqrt(3)
    assert judged.value == pytest.approx(sign * 0.65)
    assert (judged.low, judged.high) == (pytest.approx(sign * 0.65 - half), pytest.approx(sign * 0.65 + half))
    assert judged.p == pytest.approx(2 * above(RISING, 0.0))
    assert 0.02 < judged.p < 0.03
    assert (judged.decision, judged.seeds) == (decision, 3)


@pytest.mark.parametrize("sign", [1, -1])
def test_no_effect_is_tested_on_the_side_of_the_mean(sign):
    """0.65 from 0 and sd 0.18: within a margin of 1.5, beyond one of 0.1; 0.5 and 0.8 leave it open."""
    values = tuple(sign * value for value in RISING)
    against = [-value for value in RISING]
    for margin, p, decision in (
        (1.5, 2 * above(against, -1.5), "holds"),
        (0.1, 2 * above(RISING, 0.1), "contradicted"),
        (0.8, 2 * above(against, -0.8), "undecided"),
        (0.5, 2 * above(RISING, 0.5), "undecided"),
    ):
        judged = one("none", values, margin)
        assert judged.p == pytest.approx(p)
        assert judged.decision == decision


@pytest.mark.parametrize(
    ("direction", "value", "margin", "p", "decision"),
    [
        ("up", 0.25, 0.0, 0.0, "holds"),
        ("down", 0.25, 0.0, 0.0, "contradicted"),
        ("up", 0.0, 0.0, 1.0, "undecided"),
        ("down", 0.0, 0.0, 1.0, "undecided"),
        ("none", 0.25, 0.5, 0.0, "holds"),
        ("none", -0.75, 0.5, 0.0, "contradicted"),
        ("none", 0.5, 0.5, 1.0, "undecided"),
    ],
)
def test_seeds_that_agree_exactly(direction, value, margin, p, decision):
    judged = one(direction, (value,) * 4, margin)
    assert judged == Judged(value, value, value, p, decision, 4)


def test_a_p_value_is_at_most_one():
    assert one("up", (0.1, -0.1, 0.0)).p == 1.0
    assert [judged.p for judged in judge([Claim("up", RISING), Claim("up", (0.1, -0.1, 0.05))])][1] <= 1.0


def test_alpha_is_what_a_p_value_must_stay_below():
    p = one("up", RISING).p
    assert one("up", RISING, alpha=p).decision == "undecided"
    assert one("up", RISING, alpha=p * 1.001).decision == "holds"
    assert one("up", (0.5, 0.6, 1.1)).decision == "undecided"  # p = 0.055


def test_a_family_is_corrected_in_the_order_given():
    rows = {"weak": (0.5, 0.6, 1.1), "none": (1.0, 2.0), "strong": (0.5, 0.51, 0.52), "middle": RISING}
    judged = dict(zip(rows, judge([Claim("up", values) for values in rows.values()]), strict=True))
    single = {name: 2 * above(values, 0.0) for name, values in rows.items() if name != "none"}
    assert judged["none"] == Judged(1.5, None, None, None, "undecided", 2)
    assert judged["strong"].p == pytest.approx(3 * single["strong"])
    assert judged["middle"].p == pytest.approx(2 * single["middle"])
    assert judged["weak"].p == pytest.approx(single["weak"])
    assert [judged[name].decision for name in rows] == ["undecided", "undecided", "holds", "holds"]


def test_an_adjusted_p_value_is_never_below_a_smaller_ones():
    first, second = judge([Claim("up", RISING), Claim("up", (0.5, 0.6, 0.86))])
    assert first.p == pytest.approx(2 * 2 * above(RISING, 0.0))
    assert second.p == first.p


def test_float32_values_are_judged_in_float64():
    narrow = tuple(np.float32(value) for value in RISING)
    assert one("up", narrow).p == one("up", tuple(map(float, narrow))).p


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (Claim("up", ()), r"judge: a claim without numbers; expected finite; got \(\)"),
        (Claim("up", (1.0, np.inf)), r"judge: a claim without numbers; expected finite; got \(1.0, inf\)"),
        (Claim("none", RISING), "judge: no effect is a claim about a margin; expected a margin above 0"),
        (Claim("none", RISING, -1.0), "judge: no effect is a claim about a margin; expected a margin above 0"),
    ],
)
def test_errors_say_what_is_wrong(claim, says):
    with pytest.raises(ContractError, match=f"^{says}$"):
        judge([Claim("up", RISING), claim])


def test_a_slope_of_uneven_levels_by_hand():
    """Doublings 0, 1, 3 around 4/3: slope (-4/3 * 1 - 1/3 * 5 + 5/3 * 6) / (42/9)."""
    assert slope_per_doubling((3, 6, 24), (1.0, 5.0, 6.0)) == pytest.approx(7 / (42 / 9))
    assert slope_per_doubling((1, 3, 7, 11, 40), [7.0] * 5) == 0.0
    levels, values = np.array([3, 7, 24], dtype=np.float32), np.array([0.1, 0.5, 0.6], dtype=np.float32)
    assert slope_per_doubling(levels, values) == slope_per_doubling(levels.astype(float), values.astype(float))


@pytest.mark.parametrize(
    ("levels", "values"), [((2.0, 2.0), (1, 2)), ((0.0, 1.0), (1, 2)), ((1.0,), (1,)), ((1.0, 2.0), (1, 2, 3))]
)
def test_no_trend_is_told_with_its_levels(levels, values):
    with pytest.raises(ContractError) as error:
        slope_per_doubling(levels, values)
    assert str(error.value) == (
        f"slope_per_doubling: no trend; expected two distinct positive levels; got {list(levels)}"
    )
