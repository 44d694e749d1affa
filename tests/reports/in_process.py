"""A report run in this process: what its cells show, without a kernel, a notebook or a template around it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext

from distillab.reporting.export import _prose
from distillab.reporting.record import RunCost, record
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables

REPORTS = Path(__file__).parents[2] / "reports"
PAGES = ("index", "undistillable", "ta", "sparse", "adversarial", "certified", "audit")
COST = RunCost({"attack": 2000.0, "distill": 3420.4, "claims": 0.9}, 1830.0)


def body(page: str, tables: Path) -> str:
    """What stands between the page's frame: prose and outputs, as HTML; of the record, its Markdown but for the day."""
    if page == "record":
        return re.sub(r"\d{4}-\d\d-\d\d", "(day)", record(Tables(tables), Reported(REPORTS / "reported"), COST))
    return "\n".join(_shown(page, tables))


def _shown(page: str, tables: Path) -> Iterator[str]:
    """What the cells of a report show, as a notebook would: their last expressions, and the prose between."""
    values: dict[str, Any] = {}
    for cell in jupytext.read(REPORTS / f"{page}.py", fmt="py:percent").cells:
        if cell.cell_type == "markdown":
            yield _prose(cell.source)
            continue
        tree = ast.parse(cell.source)
        shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, page, "exec"), values)
        if "parameters" in cell.metadata.get("tags", []):
            values |= {"tables": tables.as_posix(), "reported": (REPORTS / "reported").as_posix()}
        if shown is not None:
            value = eval(compile(ast.Expression(shown.value), page, "eval"), values)
            yield (value._repr_html_() or "") if value is not None else ""
