"""What validation images choose."""

import pytest

from distillab.core.errors import ContractError
from distillab.metrics.selection import choose_on_validation


def test_the_best_is_chosen_and_of_equals_the_smallest():
    assert choose_on_validation({0.1: 0.5, 0.2: 0.7, 0.3: 0.6}) == 0.2
    assert choose_on_validation({0.5: 0.8, 0.1: 0.9, 0.05: 0.9, 0.01: 0.7}) == 0.05
    assert choose_on_validation({(2.0, 8.0): 0.9, (1.0, 4.0): 0.9}) == (1.0, 4.0)


def test_accuracies_are_shares_with_both_ends():
    assert choose_on_validation({0.1: 0.0, 0.2: 1.0}) == 0.2


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan")])
def test_a_choice_needs_accuracies(value):
    with pytest.raises(ContractError, match=rf"^choose_on_validation, setting 0.2: not an accuracy; .*; got {value}$"):
        choose_on_validation({0.1: 0.5, 0.2: value})


def test_a_choice_needs_settings():
    with pytest.raises(ContractError, match=r"^choose_on_validation: no setting to choose from$"):
        choose_on_validation({})
