"""What ``distillab certify --weights`` prints of certificates that can be counted by hand."""

from argparse import Namespace

import pandas as pd
import pytest

from distillab.cli import certified

ROWS = pd.DataFrame(
    {
        "eps": [0.05] * 4 + [0.5] * 4,
        "label": [0, 1, 2, 3] * 2,
        "predicted": [0, 1, 2, 0] * 2,
        "certified": [True, True, True, False] + [False] * 4,
        "certified_prediction": [True, True, True, False, False, False, False, True],
        "slack": [False, False, False, True, True, False, False, False],
        "by": ["dual", "ibp", "ibp", "dual"] + ["ibp"] * 4,
    }
)
"""Four images, three of them right; three certified at the smaller radius, none at the larger, where the wrong
prediction is certified and the bound of one right image lies within rounding."""

SECOND = ROWS.assign(predicted=[3, 1, 2, 3] * 2, certified_prediction=[False] * 3 + [True] + [False] * 4, slack=False)
"""A second network, which is right about the image that the first gets wrong."""


def options(**given):
    return Namespace(**{"cascade": False, "as_published": None, "precision": "float32"} | given)


def test_a_line_for_each_radius():
    head, near, far = certified.shares(ROWS, [0.25, 12.5])
    assert head == "       eps     clean  certified     95 % interval  CPU s/image  decided by"
    assert near == "      0.05    75.00%     75.00%  30.06% to 95.44%       0.2500  ibp 50.00%, dual 25.00%"
    assert far == "       0.5    75.00%      0.00%   0.00% to 48.99%      12.5000  none"


def test_every_radius_has_its_seconds():
    with pytest.raises(ValueError, match="zip"):
        list(certified.shares(ROWS, [0.25]))


def test_what_rounding_leaves_open_is_always_counted():
    assert list(certified.rounding([ROWS], "float64")) == [
        "1 of 4 images undecided within rounding (float64) at eps 0.05: counted as not certified",
        "1 of 4 images undecided within rounding (float64) at eps 0.5: counted as not certified",
    ]
    assert next(certified.rounding([ROWS.assign(slack=False)], "float32")).startswith("0 of 4 images")
    both = ROWS, ROWS.assign(slack=[True] + [False] * 7)
    assert next(certified.rounding(both, "float32")).startswith("2 of 4 images")


def test_a_paper_counts_what_rounding_may_have_lifted_as_certified():
    """At 0.5 the image within rounding is certified, the wrong one is decided wrongly, two are undecided."""
    near, far = certified.counted_as_published([ROWS], options(as_published="wong-kolter"))
    assert near.startswith("as Wong & Kolter 2018 counts: error 25.00 %, robust error 25.00 % at eps 0.05 (a bound")
    assert far.startswith("as Wong & Kolter 2018 counts: error 25.00 %, robust error 75.00 % at eps 0.5 (")


def test_a_cascade_is_counted_from_its_first_network_on():
    """At 0.05 the first network decides three images rightly, and the second the last one."""
    head, *rest = certified.cascade_lines([ROWS, SECOND], as_published=False)
    assert head == "       eps  networks   decided  undecided     error  robust error    strict"
    assert rest[:4] == [
        "      0.05         1    75.00%     25.00%    25.00%        25.00%    25.00%",
        "      0.05         2    25.00%      0.00%     0.00%         0.00%    50.00%",
        "       0.5         1    25.00%     75.00%    25.00%       100.00%   100.00%",
        "       0.5         2     0.00%     75.00%    50.00%       100.00%   100.00%",
    ]
    assert [line.split(":")[0] for line in rest[4:]] == ["decided", "robust error", "strict"]


def test_the_lines_that_options_ask_for():
    def heads(frames, **given):
        return [line.split()[0] for line in certified.lines(frames, [[1.0, 1.0]] * len(frames), options(**given))]

    assert heads([ROWS]) == ["eps", "0.05", "0.5", "1", "1"]
    assert heads([ROWS], as_published="scaling")[-2:] == ["as", "as"]
    cascade = heads([ROWS, SECOND], cascade=True)
    assert cascade == ["eps", "0.05", "0.05", "0.5", "0.5", "decided:", "robust", "strict:", "1", "1"]


def test_verdicts_are_those_of_all_networks():
    """The first network's wrong prediction lies within rounding at 0.05: for a paper it decides, and wrongly."""
    found = certified.published_verdicts([ROWS, SECOND])
    assert list(found) == [0.05, 0.5]
    assert found[0.05].paper_robust_error == 0.25
    assert found[0.5].paper_robust_error == 0.75
