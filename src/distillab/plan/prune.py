"""What no plan needs any more: outputs of removed methods, store entries of old parameters and old code."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from distillab.core.job import Plan, read_plan
from distillab.core.sidecar import sidecar_path
from distillab.core.store import Store
from distillab.core.workspace import HIDDEN
from distillab.plan.cache import load_plan, plan_path


@dataclass(frozen=True)
class Leftover:
    """A file or folder that can go, and why."""

    path: Path
    bytes: int
    reason: str


def prune(root: Path, *, delete: bool) -> Iterator[str]:
    """One line per leftover with its size, then a total; deletes them if ``delete``."""
    found = [*orphans(root, load_plan(root)), *old_entries(root), *old_plans(root)]
    for leftover in found:
        yield f"{readable(leftover.bytes):>9}  {leftover.path}  ({leftover.reason})"
        if delete:
            _remove(leftover.path)
    total = readable(sum(leftover.bytes for leftover in found))
    verb = "deleted" if delete else "could be deleted with --yes"
    yield f"{total:>9}  in {len(found)} places {verb}" if found else "nothing to prune"


def orphans(root: Path, plan: Plan) -> Iterator[Leftover]:
    """Files under this preset's results that the plan does not make."""
    wanted = {root / member.path for member in plan.members.values() if member.path}
    wanted |= {sidecar_path(path) for path in wanted}
    folder = root / "results" / plan.preset
    kept = {folder / "logs", folder / "benchmarks"}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in wanted and not kept & set(path.parents) and path.name != ".gitignore":
            yield Leftover(path, path.stat().st_size, "not in the plan")


def old_entries(root: Path) -> Iterator[Leftover]:
    """Store entries that no cached plan of the present code asks for."""
    wanted = _wanted_keys(root)
    for folder in Store(root / HIDDEN / "store").entries():
        if folder.name not in wanted:
            sidecar = Store(root / HIDDEN / "store").describe(folder)
            what = f"old {sidecar.id}" if sidecar else "unfinished"
            yield Leftover(folder, _size(folder), what)


def old_plans(root: Path) -> Iterator[Leftover]:
    """Cached plans of other parameters or older code."""
    current = plan_path(root)
    for path in sorted((root / HIDDEN / "plans").glob("*.json")):
        if path != current and read_plan(path).preset == read_plan(current).preset:
            yield Leftover(path, path.stat().st_size, "plan of other parameters or code")


def readable(size: int) -> str:
    """A size in bytes, in the unit that suits it."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _wanted_keys(root: Path) -> set[str]:
    """Keys of the present plan and of what lies under ``results/`` for other presets."""
    import json

    keys = {member.key for member in load_plan(root).members.values()}
    for path in (root / "results").rglob("*.json"):
        try:
            keys.add(str(json.loads(path.read_text(encoding="utf-8")).get("key")))
        except (ValueError, AttributeError):
            continue
    return keys


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
