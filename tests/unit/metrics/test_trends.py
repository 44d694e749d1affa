"""Claims about trends: slopes, directions, equivalence, and the correction over a family."""

import numpy as np
import pytest

from distillab.core.errors import ContractError
from distillab.metrics.trends import Claim, judge, slope_per_doubling

CLEAR = (1.0, 1.1, 0.9, 1.05)


def decisions(*claims):
    return [judged.decision for judged in judge(claims)]


def test_the_slope_of_a_logarithm_is_its_factor():
    levels = (1, 2, 5, 10, 40)
    assert slope_per_doubling(levels, [3 + 0.25 * np.log2(level) for level in levels]) == pytest.approx(0.25)
    assert slope_per_doubling(levels, [7.0] * 5) == 0


def test_two_levels_give_the_difference_over_the_doublings():
    assert slope_per_doubling((1, 16), (2.0, 4.0)) == pytest.approx(0.5)


@pytest.mark.parametrize("levels", [(2.0, 2.0), (0.0, 1.0), (1.0,)])
def test_a_trend_needs_two_positive_levels(levels):
    with pytest.raises(ContractError, match="no trend"):
        slope_per_doubling(levels, [1.0] * len(levels))


def test_directions_hold_or_are_contradicted():
    assert decisions(Claim("up", CLEAR)) == ["holds"]
    assert decisions(Claim("down", CLEAR)) == ["contradicted"]
    assert decisions(Claim("up", tuple(-v for v in CLEAR))) == ["contradicted"]


def test_noise_decides_nothing():
    assert (
        decisions(Claim("up", (1.0, -0.9, 0.3, -0.4)), Claim("none", (1.0, -0.9, 0.3), margin=0.1)) == ["undecided"] * 2
    )


def test_no_effect_needs_equivalence_and_not_just_a_wide_interval():
    small = (0.01, -0.01, 0.0, 0.005)
    assert decisions(Claim("none", small, margin=0.1)) == ["holds"]
    assert decisions(Claim("none", CLEAR, margin=0.1)) == ["contradicted"]
    assert decisions(Claim("none", CLEAR, margin=1.01)) == ["undecided"]


def test_two_seeds_decide_nothing():
    judged = judge([Claim("up", (5.0, 5.1))])[0]
    assert (judged.decision, judged.p, judged.low, judged.seeds) == ("undecided", None, None, 2)


def test_a_family_is_harder_than_one_claim_and_two_seeds_do_not_count():
    borderline = (0.6, 1.0, 1.4)
    assert decisions(Claim("up", borderline)) == ["holds"]
    noise = Claim("up", (1.0, -0.9, 0.3, -0.4))
    assert decisions(Claim("up", borderline), noise)[0] == "undecided"
    assert decisions(Claim("up", borderline), Claim("up", (1.0, 2.0)))[0] == "holds"


def test_holm_steps_down():
    """p of 0.02 and 0.03 both survive at 0.05: the smaller is doubled, the larger is not, but never below it."""
    first, second = judge([Claim("up", (1.0, 1.35, 0.65, 1.1, 0.8)), Claim("up", (1.0, 1.4, 0.6, 1.12, 0.78))])
    alone = [judge([Claim("up", values)])[0].p for values in ((1.0, 1.35, 0.65, 1.1, 0.8), (1.0, 1.4, 0.6, 1.12, 0.78))]
    assert first.p == pytest.approx(2 * alone[0])
    assert second.p == pytest.approx(max(alone[1], first.p))


def test_false_decisions_of_a_null_family_stay_below_alpha():
    rng, wrong, rounds = np.random.default_rng(0), 0, 2000
    for _ in range(rounds):
        wrong += any(d != "undecided" for d in decisions(*(Claim("up", tuple(rng.normal(size=3))) for _ in range(5))))
    assert wrong / rounds < 0.062


def test_no_effect_needs_a_margin_and_numbers():
    with pytest.raises(ContractError, match="margin"):
        judge([Claim("none", CLEAR)])
    with pytest.raises(ContractError, match="without numbers"):
        judge([Claim("up", (1.0, float("nan"), 2.0))])


def test_seeds_that_agree_by_chance_prove_no_precision():
    """Three equal values of a quantity that is counted in images: Student's t of one image, 2.92 / sqrt 3 = 1.69."""
    same = (1.0, 1.0, 1.0)
    assert decisions(Claim("up", same)) == ["holds"]
    assert decisions(Claim("up", same, resolution=1.0)) == ["undecided"]
    assert decisions(Claim("up", (3.0, 3.0, 3.0), resolution=1.0)) == ["holds"]
    judged = judge([Claim("up", same, resolution=1.0)])[0]
    assert (judged.low, judged.high) == pytest.approx((1 - 4.302652729911275 / 3**0.5, 1 + 4.302652729911275 / 3**0.5))


def test_a_direction_has_a_smallest_effect():
    tiny = tuple(0.1 + value / 1000 for value in CLEAR)
    assert decisions(Claim("up", tiny)) == ["holds"]
    assert decisions(Claim("up", tiny, margin=0.2)) == ["undecided"]
    assert decisions(Claim("down", tiny, margin=0.2)) == ["undecided"]
    assert decisions(Claim("up", CLEAR, margin=0.2)) == ["holds"]
    assert decisions(Claim("down", CLEAR, margin=0.2)) == ["contradicted"]


def test_a_claim_that_is_made_twice_is_one():
    borderline = (0.6, 1.0, 1.4)
    once, twice, other = (judge([Claim("up", borderline)] * count + more)[0] for count, more in (
        (1, []), (2, []), (1, [Claim("down", borderline)]),
    ))  # fmt: skip
    assert twice == once
    assert other.p == pytest.approx(2 * once.p)


@pytest.mark.parametrize(("resolution", "at_least", "below"), [(0.0, 0.15, 1.0), (1.0, 0.0, 0.06)])
def test_a_null_family_on_the_grid_of_images_decides_more_without_the_floor(resolution, at_least, below):
    """Twelve differences of accuracies that spread by 0.7 images, in images, over three seeds; no effect anywhere."""
    rng, wrong, rounds = np.random.default_rng(3), 0, 400
    for _ in range(rounds):
        drawn = np.round(rng.normal(scale=0.7, size=(12, 3)))
        family = [Claim("up", tuple(row), resolution=resolution) for row in drawn.tolist()]
        wrong += any(decision != "undecided" for decision in decisions(*family))
    assert at_least <= wrong / rounds < below
