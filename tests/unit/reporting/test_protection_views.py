"""What defenses remove and cost, and what answers are worth: each number from its own teacher and thief."""

import pytest
from pages import row_of, rows_of

from distillab.reporting import thief_views
from distillab.reporting.protection_views import protection_table

HELD = {
    "share_removed": 0.9,
    "share_low": 0.7,
    "share_high": 1.05,
    "protects": True,
    "protection_reason": "half is gone",
}
OPEN = {
    "share_removed": 0.1,
    "share_low": -0.3,
    "share_high": None,
    "protects": False,
    "protection_reason": "kd <keeps>",
}
COST = {"cost": 0.012, "cost_low": 0.002, "cost_high": 0.022}


@pytest.fixture
def read(tables_of, knockoff, verdict):
    rows = [
        verdict("ce", "distillable", thief="poor"),
        verdict("cmim", "undistillable", thief="poor", **HELD, **COST),
        verdict("cmim", "no control", protects=False, protection_reason="no leak", **COST),
        verdict("st", "distillable", thief="poor", best_delta=0.05, **OPEN, cost=-0.001),
    ]
    return tables_of(knockoff=[knockoff("ce", "kd")], verdicts=rows)


def test_share_and_words_are_those_of_a_teacher_and_a_thief(read):
    shown = protection_table(read).text
    assert row_of(shown, "cmim").startswith("cmim ◆ protects 90.0 [70.0, 105]")
    assert "◌ not shown 10.0 at least −30.0" in row_of(shown, "st")
    assert [row.split()[0] for row in rows_of(shown)] == ["cmim", "st"], "the unprotected teacher removes nothing"
    assert 'title="kd &lt;keeps&gt;"' in shown


def test_without_a_sure_leak_no_share_is_shown(read):
    cmim = row_of(protection_table(read).text, "cmim")
    assert "◌ not shown – (no leak surely above the margin is shown)" in cmim
    assert cmim.endswith("+1.20 [+0.20, +2.20]")


def test_a_cost_without_bounds_stands_alone_and_an_absent_thief_is_a_dash(read):
    assert row_of(protection_table(read).text, "st").endswith("– (this thief does not rob this teacher) −0.10")


def test_without_an_unprotected_teacher_beside_them_there_is_no_table(tables_of, verdict):
    assert protection_table(tables_of(verdicts=[verdict("cmim", "no control")])).text == ""


def worth(**more):
    row = {"thief": "poor", "teacher": "ce-net", "defense": "ce", "student": "small", "attack": "kd"}
    row |= {f"{name}{end}_beyond": 0 for name in ("equivalent", "per_answer") for end in ("", "_low", "_high")}
    row |= {"equivalent": 388.0, "equivalent_low": 230.0, "equivalent_high": 1377.0, "equivalent_high_beyond": 1}
    return row | {"per_answer": 0.238, "per_answer_low": 0.123, "per_answer_high": 0.956} | more


def table_of(tables_of, knockoff, verdict, *rows):
    cells = [knockoff("ce", "kd", thief="poor"), knockoff("ce", "mkd", thief="poor")]
    return thief_views.thieves_table(
        tables_of(knockoff=cells, verdicts=[verdict("ce", "distillable", thief="poor")], worth=list(rows))
    ).text


def test_answers_are_worth_labels_with_their_sides(tables_of, knockoff, verdict):
    others = [worth(attack="mkd", equivalent=1.0), worth(thief="paper", equivalent=2.0)]
    shown = row_of(table_of(tables_of, knockoff, verdict, *others, worth()), "poor")
    assert "388 [230, > 1,377] 0.24 [0.12, 0.96]" in shown


def test_what_is_beyond_the_curve_with_its_whole_interval_is_said_once(tables_of, knockoff, verdict):
    ends = ("equivalent", "equivalent_low", "equivalent_high")
    beyond = worth(**dict.fromkeys(ends, 1377.0), **{f"{end}_beyond": 1 for end in ends})
    assert "500 > 1,377 0.24" in row_of(table_of(tables_of, knockoff, verdict, beyond), "poor")
    below = worth(equivalent=20.0, equivalent_beyond=-1, equivalent_low=20.0, equivalent_low_beyond=-1)
    assert "< 20 [< 20, > 1,377]" in row_of(table_of(tables_of, knockoff, verdict, below), "poor")


def test_without_a_curve_nothing_is_read(tables_of, knockoff, verdict):
    assert "one number of labels is no curve to read" in table_of(tables_of, knockoff, verdict)
