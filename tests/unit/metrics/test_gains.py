"""Gains over a common control: by hand, by invariance, and how often their bounds hold."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import t

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.gains import CellKey, Gain, gains_over_controls, headroom, require_margin

KEY = CellKey("plain", "kd")


def seeds(values, start=0):
    return {start + seed: float(value) for seed, value in enumerate(values)}


def one(knockoff, control, n_test=1000, **others):
    cells = {KEY: knockoff} | {CellKey(name, "kd"): runs for name, runs in others.items()}
    return gains_over_controls(cells, {"ls": control}, n_test=n_test)


def test_a_gain_by_hand():
    """Means 0.8 and 0.7, sds 0.02 and 0.01, independent: Welch's error and degrees of freedom."""
    gain = one(seeds([0.78, 0.80, 0.82]), seeds([0.69, 0.70, 0.71, 0.70], start=10)).cells[KEY]["ls"]
    own, shared = 0.02**2 / 3, np.var([0.69, 0.70, 0.71, 0.70], ddof=1) / 4
    df = (own + shared) ** 2 / (own**2 / 2 + shared**2 / 3)
    assert (gain.n, gain.n_control) == (3, 4)
    assert (gain.value, gain.error, gain.df) == pytest.approx((0.1, sqrt(own + shared), df))
    assert gain.shared == pytest.approx(sqrt(shared))
    assert gain.lower(0.05) == pytest.approx(0.1 - t.ppf(0.95, df) * sqrt(own + shared))
    assert gain.upper(0.01) == pytest.approx(0.1 + t.ppf(0.99, df) * sqrt(own + shared))


def test_all_seeds_of_the_control_count():
    few = one(seeds([0.8, 0.8, 0.8]), seeds([0.7, 0.7, 0.7])).cells[KEY]["ls"]
    many = one(seeds([0.8, 0.8, 0.8]), seeds([0.7, 0.7, 0.7, 0.78, 0.62] * 3)).cells[KEY]["ls"]
    assert few.value == pytest.approx(many.value) == pytest.approx(0.1)
    assert (few.n_control, many.n_control) == (3, 15)


def test_agreeing_seeds_have_the_error_of_one_image():
    """The old rule, a t interval without a floor, has no width at all here."""
    gain = one(seeds([0.8] * 3), seeds([0.7] * 3), n_test=360).cells[KEY]["ls"]
    assert gain.error == pytest.approx(sqrt(2 / 3) / 360)
    assert gain.lower(0.025) < 0.1 < gain.upper(0.025)


@pytest.mark.parametrize(("n", "m", "bounded"), [(2, 9, False), (1, 9, False), (9, 2, False), (3, 3, True)])
def test_below_three_runs_of_either_kind_there_is_a_mean_and_no_bound(n, m, bounded):
    others = {f"t{i}": seeds(np.linspace(0.6, 0.7, 5)) for i in range(5)}
    gain = one(seeds(np.linspace(0.8, 0.82, n)), seeds(np.linspace(0.7, 0.72, m)), **others).cells[KEY]["ls"]
    assert gain.value == pytest.approx(np.linspace(0.8, 0.82, n).mean() - 0.71, abs=0.011)
    assert (gain.lower(0.05) is not None) == (gain.upper(0.05) is not None) == bounded


def test_bounds_stay_where_differences_of_accuracies_are():
    wild = one(seeds([1.0, 0.0, 1.0]), seeds([0.0, 1.0, 0.0])).cells[KEY]["ls"]
    assert (wild.lower(0.01), wild.upper(0.01)) == (-1.0, 1.0)


def shared_seeds(rng, cells, n, m, *, slope):
    """Cells whose accuracy follows the control of their seed, and m controls."""
    control = rng.normal(0.7, 0.01, m)
    runs = 0.75 + slope * (control[:n] - 0.7) + rng.normal(0, 0.002, (cells, n))
    return {CellKey(f"t{i}", "kd"): seeds(row) for i, row in enumerate(runs)}, seeds(control)


def test_the_control_of_the_same_seed_takes_away_what_both_share():
    knockoffs, control = shared_seeds(np.random.default_rng(0), 8, 8, 32, slope=0.9)
    found = gains_over_controls(knockoffs, {"ls": control}, n_test=10000)
    assert found.slopes["ls"] == pytest.approx(0.9, abs=0.1)
    blind = {run + 100: value for run, value in control.items()}
    unpaired = gains_over_controls(knockoffs, {"ls": blind}, n_test=10000)
    assert unpaired.slopes["ls"] == 0
    for key in knockoffs:
        assert found.cells[key]["ls"].error < 0.5 * unpaired.cells[key]["ls"].error
        assert abs(found.cells[key]["ls"].value - 0.05) < 0.01


def test_an_adjusted_gain_by_hand():
    knockoffs, control = shared_seeds(np.random.default_rng(1), 3, 6, 20, slope=0.6)
    found = gains_over_controls(knockoffs, {"ls": control}, n_test=10000)
    slope, c = found.slopes["ls"], np.array(list(control.values()))
    assert 0 < slope < 1
    for key, runs in knockoffs.items():
        x, gain = np.array(list(runs.values())), found.cells[key]["ls"]
        assert gain.value == pytest.approx(x.mean() - slope * (c[:6].mean() - c.mean()) - c.mean())
        assert gain.shared == pytest.approx((1 - slope) * c.std(ddof=1) / sqrt(20))
        assert gain.error > gain.shared


def test_runs_without_a_control_of_their_seed_are_taken_as_they_are():
    knockoffs, control = shared_seeds(np.random.default_rng(2), 4, 8, 24, slope=0.9)
    partial = {run: value for run, value in control.items() if run not in {0, 1}}
    found = gains_over_controls(knockoffs, {"ls": partial}, n_test=10000)
    slope, c = found.slopes["ls"], np.array(list(partial.values()))
    x = np.array(list(knockoffs[CellKey("t0", "kd")].values()))
    gain = found.cells[CellKey("t0", "kd")]["ls"]
    assert gain.value == pytest.approx(x.mean() - slope * (c[:6] - c.mean()).sum() / 8 - c.mean())
    assert gain.shared == pytest.approx((1 - slope * 6 / 8) * c.std(ddof=1) / sqrt(22))


@pytest.mark.parametrize(
    ("slope", "low", "high"), [(0.0, 0.0, 0.0), (-0.9, 0.0, 0.0), (1.6, 1.0, 1.0), (0.5, 0.35, 0.65)]
)
def test_a_slope_is_between_nothing_and_all(slope, low, high):
    knockoffs, control = shared_seeds(np.random.default_rng(3), 6, 10, 20, slope=slope)
    assert low <= gains_over_controls(knockoffs, {"ls": control}, n_test=10000).slopes["ls"] <= high


def test_four_seeds_are_too_few_for_a_slope():
    knockoffs, control = shared_seeds(np.random.default_rng(3), 12, 4, 20, slope=1.0)
    assert gains_over_controls(knockoffs, {"ls": control}, n_test=10000).slopes["ls"] == 0


def test_cells_that_share_their_noise_do_not_prove_a_slope():
    """Fourteen copies of one cell are one sample: a slope that is not there is hardly ever found in it."""
    rng, found = np.random.default_rng(4), 0
    for _ in range(200):
        runs = seeds(rng.normal(0.7, 0.01, 6))
        knockoffs = {CellKey(f"t{i}", "kd"): runs for i in range(14)}
        found += gains_over_controls(knockoffs, {"ls": seeds(rng.normal(0.7, 0.01, 18))}, n_test=10000).slopes["ls"] > 0
    assert found / 200 < 0.12


def test_a_constant_moves_nothing_and_seeds_have_no_order():
    rng = np.random.default_rng(5)
    knockoffs, control = shared_seeds(rng, 5, 8, 16, slope=0.7)
    before = gains_over_controls(knockoffs, {"ls": control}, n_test=1000)
    moved = {key: {run: value + 0.1 for run, value in reversed(runs.items())} for key, runs in knockoffs.items()}
    after = gains_over_controls(moved, {"ls": {run: value + 0.1 for run, value in control.items()}}, n_test=1000)
    for key in knockoffs:
        one, other = before.cells[key]["ls"], after.cells[key]["ls"]
        assert (one.value, one.error, one.df) == pytest.approx((other.value, other.error, other.df))


def test_each_control_has_its_own_gain():
    knockoffs, control = shared_seeds(np.random.default_rng(6), 2, 5, 10, slope=0.0)
    better = {run: value + 0.03 for run, value in control.items()}
    found = gains_over_controls(knockoffs, {"ls": control, "pseudo": better}, n_test=1000)
    for gains in found.cells.values():
        assert gains["ls"].value - gains["pseudo"].value == pytest.approx(0.03)
    assert found.of_teacher("t1") == {"kd": found.cells[CellKey("t1", "kd")]}
    assert found.slopes.keys() == found.prior_dfs.keys() == {"ls", "pseudo"}


@pytest.mark.parametrize(("slope", "common"), [(0.0, 0.0), (1.0, 0.0), (0.5, 0.6)])
@pytest.mark.parametrize("n", [4, 8, 16])
def test_bounds_hold_as_often_as_they_say(slope, common, n):
    """True gain 0, 60 pages of 6 teachers and 4 attacks, unequal spreads, a noise that all cells of a seed share.

    One-sided bounds at 2.5 %. Gains of a page move together, so the tolerance counts pages as three samples each.
    """
    rng, pages = np.random.default_rng(7 + n), 60
    low = high = 0
    for _ in range(pages):
        control = rng.normal(0.5, 0.01, 3 * n)
        spreads = 0.01 * np.exp(rng.normal(0, 0.4, (24, 1)))
        noise = sqrt(common) * rng.normal(size=n) + sqrt(1 - common) * rng.normal(size=(24, n))
        runs = np.round(1000 * (0.5 + slope * (control[:n] - 0.5) + spreads * noise)) / 1000
        knockoffs = {CellKey(f"t{i % 6}", f"a{i // 6}"): seeds(row) for i, row in enumerate(runs)}
        for gains in gains_over_controls(knockoffs, {"ls": seeds(control)}, n_test=1000).cells.values():
            low += gains["ls"].lower(0.025) > 0
            high += gains["ls"].upper(0.025) < 0
    tolerance = 3 * sqrt(0.025 * 0.975 / (3 * pages))
    assert low / (24 * pages) < 0.025 + tolerance
    assert high / (24 * pages) < 0.025 + tolerance


def test_headroom_of_teachers_by_hand():
    teacher, control = [0.9, 0.92, 0.94], [0.8, 0.82, 0.84, 0.82]
    room = headroom(seeds(teacher), seeds(control), n_test=1000)
    own, shared = np.var(teacher, ddof=1) / 3, np.var(control, ddof=1) / 4
    assert (room.value, room.error) == pytest.approx((0.1, sqrt(own + shared)))
    assert room.df == pytest.approx((own + shared) ** 2 / (own**2 / 2 + shared**2 / 3))


def test_a_single_teacher_is_no_sample_of_teachers():
    room = headroom({0: 0.9}, seeds([0.8, 0.82, 0.84]), n_test=100)
    assert (room.value, room.error) == pytest.approx((0.08, sqrt(0.01**2 + 0.02**2 / 3)))
    assert room.df == pytest.approx(2 * (0.01**2 + 0.02**2 / 3) ** 2 / (0.02**2 / 3) ** 2)
    assert headroom(seeds([0.9, 0.91]), seeds([0.8, 0.82, 0.84]), n_test=100).lower(0.05) is None
    assert headroom({0: 0.9}, seeds([0.8, 0.82]), n_test=100).upper(0.05) is None


def test_what_cannot_be_compared_is_refused():
    for knockoffs, controls in (({}, {"ls": seeds([0.5])}), ({KEY: seeds([0.5])}, {})):
        with pytest.raises(
            ContractError, match=r"^gains_over_controls: nothing to compare; expected a cell and a control$"
        ):
            gains_over_controls(knockoffs, controls, n_test=100)
    for bad in ({}, {0: float("nan")}, {0: 71.0}):
        with pytest.raises(ContractError, match=r"\('plain', 'kd'\): no accuracies"):
            gains_over_controls({KEY: bad}, {"ls": seeds([0.5])}, n_test=100)
        with pytest.raises(ContractError, match="control: no accuracies"):
            headroom(seeds([0.5]), bad, n_test=100)
    require_margin(0.01, 100)
    with pytest.raises(SpecError, match=r"^margin: margin below one test image; expected >= 0.01; got 0.0099$"):
        require_margin(0.0099, 100)


def test_a_gain_without_bounds_says_so():
    gain = Gain(0.1, 0.01, 0.0, 2, 9)
    assert (gain.lower(0.05), gain.upper(0.05)) == (None, None)
