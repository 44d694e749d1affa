"""Claims decided against the smallest effect that would matter, by t over seeds and Holm over what could be said."""

import numpy as np
import pytest
from scipy import stats

from distillab.core.errors import ContractError
from distillab.metrics.effects import Effect, decide_effects, decided_by_bounds, seeds_to_decide

BIG, SMALL, NOTHING = (5.0, 5.1, 4.9, 5.05), (0.4, 0.41, 0.39, 0.4), (0.01, -0.02, 0.015, 0.0)


def states(values, smallest=1.0):
    return {
        direction: decide_effects([Effect(direction, tuple(values), smallest)])[0].state
        for direction in ("higher", "lower", "not higher", "not lower", "equal")
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (BIG, {"higher": "holds", "lower": "does not hold", "not higher": "does not hold", "not lower": "holds",
               "equal": "does not hold"}),
        ([-v for v in BIG], {"higher": "does not hold", "lower": "holds", "not higher": "holds",
                             "not lower": "does not hold", "equal": "does not hold"}),
        (NOTHING, {"higher": "does not hold", "lower": "does not hold", "not higher": "holds", "not lower": "holds",
                   "equal": "holds"}),
        ((9.0, -7.0, 5.0, -4.0), dict.fromkeys(("higher", "lower", "not higher", "not lower", "equal"), "undecided")),
    ],
)  # fmt: skip
def test_each_direction_has_its_state(values, expected):
    assert states(values) == expected


def test_an_effect_that_is_there_and_too_small_to_matter_was_claimed_in_vain():
    assert states(SMALL)["higher"] == "does not hold"
    assert states(SMALL, smallest=0.1)["higher"] == "holds"


@pytest.mark.parametrize("direction", ["higher", "not higher", "lower", "not lower", "equal"])
def test_mirrored_claims_have_mirrored_states(direction):
    mirror = {"higher": "lower", "lower": "higher", "not higher": "not lower", "not lower": "not higher"}
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = tuple(rng.normal(rng.uniform(-2, 2), 0.3, 4))
        turned = Effect(mirror.get(direction, direction), tuple(-v for v in values), 1.0)
        ours, other = (decide_effects([each])[0] for each in (Effect(direction, values, 1.0), turned))
        assert (ours.state, ours.p) == (other.state, pytest.approx(other.p))


def test_the_p_value_is_of_a_t_test_times_the_number_of_statements():
    values = (1.2, 1.9, 1.4, 2.2)
    alone = decide_effects([Effect("higher", values, 1.0)])[0]
    p = stats.ttest_1samp(values, 0, alternative="greater").pvalue
    assert alone.p == pytest.approx(2 * p)
    beside = decide_effects([Effect("higher", values, 1.0), Effect("equal", (9.0, -7.0, 5.0, -4.0), 1.0)])[0]
    assert beside.p == pytest.approx(4 * p)
    interval = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (alone.value, alone.low, alone.high) == pytest.approx((np.mean(values), *interval))


def test_below_three_seeds_nothing_is_decided_and_others_are_not_corrected_for_it():
    two, four = Effect("higher", (50.0, 50.1), 1.0), Effect("higher", BIG, 1.0)
    decided = decide_effects([two, four])
    assert (decided[0].state, decided[0].p, decided[0].low) == ("undecided", None, None)
    assert decided[1].p == decide_effects([four])[0].p


def test_equal_values_are_known_no_better_than_one_image():
    assert decide_effects([Effect("higher", (0.5,) * 3, 0.4, resolution=1.0)])[0].state == "undecided"
    assert decide_effects([Effect("higher", (0.5,) * 3, 0.4)])[0].state == "holds"


@pytest.mark.parametrize("direction", ["higher", "not higher", "equal"])
def test_errors_of_a_family_are_as_rare_as_they_are_said_to_be(direction):
    """Means at the border of what is claimed: every "holds" is an error."""
    rng = np.random.default_rng(1)
    border = {"higher": 0.0, "not higher": 1.0, "equal": 1.0}[direction]
    wrong = 0
    for _ in range(400):
        family = [Effect(direction, tuple(rng.normal(border, 0.5, 3)), 1.0) for _ in range(5)]
        wrong += any(each.state == "holds" for each in decide_effects(family))
    assert wrong / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    ("direction", "low", "high", "state"),
    [
        ("higher", 0.1, 3.0, "holds"), ("higher", -1.0, 0.9, "does not hold"), ("higher", 0.1, 0.9, "does not hold"),
        ("higher", -0.1, 1.1, "undecided"), ("not higher", -3.0, 0.9, "holds"), ("not higher", 1.1, 2, "does not hold"),
        ("lower", -3.0, -0.1, "holds"), ("not lower", -0.9, 2.0, "holds"), ("equal", -0.9, 0.9, "holds"),
        ("equal", 1.1, 2.0, "does not hold"), ("equal", -2.0, -1.1, "does not hold"),
        ("higher", None, None, "undecided"), ("higher", 0.1, None, "holds"), ("not higher", None, 0.9, "holds"),
    ],
)  # fmt: skip
def test_bounds_that_are_corrected_already_decide_by_the_same_rule(direction, low, high, state):
    assert decided_by_bounds(direction, 1.0, low, high) == state


def test_the_price_is_the_first_number_of_seeds_whose_interval_decides():
    effect = Effect("higher", (0.5, 2.5, -0.4), 0.1)
    seeds = seeds_to_decide(effect)
    mean, sd = np.mean(effect.values), np.std(effect.values, ddof=1)

    def half(n, level):
        return stats.t.ppf(level, n - 1) * sd / np.sqrt(n)

    assert mean - half(seeds, 0.95) > 0 >= mean - half(seeds - 1, 0.95)
    shared = seeds_to_decide(effect, statements=10)
    assert mean - half(shared, 0.995) > 0 >= mean - half(shared - 1, 0.995)
    assert seeds_to_decide(Effect("higher", (0.5,), 0.1)) is None
    beyond = Effect("equal", tuple(2.007 + step for step in (-1.0, -0.5, 0.0, 0.5, 1.0)), 1.0)
    assert decide_effects([beyond])[0].state == "undecided"
    assert seeds_to_decide(beyond, statements=2) > 5
    assert seeds_to_decide(Effect("equal", (1.0, 0.9999, 1.0001), 1.0)) is None


@pytest.mark.parametrize(
    "bad", [Effect("higher", (), 1.0), Effect("higher", (1.0, np.nan), 1.0), Effect("equal", BIG, 0)]
)
def test_what_is_no_effect_is_refused(bad):
    with pytest.raises(ContractError):
        decide_effects([bad])


def test_what_a_family_leaves_open_needs_more_seeds_than_it_has():
    rng = np.random.default_rng(2)
    for _ in range(30):
        family = [Effect("higher", tuple(rng.normal(0.8, 0.5, 5)), 0.2) for _ in range(6)]
        for effect, decided in zip(family, decide_effects(family), strict=True):
            if decided.state == "undecided":
                assert seeds_to_decide(effect, statements=12) > 5
