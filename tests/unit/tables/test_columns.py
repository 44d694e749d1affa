"""Shared columns mean the same in every table."""

import pytest

from distillab.tables import TABLES
from distillab.tables.columns import MODEL, interval, shared


def test_shared_columns_come_in_the_order_asked_for():
    assert [column.name for column in shared("seed", "model")] == ["seed", "model"]
    assert {column.name: column.unit for column in shared(*MODEL, "seeds")} == {
        "model": "text", "role": "text", "defense": "text", "arch": "text", "chain": "text",
        "temperature": "temperature", "step": "index", "seeds": "seeds",
    }  # fmt: skip
    with pytest.raises(KeyError, match="nobody"):
        shared("nobody")


def test_an_interval_has_two_ends_in_one_unit():
    low, high = interval("a", "b", "nats", of="it", optional=True)
    assert (low.name, low.unit, low.says, low.optional) == ("a", "nats", "lower end of the 95 % interval of it", True)
    assert (high.name, high.unit, high.says, high.optional) == (
        "b",
        "nats",
        "upper end of the 95 % interval of it",
        True,
    )
    assert not any(end.optional for end in interval("a", "b", "nats", of="it"))


def units_by_name():
    units = {}
    for table in TABLES.values():
        for column in table.columns:
            units.setdefault(column.name, set()).add(column.unit)
    return units


def test_an_eps_is_a_radius_and_label_smoothing_a_share():
    units = units_by_name()
    assert units["eps"] == {"distance"}
    assert units["label_smoothing"] == units["ls_smoothing"] == {"share"}


def test_one_name_has_one_unit_in_all_tables_but_for_these():
    units = units_by_name()
    ends = {"share", "mixed", "signed distance"}
    assert {name: found for name, found in units.items() if len(found) > 1} == {
        "low": ends, "high": ends, "value": {"setting", "mixed", "signed nats"},
        "gap": {"share", "signed share"}, "margin": {"share", "logits"},
    }  # fmt: skip
