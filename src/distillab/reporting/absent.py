"""Why a planned cell has no number: from the list of what is not there, whose reasons are anybody's text."""

from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.display import Html, folded

if TYPE_CHECKING:
    from distillab.reporting.tables import Tables

LISTED = 200
"""Members that a page lists at most."""

NOTED = 4
"""Reasons that the note of a table names at most."""

Gap = dict[str, Any]


def gaps(tables: "Tables", *stages: str, **columns: object) -> list[Gap]:
    """What is not there of these stages, or of all, and has these values in its columns."""
    return [
        gap
        for gap in tables.facts["missing"]
        if (not stages or gap["stage"] in stages) and all(gap[name] == value for name, value in columns.items())
    ]


def refused(tables: "Tables", *stages: str, **columns: object) -> list[Gap]:
    """What cannot be asked of a model, of these stages and with these values in its columns: no gap, but a dash."""
    return [
        gap
        for gap in tables.facts.get("impossible", [])
        if gap["stage"] in stages and all(gap[name] == value for name, value in columns.items())
    ]


def reason(found: list[Gap], otherwise: str) -> str:
    """Why these are not there; ``otherwise`` where nothing that was planned is missing."""
    if not found:
        return otherwise
    return f"{found[0]['reason']} ({len(found)} files)" if len(found) > 1 else str(found[0]["reason"])


def gap_note(found: list[Gap]) -> str:
    """One line under a table: how many of its planned cells are not there, and why; empty where all are."""
    if not found:
        return ""
    ids: dict[str, list[str]] = {}
    for gap in found:
        ids.setdefault(gap["reason"], []).append(gap["id"])
    said = [f"{_ids(names)}: {why}" for why, names in list(ids.items())[:NOTED]]
    rest = f"; {len(ids) - NOTED} further reasons in the list under Validity" if len(ids) > NOTED else ""
    return f"Missing: {len(found):,} of what was planned here. {'; '.join(said)}{rest}."


def gap_list(tables: "Tables") -> Html:
    """Everything that is not there with its reason, folded; nothing where everything is there."""
    found = gaps(tables)
    if not found:
        return Html("")
    items = "".join(f"<li><code>{escape(gap['id'])}</code> {escape(gap['reason'])}</li>" for gap in found[:LISTED])
    rest = f"<li>and {len(found) - LISTED:,} more, in facts.json</li>" if len(found) > LISTED else ""
    title = f"What is missing, and why: {len(found):,} file{'s' * (len(found) > 1)}"
    return folded(title, Html(f"<ul class='missing'>{items}{rest}</ul>"))


def cells_phrase(tables: "Tables") -> str:
    """How many cells of the matrices are not there."""
    planned, done = int(tables.facts["cells_planned"]), int(tables.facts["cells_done"])
    if done == planned:
        return f"all {planned:,} done"
    return f"{planned - done:,} of {planned:,} cells failed or are missing"


def _ids(names: list[str]) -> str:
    rest = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"{names[0]}{rest}"
