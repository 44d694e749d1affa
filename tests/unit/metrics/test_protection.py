"""How much of a leak a defense removes, and when it may be said to protect."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import t

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.dunnett import Difference, differences_from
from distillab.metrics.gains import CellKey, Gain, gains_over_controls
from distillab.metrics.protection import Protection, Shield, protections, removed_share

KEEPS = Difference(-0.001, 0.001, 9.0, 10, -0.004, 0.002, 0.6)
"""A defended teacher that is as accurate as the other."""
COSTS = Difference(-0.15, 0.001, 9.0, 10, -0.153, -0.147, 0.0)


def gain(value, error=0.002, *, df=20.0, shared=0.0):
    return Gain(value, error, df, 8, 24, shared)


def removed(leak, alpha=0.025, margin=0.01, attacks=None, **gains):
    over = {name: {"ls": each} for name, each in gains.items()}
    return removed_share(over, {"ls": leak}, alpha=alpha, attacks=attacks or len(over), margin=margin)


def judged(leak=None, looks=1, alpha=0.05, **shields):
    return protections(shields, leak or {"ls": gain(0.1)}, alpha=alpha, looks=looks, margin=0.01, n_test=1000)


def shield(accuracy=KEEPS, missing=(), **gains):
    return Shield({name: {"ls": each} for name, each in gains.items()}, accuracy, missing)


def test_fieller_bounds_solve_their_equation():
    """At a bound r of the ratio, g_a - r g_c is t of its errors away from 0, the common part counted once."""
    a, c = gain(0.03, 0.004, df=9.0, shared=0.002), gain(0.1, 0.006, df=15.0, shared=0.003)
    found = removed(c, kd=a)
    assert found.value == pytest.approx(0.7)
    for bound, sign in ((found.lower, -1), (found.upper, 1)):
        r = 1 - bound
        error = sqrt(0.004**2 + (r * 0.006) ** 2 - 2 * r * 0.002 * 0.003)
        assert sign * (a.value - r * c.value) / error == pytest.approx(t.ppf(0.975, 9.0))


def test_the_attack_that_keeps_most_counts():
    found = removed(gain(0.1), kd=gain(0.02), dist=gain(0.04), far=gain(-0.3))
    assert (found.value, found.attack) == (pytest.approx(0.6), "dist")
    assert found.lower < 0.6 < found.upper


def test_the_upper_end_is_corrected_for_the_attacks_planned_and_the_lower_is_not():
    few, many = (removed(gain(0.1), kd=gain(0.02), attacks=k) for k in (1, 9))
    assert few.lower == many.lower
    assert few.upper < many.upper


@pytest.mark.parametrize("leak", [gain(0.0), gain(0.02, 0.01), gain(-0.1), gain(0.1, df=0.0)])
def test_where_no_leak_is_shown_nothing_is_removed(leak):
    assert removed(leak, kd=gain(0.0)) is None


def test_a_leak_must_exceed_the_margin():
    assert removed(gain(0.02), kd=gain(0.0)) is not None
    assert removed(gain(0.02), margin=0.02, kd=gain(0.0)) is None


def test_an_attack_without_bounds_leaves_nothing_to_say():
    assert removed(gain(0.1), kd=gain(0.0), dist=gain(0.0, df=0.0)) is None


def test_a_leak_that_is_just_shown_has_no_upper_end_for_many_attacks():
    found = removed(gain(0.03, 0.008), kd=gain(0.0), attacks=50)
    assert found.upper is None
    assert found.lower < 1 < removed(gain(0.03, 0.008), kd=gain(0.0)).upper


def test_a_leak_that_the_defended_cells_know_less_of_has_no_lower_end():
    """Shown with 20 degrees of freedom, and not with the two of the attack it is compared with."""
    found = removed(gain(0.03, 0.008), kd=gain(0.0, df=2.0))
    assert (found.value, found.lower, found.upper) == (1.0, None, None)


def test_over_two_controls_the_share_is_the_smaller_one():
    gains = {"kd": {"ls": gain(0.02), "pseudo": gain(0.01)}}
    leak = {"ls": gain(0.1), "pseudo": gain(0.09)}
    both = removed_share(gains, leak, alpha=0.025, attacks=1, margin=0.01)
    ls, pseudo = (
        removed_share({"kd": {name: gains["kd"][name]}}, {name: leak[name]}, alpha=0.025, attacks=1, margin=0.01)
        for name in leak
    )
    assert both.value == min(ls.value, pseudo.value) == pytest.approx(0.8)
    assert (both.lower, both.upper) == (min(ls.lower, pseudo.lower), max(ls.upper, pseudo.upper))


@pytest.mark.parametrize(
    ("defended", "protects", "reason"),
    [
        (shield(kd=gain(0.0), dist=gain(0.02)), True, "half of the leak is gone at no cost"),
        (shield(kd=gain(0.0), dist=gain(0.05)), False, "dist may keep half of the leak"),
        (shield(kd=gain(0.0), accuracy=COSTS), False, "it may cost more accuracy than the margin"),
        (shield(kd=gain(0.0), missing=["dist"]), False, "missing: dist"),
        (shield(kd=gain(0.0), dist=gain(0.0, df=0.0)), False, "dist may keep half of the leak"),
        (shield(kd=gain(-0.3), accuracy=Difference(0.0, 0.001, 0.0, 2, None, None, None)), False, "it may cost more"),
    ],
)
def test_what_protects(defended, protects, reason):
    (found,) = judged(it=defended).values()
    assert found.protects == protects
    assert found.reason.startswith(reason)
    assert 0 <= found.p <= 1


def test_what_is_not_known_is_no_evidence():
    unknown = gain(-0.3, df=0.0)
    assert judged(it=shield(kd=unknown))["it"].p == 1
    assert judged({"ls": gain(0.5, df=0.0)}, it=shield(kd=gain(-0.3)))["it"].p == 1


def test_nothing_is_protected_where_nothing_leaks():
    """Gains far below a leak that is none: the unprotected teacher taught nobody."""
    (found,) = judged({"ls": gain(0.0)}, it=shield(kd=gain(-0.2))).values()
    assert (found.protects, found.reason) == (False, "no leak to remove is shown")


def test_the_common_control_is_counted_once():
    """The same gains: what the controls do to both is not taken for a difference, half of it is left."""
    alone = judged({"ls": gain(0.1, 0.01)}, it=shield(kd=gain(0.02, 0.01)))["it"]
    together = judged({"ls": gain(0.1, 0.01, shared=0.009)}, it=shield(kd=gain(0.02, 0.01, shared=0.009)))["it"]
    assert together.p < alone.p


def test_of_nested_controls_only_those_of_both_count_twice():
    """Means over the first 4 and over all 16 of the same controls: their covariance is the variance over 16."""
    few, many = 0.008, 0.004
    leak, a = (Gain(0.1, 0.01, 12.0, 8, 4, few), Gain(0.02, 0.01, 8.0, 8, 16, many))
    (found,) = judged({"ls": leak}, it=shield(kd=a)).values()
    variance = 0.01**2 + 0.005**2 - many**2
    assert found.p == pytest.approx(t.sf(0.03 / sqrt(variance), 8))


def test_the_p_value_by_hand():
    leak, a = gain(0.1, 0.01, df=12.0), gain(0.02, 0.01, df=8.0)
    (found,) = judged({"ls": leak}, it=shield(kd=a)).values()
    assert found == Protection(True, pytest.approx(t.sf(0.03 / sqrt(0.01**2 + 0.005**2), 8)), found.reason)


def test_holm_goes_over_the_teachers_and_alpha_over_the_looks():
    weak = shield(kd=gain(0.02, 0.01))
    alone = judged({"ls": gain(0.1, 0.01)}, it=weak)["it"]
    among = judged({"ls": gain(0.1, 0.01)}, **{f"d{i}": weak for i in range(9)})
    assert alone.protects
    assert [each.p for each in among.values()] == pytest.approx([9 * alone.p] * 9)
    assert not any(each.protects for each in among.values())
    assert not judged({"ls": gain(0.1, 0.01)}, looks=8, it=weak)["it"].protects
    ordered = judged({"ls": gain(0.1, 0.01)}, bad=shield(kd=gain(0.2)), good=weak)
    assert list(ordered) == ["bad", "good"]
    assert (ordered["good"].p, ordered["bad"].p) == (pytest.approx(2 * alone.p), pytest.approx(1.0))


def page(rng, *, kept, cost, n=8):
    """One leak of 10 points, three defenses that keep a part of it and cost some accuracy."""
    control = rng.normal(0.7, 0.01, 3 * n)
    means = {"plain": (0.8, 0.8)} | {f"d{i}": (0.7 + 0.1 * kept, 0.5) for i in range(3)}
    cells = {
        CellKey(teacher, attack): dict(enumerate(np.round(1000 * rng.normal(mean, 0.015, n)) / 1000))
        for teacher, pair in means.items()
        for attack, mean in zip(("kd", "dist"), pair, strict=True)
    }
    found = gains_over_controls(cells, {"ls": dict(enumerate(control.tolist()))}, n_test=1000)
    ours = {name: dict(enumerate(rng.normal(0.95 - cost * (name != "plain"), 0.003, n))) for name in means}
    differences = differences_from(ours["plain"], {name: ours[name] for name in means if name != "plain"}, n_test=1000)
    return found, {name: Shield(found.of_teacher(name), differences[name]) for name in differences}


@pytest.mark.parametrize(("kept", "cost"), [(0.5, 0.0), (0.0, 0.01)])
def test_protection_is_rarely_claimed_wrongly(kept, cost):
    """Just half of the leak kept, or just the margin lost, in all three: 5 % of pages, and three errors more."""
    rng, rounds, wrong = np.random.default_rng(2), 400, 0
    for _ in range(rounds):
        found, shields = page(rng, kept=kept, cost=cost)
        leak = found.cells[CellKey("plain", "kd")]
        claims = protections(shields, leak, alpha=0.05, looks=1, margin=0.01, n_test=1000).values()
        wrong += any(each.protects for each in claims)
    assert 0 < wrong / rounds < 0.05 + 3 * (0.05 * 0.95 / rounds) ** 0.5


def test_a_defense_that_protects_is_found_and_one_that_only_loses_accuracy_is_not():
    rng = np.random.default_rng(3)
    for cost, expected in ((0.0, True), (0.15, False)):
        found, shields = page(rng, kept=0.1, cost=cost, n=16)
        leak = found.cells[CellKey("plain", "kd")]
        claims = protections(shields, leak, alpha=0.05, looks=4, margin=0.01, n_test=1000).values()
        assert [each.protects for each in claims] == [expected] * 3


@pytest.mark.parametrize("kept", [0.0, 0.4, 0.9])
def test_the_interval_of_the_share_holds_as_often_as_it_says(kept):
    """300 pages of three defenses: at least 95 % less three errors, the defenses of a page counted as one."""
    rng, rounds, held, said = np.random.default_rng(4), 300, 0, 0
    for _ in range(rounds):
        found, shields = page(rng, kept=kept, cost=0.0)
        leak = found.cells[CellKey("plain", "kd")]
        for each in shields.values():
            share = removed_share(each.gains, leak, alpha=0.025, attacks=2, margin=0.01)
            said += share is not None
            held += share is not None and share.lower <= 1 - kept and (share.upper is None or share.upper >= 1 - kept)
    assert said > 2.9 * rounds
    assert held / said > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5


def test_gains_that_do_not_compare_are_refused():
    with pytest.raises(ContractError, match="gains do not compare"):
        removed_share({}, {"ls": gain(0.1)}, alpha=0.05, attacks=1, margin=0.01)
    with pytest.raises(ContractError, match="gains do not compare"):
        judged({"ls": gain(0.1), "pseudo": gain(0.1)}, it=shield(kd=gain(0.0)))
    some = {"kd": {"ls": gain(0.0)}, "dist": {"pseudo": gain(0.0)}}
    with pytest.raises(ContractError, match="gains do not compare"):
        removed_share(some, {"ls": gain(0.1)}, alpha=0.05, attacks=2, margin=0.01)
    with pytest.raises(SpecError, match="one test image"):
        protections({}, {"ls": gain(0.1)}, alpha=0.05, looks=1, margin=0.01, n_test=99)
