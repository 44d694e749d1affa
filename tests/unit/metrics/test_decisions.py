"""The five answers, in their order, and what is said of each."""

from dataclasses import replace

import pytest
from scipy.stats import t

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.decisions import Evidence, decide, lower_over_controls, upper_over_controls
from distillab.metrics.gains import Gain
from distillab.metrics.levels import Levels

LEVELS = Levels(teachers=2, attacks=3, looks=4)


def gain(value, error=0.001, *, df=10.0, n=8):
    return Gain(value, error, df, n, 24, error / 4)


def answer(gains, *, levels=LEVELS, margin=0.01, n_test=1000, **evidence):
    named = {attack: over if isinstance(over, dict) else {"ls": over} for attack, over in gains.items()}
    return decide(Evidence(named, **evidence), levels=levels, margin=margin, n_test=n_test)


LEAKS = {"kd": gain(0.05), "dist": gain(-0.02), "hard": gain(-0.1)}
TIGHT = {"kd": gain(-0.005), "dist": gain(0.0), "hard": gain(-0.1)}
WIDE = {"kd": gain(0.002, 0.02), "dist": gain(0.0), "hard": gain(-0.1)}
LOW = gain(-0.02)
"""A headroom that is none."""


@pytest.mark.parametrize(
    ("gains", "evidence", "expected"),
    [
        (LEAKS, {"headroom": LOW, "leaks": False, "missing": ()}, "distillable"),
        (LEAKS, {"tested": False}, "undecided"),
        (TIGHT, {"headroom": LOW, "leaks": False}, "nothing to steal"),
        (WIDE, {"headroom": LOW}, "nothing to steal"),
        (TIGHT, {"headroom": gain(0.1), "leaks": False}, "no control"),
        (WIDE, {"leaks": False}, "no control"),
        (TIGHT, {"headroom": gain(0.1), "leaks": True}, "undistillable"),
        (TIGHT, {"leaks": None}, "undistillable"),
        (WIDE, {"leaks": True}, "undecided"),
        ({"kd": gain(-0.1), "dist": gain(-0.1)}, {"missing": ("hard",)}, "undecided"),
        ({"kd": gain(0.1)}, {"missing": ("hard", "dist")}, "distillable"),
        ({}, {"missing": ("hard",)}, "undecided"),
    ],
)
def test_the_first_answer_that_holds(gains, evidence, expected):
    found = answer(gains, **evidence)
    assert found.answer == expected
    assert found.decided == (expected in {"distillable", "undistillable"})
    assert (found.price is None) or not found.decided


@pytest.mark.parametrize(
    ("gains", "evidence", "reason"),
    [
        ({"kd": gain(0.05), "far": gain(0.2, 0.2)}, {}, "kd gains 5.00 points, at least 4.63"),
        (TIGHT, {}, "none of 3 attacks gains more than 0.30 points, margin 1.00"),
        (WIDE, {}, "kd may gain up to 6.28 points, margin 1.00; no gain is established"),
        (TIGHT, {"headroom": LOW}, "the teacher is at most -1.70 points above the control, margin 1.00"),
        (TIGHT, {"leaks": False}, "the unprotected teacher of this network is not shown to leak"),
        ({"kd": gain(0.0)}, {"missing": ("dist", "hard")}, "missing: dist, hard; no gain is established"),
        (LEAKS, {"tested": False}, "kd gains, but a thief with fewer labels is not shown to"),
        (
            TIGHT | {"kd": gain(0.5, df=0.0, n=2)},
            {},
            "kd or its control has fewer than 3 seeds; no gain is established",
        ),
    ],
)
def test_the_reason_in_points(gains, evidence, reason):
    assert answer(gains, **evidence).reason == reason


def test_the_levels_by_hand():
    """Alpha over teachers, looks and attacks for a leak; over teachers and looks for its absence."""
    found = answer({"kd": gain(0.002, 0.01), "dist": gain(-0.1), "hard": gain(-0.2)})
    assert found.lower == pytest.approx(0.002 - t.ppf(1 - 0.05 / 24, 10) * 0.01)
    assert found.upper == pytest.approx(0.002 + t.ppf(1 - 0.05 / 8, 10) * 0.01)
    assert (found.attack, found.gain) == ("kd", 0.002)


def test_bounds_hold_over_both_controls():
    both = {"ls": gain(0.05), "pseudo": gain(0.001, 0.002)}
    assert answer({"kd": {"ls": gain(0.05)}}).answer == "distillable"
    found = answer({"kd": both})
    assert found.answer == "undecided"
    assert found.gain == 0.001
    assert lower_over_controls(both, 0.01) == both["pseudo"].lower(0.01)
    assert upper_over_controls(both, 0.01) == both["ls"].upper(0.01)
    assert lower_over_controls(both | {"short": gain(0.5, df=0.0)}, 0.01) is None
    assert upper_over_controls(both | {"short": gain(0.5, df=0.0)}, 0.01) is None


def test_an_attack_closes_for_good():
    """Closed by an earlier look, it needs no bound below the margin now; alone it decides nothing."""
    first = answer(WIDE)
    assert first.closed == ("dist", "hard")
    later = WIDE | {"kd": gain(-0.01), "dist": gain(0.005, 0.01)}
    assert answer(later).closed == ("kd", "hard")
    found = answer(later, closed=first.closed)
    assert found.closed == ("kd", "dist", "hard")
    assert (found.answer, found.upper) == ("undistillable", 0.01)


def test_a_closed_attack_may_still_prove_a_small_leak():
    small = {"kd": gain(0.005, 0.0005)}
    assert answer(small, closed=("kd",)).answer == "distillable"


def test_an_attack_without_bounds_leaves_the_upper_bound_open():
    found = answer(TIGHT | {"kd": gain(0.0, df=0.0, n=2)})
    assert found.upper is None
    assert found.lower is not None
    assert found.answer == "undecided"
    assert answer({"kd": gain(0.0)}, missing=("dist",)).upper is None


def test_a_missing_attack_counts_for_the_level():
    few, more = (answer({"kd": gain(0.0)}, levels=replace(LEVELS, attacks=k)) for k in (1, 3))
    assert few.lower > more.lower
    assert few.upper == more.upper


def test_headroom_has_bounds():
    found = answer(WIDE, headroom=gain(0.1, 0.01))
    half = t.ppf(1 - 0.05 / 8, 10) * 0.01
    assert found.headroom == pytest.approx((0.1, 0.1 - half, 0.1 + half))
    assert answer(WIDE).headroom is None
    assert answer(WIDE, headroom=gain(-0.1, df=0.0)).answer == "undecided"


def test_an_open_question_has_a_price():
    found = answer(WIDE)
    assert found.price is not None
    assert found.price.seeds > 8
    assert answer(WIDE, leaks=False).price == found.price
    assert answer(TIGHT).price is None


def test_seeds_of_its_own_do_not_make_a_teacher_distillable_whose_turn_it_is_not():
    """A proven leak waits for the thief with fewer labels; seeds may still show that the gain is below the margin."""
    assert answer(LEAKS, tested=False).price is None
    assert answer(LEAKS | {"kd": gain(0.05, 0.02)}).price is not None
    assert answer(LEAKS | {"kd": gain(0.05, 0.02)}, tested=False).price is None
    small = WIDE | {"kd": gain(0.0, 0.01)}
    assert answer(small, tested=False).price == answer(small).price is not None


def test_a_margin_is_one_image_at_least_and_attacks_are_as_planned():
    with pytest.raises(SpecError, match="one test image"):
        answer(TIGHT, n_test=99)
    for gains, missing in (({}, ()), (TIGHT, ("more",)), ({"kd": {}}, ())):
        with pytest.raises(ContractError, match="decide: attacks do not fit the levels"):
            answer(gains, missing=missing)


@pytest.mark.parametrize(("gains", "said"), [(LEAKS, "undecided"), (TIGHT, "undistillable")])
def test_after_a_failure_in_its_sequence_a_thief_is_not_said_to_distill(gains, said):
    evidence = Evidence({name: {"ls": each} for name, each in gains.items()}, tested=False)
    found = decide(evidence, levels=LEVELS, margin=0.01, n_test=1000)
    assert found.answer == said
    leaking = decide(replace(evidence, tested=True), levels=LEVELS, margin=0.01, n_test=1000).answer == "distillable"
    assert leaking == (found.reason == "kd gains, but a thief with fewer labels is not shown to")
