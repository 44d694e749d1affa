"""The tables of a run, computed from artifacts without torch: one file each, and one line here."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from distillab.tables.registry import TableRegistry

if TYPE_CHECKING:
    from distillab.tables.table import Table

__all__ = ["FOR_DVC", "RECORDS", "TABLES", "name_of", "table_of"]

TABLES = TableRegistry(
    "models",
    "knockoff",
    "verdicts",
    "labels",
    "worth",
    "protections",
    "robustness",
    "strength",
    "curves",
    "examples",
    "worst",
    "cmi",
    "leaks",
    "simplex",
    "ablations",
    "hypotheses",
    "responses",
    "profiles",
    "history",
    "certificates",
    "certified_images",
    "cascades",
    "sensitivity",
    "steps",
    "claims",
)
"""Name to table."""

RECORDS = TableRegistry("facts", "run", "metrics")
"""Name to what is true of a run as a whole: one file of JSON each."""

FOR_DVC = {
    "plots/history.csv": "history",
    "plots/robustness.csv": "curves",
    "plots/cmi.csv": "cmi",
    "metrics.json": "metrics",
}
"""File that DVC shows of a run to the table or record that it holds; made with the tables of the index."""


def name_of(file: str) -> str:
    """The table or record that a file under ``results/<preset>/`` holds."""
    return FOR_DVC.get(file) or PurePosixPath(file).stem


def table_of(file: str) -> "Table":
    """The same, with what it declares.

    Raises:
        KeyError: there is no such table.
    """
    name = name_of(file)
    return RECORDS[name] if name in RECORDS else TABLES[name]
