"""How alpha is shared out."""

import pytest

from distillab.core.errors import SpecError
from distillab.metrics.levels import Levels, shared_levels


def test_levels_by_hand():
    levels = Levels(alpha=0.05, teachers=14, attacks=9, looks=4)
    assert levels.distillable == pytest.approx(0.05 / (14 * 9 * 4))
    assert levels.undistillable == pytest.approx(0.05 / (14 * 4))


def test_a_family_spends_alpha_once():
    """Thieves with 30, 60 and 120 labels in sequence, and one that asks for labels alone."""
    shared = shared_levels([["30", "60", "120"], ["label"]], Levels(teachers=3, attacks=7, looks=2))
    assert shared.keys() == {"30", "60", "120", "label"}
    assert {each.distillable for each in shared.values()} == {0.05 / 2 / (3 * 7 * 2)}
    assert sum(each.undistillable for each in shared.values()) == pytest.approx(0.05 / (3 * 2))
    # Of a sequence the first true null alone can be wrongly rejected; so each sequence spends its share once.
    assert sum(shared[name].distillable * 3 * 7 * 2 for name in ("30", "label")) == pytest.approx(0.05)


def test_a_lone_thief_has_all_of_alpha():
    levels = Levels(teachers=2, attacks=3)
    assert shared_levels([["papers"]], levels) == {"papers": levels}


def test_one_of_everything_leaves_alpha_whole():
    assert (Levels().distillable, Levels().undistillable) == (0.05, 0.05)


@pytest.mark.parametrize(
    "bad",
    [{"alpha": 0.0}, {"alpha": 0.5}, {"teachers": 0}, {"attacks": 0}, {"looks": 0}, {"thieves": 0}, {"share": 1.5}],
)
def test_what_are_no_levels(bad):
    with pytest.raises(SpecError, match=r"^alpha, share and counts: no levels; expected 0 < alpha < 0.5; got Levels"):
        Levels(**bad)


@pytest.mark.parametrize("sequences", [[], [[]], [["a"], ["a"]], [["a"], []]])
def test_what_is_no_family(sequences):
    with pytest.raises(SpecError, match=r"^shared_levels: thieves are no family; expected each one once; got"):
        shared_levels(sequences, Levels())
