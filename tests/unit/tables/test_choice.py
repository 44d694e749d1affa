"""Which setting validation images choose, by hand, where seeds are missing."""

import pytest

from distillab.core.errors import ContractError
from distillab.tables.choice import best_setting


@pytest.mark.parametrize(
    ("accuracies", "chosen"),
    [
        ({0.1: {0: 0.5, 1: 0.75}, 0.2: {0: 0.5, 1: 0.5}}, 0.1),
        ({0.1: {0: 0.5, 1: 0.25}, 0.2: {0: 0.25, 1: 0.75}}, 0.2),
        ({0.2: {0: 0.5}, 0.1: {0: 0.5}}, 0.1),
        ({0.1: {0: 0.25, 1: 1.0}, 0.2: {0: 0.5}}, 0.2),
        ({0.1: {0: 0.25}, 0.2: {0: 0.5, 1: 0.0}}, 0.2),
        ({0.1: {0: 0.5, 1: 0.5}, 0.2: {0: 0.75, 1: 0.75}, 0.3: {2: 1.0}}, 0.2),
        ({0.1: {0: 0.25}, 0.2: {1: 1.0}}, 0.1),
    ],
    ids=["means", "means again", "of equals the smallest", "the seed both have", "and of the other", "no common seed",
         "one seed each: the last is none"],
)  # fmt: skip
def test_settings_are_compared_over_seeds_that_all_have(accuracies, chosen):
    assert best_setting(accuracies) == chosen


def test_a_single_setting_needs_no_accuracy():
    nan = float("nan")
    assert best_setting({0.3: {0: nan}}) == 0.3
    with pytest.raises(ContractError, match="not an accuracy"):
        best_setting({0.3: {0: nan}, 0.1: {0: 0.5}})
