"""What a table has, lacks and declares, by the names of its columns."""

import pytest

from distillab.core.errors import ContractError
from distillab.tables.table import Column, Table

MODEL, BY, SHARE = Column("model", "text", ""), Column("by_*", "share", ""), Column("a", "share", "")
TABLE = Table("made", (MODEL, BY, SHARE), ("attack",), list)


def test_a_pattern_is_no_name():
    assert (MODEL.is_pattern, BY.is_pattern) == (False, True)
    assert TABLE.fixed == (MODEL, SHARE)
    assert TABLE.names == ("model", "a")


def test_what_is_lacking_is_told_in_the_order_of_the_declaration():
    assert TABLE.lacking(["model", "by_x", "a"]) == []
    assert TABLE.lacking(iter(["by_x"])) == ["model", "a"]
    assert TABLE.lacking(["a", "by"]) == ["model", "by_*"]


def test_every_column_finds_its_declaration():
    found = TABLE.declared(["by_x", "a", "by_b", "model"])
    assert list(found.items()) == [("model", MODEL), ("by_x", BY), ("by_b", BY), ("a", SHARE)]


@pytest.mark.parametrize(("found", "told"), [
    (["model", "by_x", "a", "more"], "expected no more than it declares; got more; "),
    (["model", "a"], r"expected by_\*; got none of these; "),
])  # fmt: skip
def test_columns_more_or_less_are_refused(found, told):
    with pytest.raises(ContractError, match=told):
        TABLE.declared(found)


def test_columns_more_and_less_are_told_at_once():
    with pytest.raises(ContractError) as raised:
        TABLE.declared(["more", "model", "by_x", "b"])
    assert str(raised.value) == (
        "table made: columns are not those that it declares; expected a; got more, b; "
        "make distillab/tables/made.py declare what it computes"
    )
