"""Statements meet their own numbers, and one family's correction."""

from math import sqrt

import by_hand

from distillab.tables.judged import Statement, judged

UP = Statement("W1", "it grows", "points", (1.0, 2.0, 4.5))
DOWN = Statement("W2", "it falls", "nats", (3.0, 4.0, 3.5), "down")
SMALL = Statement("W3", "it stays", "points", (0.1, -0.1, 0.3), "none", 2.0)
EMPTY = Statement("W4", "nobody knows", "points", ())


def two_sided(values, bound=0.0):
    """Twice the one-sided p-value of Student's t with two degrees of freedom, whose tail is 1/2 - t / (2 sqrt(t^2+2)).

    For three values.
    """
    mean = sum(values) / 3
    error = sqrt(sum((value - mean) ** 2 for value in values) / 2 / 3)
    t = (mean - bound) / error
    return 1 - t / sqrt(t**2 + 2)


def test_statements_without_numbers_are_left_out_and_the_others_keep_their_order():
    found = judged([EMPTY, SMALL, EMPTY, UP, DOWN])
    assert [said for said, _ in found] == [SMALL, UP, DOWN]
    assert judged([EMPTY]) == []


def test_each_statement_has_its_verdict_with_holm_over_all(same_row):
    """Of the three p-values the smallest counts three times, the next twice."""
    plain = [two_sided(UP.values), two_sided(DOWN.values), two_sided([-value for value in SMALL.values], -2.0)]
    assert plain[2] < plain[1] < plain[0]
    adjusted = (plain[0], 2 * plain[1], 3 * plain[2])
    (_, up), (_, down), (_, small) = judged([UP, DOWN, SMALL])
    for verdict, said, p, decision in zip(
        (up, down, small), (UP, DOWN, SMALL), adjusted, ("undecided", "contradicted", "holds"), strict=True
    ):
        mean, low, high = by_hand.mean_and_bounds(said.values)
        row = {"value": mean, "low": low, "high": high, "p": p, "decision": decision, "seeds": 3}
        same_row(verdict, row)


def test_a_statement_grows_and_has_no_margin_unless_it_says_so():
    assert (UP.direction, UP.margin) == ("up", 0.0)
