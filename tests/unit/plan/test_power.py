"""What a run could find: gains by closed forms, at the levels at which its verdicts will be decided."""

import re
import subprocess
import sys
from math import sqrt
from statistics import NormalDist
from types import SimpleNamespace
from zlib import crc32

import numpy as np
import pytest

from distillab.core.workspace import Workspace
from distillab.metrics.intervals import seed_interval
from distillab.metrics.moderated import PRIOR_CAP
from distillab.metrics.planning import chance_above
from distillab.plan.power import ASSUMED_SD, planned_levels, power_text, spread
from distillab.tables.looks import questions
from distillab.tables.results import Results

POOR = {"labels": 30, "queries": "all", "label_smoothing": 0.1}
OVERRIDE = {
    "studies": ["undistillable"],
    "seeds": [0, 1, 2],
    "pairs": [
        {"teacher": "cnn_digits", "student": "cnn_digits"},
        {"teacher": "cnn_digits", "student": "papernot_digits"},
        {"teacher": "papernot_digits", "student": "papernot_digits"},
    ],
    "thieves": {
        "poor": POOR, "richer": POOR | {"labels": 90}, "other": POOR | {"answers": "label", "attacks": ["kd"]},
    },
    "robustness": {"attacks": {"*": None}},
    "decide": {"looks": [4, 8], "alpha": 0.1},
}  # fmt: skip


class AllThere(Results):
    """A run in which every network is there and says what its name makes it say."""

    missing = {}  # noqa: RUF012 - nothing changes it
    labels = dict.fromkeys(("train", "val", "test"), np.zeros(60, np.int64))

    def predicted(self, model_id, split):
        return np.random.default_rng(crc32(f"{model_id} {split}".encode())).integers(0, 2, len(self.labels[split]))

    def sidecar(self, _model_id):
        return SimpleNamespace(results={})


@pytest.fixture
def planned(plan_of, tmp_path):
    """A plan as tables see it, of which nothing is made."""
    return lambda override: Results(Workspace(tmp_path, plan_of(override)))


def numbers(line):
    """Every decimal number in a line."""
    return [float(found) for found in re.findall(r"\d+\.\d+", line)]


def test_the_levels_are_those_at_which_verdicts_are_decided(plan_of, tmp_path):
    results = AllThere(Workspace(tmp_path, plan_of(OVERRIDE)))
    decided = questions(results)
    found = planned_levels(results)
    assert found.keys() == {question.thief for question in decided} == {"paper", "poor", "richer", "other"}
    for thief, levels in found.items():
        asked = [question.levels for question in decided if question.thief == thief]
        assert levels.attacks == max(each.attacks for each in asked)
        assert all(levels.undistillable == each.undistillable for each in asked)
        assert levels.distillable == min(each.distillable for each in asked)


def test_a_gain_is_found_with_the_stated_power(planned):
    """With a single teacher nothing is borrowed: at the level, Student's lower bound is above 0 in 80 % of runs."""
    results = planned({"defenses": {"*": None, "ce": {}}, "seeds": [0, 1, 2, 3], "decide": {"looks": [9]}})
    head, line = power_text(results, []).splitlines()
    assert head.startswith("gains that would be called distillable with 80 % power")
    said = re.fullmatch(
        r"  paper: (\S+) points with 4 seeds and 4 controls, (\S+) points with 9 seeds and 9 controls "
        r"\(1 verdict, 2 attacks, 2 looks; standard deviation 2\.00 points, assumed\)", line,
    )  # fmt: skip
    for text, n in zip(said.groups(), (4, 9), strict=True):
        power = chance_above(float(text) / 100, ASSUMED_SD * sqrt(2 / n), 2 * (n - 1), 0.05 / (2 * 2))
        assert power == pytest.approx(0.8, abs=0.002)


def test_with_many_seeds_it_is_the_normal_distributions(planned):
    results = planned({"defenses": {"*": None, "ce": {}}, "thieves": {"paper": {"seeds": 400, "control_seeds": 900}}})
    gain = numbers(power_text(results, []).splitlines()[1])[0]
    normal = NormalDist()
    quantiles = normal.inv_cdf(1 - 0.05 / 2) + normal.inv_cdf(0.8)
    assert gain == pytest.approx(100 * quantiles * ASSUMED_SD * sqrt(1 / 400 + 1 / 900), rel=0.02)


def test_cells_that_share_a_variance_find_less_with_as_much_as_they_may_borrow(planned):
    line = power_text(planned({"seeds": [0, 1, 2]}), []).splitlines()[1]
    shared, own = numbers(line)[:2]
    assert "points with 3 seeds and 3 controls (4 verdicts, 2 attacks, 1 look;" in line
    error, level = ASSUMED_SD * sqrt(2 / 3), 0.05 / (4 * 2)
    for gain, borrowed in ((shared, min(PRIOR_CAP, 2 * 3)), (own, 0)):
        df = 4 / (1 / (2 + borrowed) + 1 / 2)
        assert chance_above(gain / 100, error, df, level) == pytest.approx(0.8, abs=0.002)
    assert shared < own


def test_below_three_seeds_nothing_is_found(planned):
    line = power_text(planned({"seeds": [0, 1], "decide": {"looks": [3]}}), []).splitlines()[1]
    assert line.startswith("  paper: none with 2 seeds and 2 controls, ")
    assert "points with 3 seeds and 3 controls (" in line


def test_the_student_with_the_fewest_controls_speaks_for_all(planned):
    """Controls of the second student are there for two of three seeds."""
    results = planned(OVERRIDE)
    runs = [run for run in results.planned if (run.role, run.arch, run.seed) != ("ls_student", "papernot_digits", 2)]
    results.__dict__["planned"] = runs
    assert all("none with 3 seeds and 2 controls" in line for line in power_text(results, []).splitlines()[1:])


def test_every_thief_with_cells_has_a_line_and_capped_cells_do_not_speak_for_the_others(planned):
    override = OVERRIDE | {"defenses": {"st": {"seeds": 1}}, "label_curve": {"labels": [60]}}
    lines = power_text(planned(override), []).splitlines()[1:]
    assert sorted(line.split(":")[0] for line in lines) == ["  other", "  paper", "  poor", "  richer"]
    assert all("with 3 seeds and 3 controls" in line for line in lines)


def test_without_knockoffs_there_is_nothing_to_say(planned):
    assert power_text(planned({"studies": ["ta"]}), []) == ""


def rows(thief, values, controls):
    """A row of the table ``knockoff`` over these accuracies."""
    ours, theirs = (seed_interval(each, within=(0, 1), resolution=1 / 60) for each in (values, controls))
    return {
        "thief": thief, "test_n": 60, "seeds": len(values), "control_seeds": len(controls),
        "knockoff_accuracy": ours.value, "knockoff_low": ours.low, "knockoff_high": ours.high,
        "ls_accuracy": theirs.value, "ls_low": theirs.low, "ls_high": theirs.high,
    }  # fmt: skip


def test_a_finished_table_tells_the_spread_of_each_thief(planned):
    results = planned({"defenses": {"*": None, "ce": {}}, "seeds": [0, 1, 2, 3]})
    table = [
        rows("paper", [0.5, 0.52, 0.54], [0.8, 0.8, 0.86]), rows("paper", [0.2, 0.26, 0.2, 0.26], [0.8, 0.8, 0.86]),
        rows("else", [0.1, 0.9, 0.5], [0.1, 0.9, 0.5]),
    ]  # fmt: skip
    line = power_text(results, table).splitlines()[1]
    sd = sqrt((np.var([0.5, 0.52, 0.54], ddof=1) + np.var([0.2, 0.26, 0.2, 0.26], ddof=1)) / 2)
    assert line.endswith(f"; standard deviation {100 * sd:.2f} points, of the finished tables)")
    own, shared = sd**2 / 4, np.var([0.8, 0.8, 0.86], ddof=1) / 4
    df = (own + shared) ** 2 / (own**2 / 3 + shared**2 / 3)
    assert chance_above(numbers(line)[0] / 100, sqrt(own + shared), df, 0.05 / 2) == pytest.approx(0.8, abs=0.002)


@pytest.mark.parametrize("values", [[0.9, 0.99, 1.0], [0.0, 0.02, 0.2], [0.5, 0.4, 0.7, 0.6], [0.3, 0.31, 0.3]])
def test_the_spread_is_that_of_the_runs(values):
    found = seed_interval(values, within=(0, 1), resolution=1e-6)
    assert spread([(found.value, found.low, found.high, len(values))], 1e-6) == pytest.approx(np.std(values, ddof=1))


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_runs_that_agree_spread_by_one_image(value):
    found = seed_interval([value] * 3, within=(0, 1), resolution=1 / 60)
    assert spread([(found.value, found.low, found.high, 3)], 1 / 60) == pytest.approx(1 / 60)


def test_without_intervals_nothing_is_known():
    assert spread([(0.5, None, None, 2)]) is None
    assert spread([]) is None


def test_it_does_not_need_torch():
    code = "import sys, distillab.plan.power; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
