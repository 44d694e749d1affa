"""What no plan needs any more: outputs of removed methods, store entries of old parameters and old code.

Other presets keep what they have: their results, and what the last plan made for them asks for.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.job import Member, Plan, read_plan
from distillab.core.locks import held, living, refuse_beside_run
from distillab.core.sidecar import read_sidecar, sidecar_path
from distillab.core.stages import STAGES
from distillab.core.store import Entry, Store
from distillab.core.workspace import HIDDEN
from distillab.plan.cache import load_plan, plan_path
from distillab.plan.manifest import manifest_path
from distillab.plan.signature import signature_path
from distillab.plan.wording import counted


@dataclass(frozen=True)
class Leftover:
    """A file or folder that can go, and why."""

    path: Path
    bytes: int
    reason: str


def prune(root: Path, *, delete: bool) -> Iterator[str]:
    """One line per leftover with its size, then a total; deletes them if ``delete``.

    Raises:
        ArtifactError: it is to delete, and a run goes on, which may need what other parameters do not.
    """
    if delete:
        refuse_beside_run(root / HIDDEN)
    plan = load_plan(root)
    found = [*orphans(root, plan), *old_entries(root), *old_plans(root)]
    for leftover in found:
        yield f"{readable(leftover.bytes):>9}  {leftover.path}  ({leftover.reason})"
        if delete:
            _remove(leftover.path)
    total = readable(sum(leftover.bytes for leftover in found))
    verb = "deleted" if delete else "could be deleted with --yes"
    yield f"{total:>9}  in {counted(len(found), 'place')} {verb}" if found else "nothing to prune"


def orphans(root: Path, plan: Plan) -> Iterator[Leftover]:
    """Files under this preset's results that the plan does not make and nobody is writing."""
    wanted = {root / path for member in plan.members.values() if member.path for path in _kept_of(member)}
    manifest = manifest_path(root, plan.preset)
    wanted |= {manifest, signature_path(manifest), *(root / job.output for job in plan.jobs)}
    folder = root / "results" / plan.preset
    kept = {folder / "logs", folder / "benchmarks"}
    busy = bool(living(root / HIDDEN / "running"))
    for path in sorted(folder.rglob("*")):
        in_use = path.name == ".gitignore" or (busy and path.suffix == ".tmp")
        if path.is_file() and path not in wanted and not kept & set(path.parents) and not in_use:
            yield Leftover(path, path.stat().st_size, "not in the plan")


def _kept_of(member: Member) -> Iterator[Path]:
    """A member's payload, its sidecar, and what is put beside it."""
    path = Path(member.path)
    yield from (path, sidecar_path(path), *(path.with_suffix(suffix) for suffix in STAGES[member.stage].beside))


def old_entries(root: Path) -> Iterator[Leftover]:
    """Store entries that no kept plan and no result asks for, and that nobody is writing."""
    wanted, store = _wanted_keys(root), Store(root / HIDDEN / "store")
    for folder in store.entries():
        if folder.name not in wanted and not held(Entry(folder, "").lock):
            yield Leftover(folder, _size(folder), _entry_is(store, folder))


def _entry_is(store: Store, folder: Path) -> str:
    if sidecar := store.describe(folder):
        return f"old {sidecar.id}"
    return "damaged, or of another version of distillab" if any(folder.glob("payload.*.json")) else "unfinished"


def old_plans(root: Path) -> Iterator[Leftover]:
    """Cached plans of other parameters or older code: all but the present one and the last of every other preset."""
    kept = _kept_plans(root)
    for path in _cached_plans(root):
        if path not in kept:
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
    """Keys that the kept plans ask for, and those of other presets' results and of what these were made from."""
    keys = {member.key for plan in _kept_plans(root).values() for member in plan.members.values()}
    present = root / "results" / load_plan(root).preset
    for path in (root / "results").rglob("*.json"):
        if present not in path.parents:
            with suppress(ArtifactError):
                sidecar = read_sidecar(path.with_suffix(""))
                keys |= {sidecar.key, *(parent.key for parent in sidecar.parents.values())}
    return keys


def _kept_plans(root: Path) -> dict[Path, Plan]:
    """The present plan and the newest one of every other preset."""
    present = load_plan(root)
    newest = {plan.preset: (path, plan) for path in _cached_plans(root) if (plan := _plan_at(path)) is not None}
    newest[present.preset] = (plan_path(root), present)
    return dict(newest.values())


def _plan_at(path: Path) -> Plan | None:
    try:
        return read_plan(path)
    except ArtifactError:
        return None


def _cached_plans(root: Path) -> list[Path]:
    """From the oldest to the newest."""
    return sorted((root / HIDDEN / "plans").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
