"""What Snakemake may believe: receipts that are true of the files beside them, and nothing without one.

Snakemake compares the receipts of jobs and never looks at the payloads. So before it looks, a receipt that does not
say what is there is taken away, and its job is run again: whatever is whole comes from the store.
"""

import base64
import json
import logging
import os
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.job import Job, Plan
from distillab.core.receipts import Receipt, read_receipt, write_receipt
from distillab.core.sidecar import read_sidecar, sidecar_path, verified

METADATA = Path(".snakemake/metadata")

LONGEST = 254
"""Snakemake cuts names of its records one character below the file system's limit."""

LONG_AGO = 1
"""The time of a page that is older than anything."""

log = logging.getLogger("distillab")


def take_away_untrue(plan: Plan, root: Path = Path()) -> list[str]:
    """The outputs of the jobs that Snakemake must run again, after receipts were removed and pages were made old.

    A receipt stays where it names no failure and each payload was there before it; a payload that came after it, as
    from DVC or another machine, is compared with its sidecar, and the receipt is written anew if it is another one. A
    page whose sidecar does not fit can still be read until it is made anew.
    """
    gone = [job.output for job in plan.jobs if (root / job.output).exists() and not _true(plan, job, root)]
    for output in gone:
        forget(Path(output), root)
    return gone


def _true(plan: Plan, job: Job, root: Path) -> bool:
    return _true_receipt(plan, job, root) if job.writes_receipt else _whole_page(root / job.output)


def _whole_page(page: Path) -> bool:
    """Whether nobody has added to a page, as a run does that was to make it anew."""
    try:
        return read_sidecar(page).payload.bytes == page.stat().st_size
    except ArtifactError:
        return False


def _true_receipt(plan: Plan, job: Job, root: Path) -> bool:
    """Whether the receipt of a job is true; after this it is newer than the payloads that it names."""
    path = root / job.output
    receipt = read_receipt(path)
    if receipt is None or receipt.missing:
        return False
    if receipt.digest != job.digest:
        return _knows_other_digest(record_of(path, root), job.digest)
    if receipt.made.keys() != set(job.members):
        return False
    written = path.stat().st_mtime_ns
    later = []
    for member_id in job.members:
        payload = root / plan.members[member_id].path
        try:
            times = [file.stat().st_mtime_ns for file in (payload, sidecar_path(payload))]
        except FileNotFoundError:
            return False
        if max(times) > written:
            later.append(member_id)
    return not later or _renewed(plan, later, receipt, root, path)


def _knows_other_digest(record: Path, digest: str) -> bool:
    """Whether Snakemake will see by its record that an output was made from other parameters or code.

    After `--touch`, and where parameters changed while a run went on, the record is of other ones than the receipt.
    """
    try:
        recorded = json.loads(record.read_bytes())["params"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return isinstance(recorded, list) and repr(digest) not in recorded


def _renewed(plan: Plan, later: list[str], receipt: Receipt, root: Path, path: Path) -> bool:
    """Whether payloads that are newer than their receipt are what the plan asks for; then the receipt says so."""
    made = dict(receipt.made)
    for member_id in later:
        member = plan.members[member_id]
        try:
            sidecar = verified(root / member.path)
        except ArtifactError as error:
            log.warning("distillab: made again: %s", error.fault)
            return False
        if sidecar.key != member.key:
            return False
        made[member_id] = sidecar.payload.blake2b
    if made == receipt.made:
        os.utime(path)
    else:
        write_receipt(path, receipt.model_copy(update={"made": made}))
    return True


def forget(output: Path, root: Path = Path()) -> None:
    """Take away an output's receipt and Snakemake's record of it: it is made again, and a page stays until then."""
    if output.suffix == ".json":
        (root / output).unlink(missing_ok=True)
    elif (root / output).exists():
        os.utime(root / output, (LONG_AGO, LONG_AGO))
    record_of(root / output, root).unlink(missing_ok=True)


def record_of(output: Path, root: Path) -> Path:
    """Snakemake's record of a file: its name in URL-safe base64, cut where names get too long."""
    name = base64.urlsafe_b64encode(output.relative_to(root).as_posix().encode()).decode()
    parts = [name[start : start + LONGEST] for start in range(0, len(name), LONGEST)]
    return (root / METADATA).joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
