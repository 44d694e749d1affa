"""Rows sorted by whom they are about."""

from typing import Any

Row = dict[str, Any]


def by_model(rows: list[Row]) -> dict[str, list[Row]]:
    """Model to its rows, in their order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["model"], []).append(row)
    return groups
