"""Rows by model keep their order."""

from distillab.tables.rows import by_model


def test_rows_are_sorted_by_model_in_the_order_in_which_they_come():
    rows = [{"model": model, "n": n} for n, model in enumerate("bab")]
    assert list(by_model(rows).items()) == [("b", [rows[0], rows[2]]), ("a", [rows[1]])]
    assert by_model([]) == {}
