"""Stage ``report``: one page, from tables that were checked against their sidecars."""

from pathlib import Path

from distillab.core.job import Member
from distillab.core.store import Entry
from distillab.core.workspace import HIDDEN, Product, Workspace
from distillab.reporting.export import render

REPORTS = Path("reports")


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The page named by the member's spec; the notebook as it was run and an image to share are kept with it."""
    for parent in member.parents.values():
        workspace.verified_path(parent)
    name = member.spec["report"]
    results = workspace.root / "results" / workspace.plan.preset
    render(
        workspace.root / REPORTS / f"{name}.py",
        {"tables": (results / "tables" / name).as_posix()},
        entry.payload,
        workspace.root / HIDDEN / "notebooks" / workspace.plan.preset,
        executed=entry.beside(".ipynb"),
        card=entry.beside(".png"),
    )
    return Product("cpu")
