"""Receipts: one small file per job, which says what the job made; Snakemake waits for it and compares its content."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from distillab.core.files import write_text


class Receipt(BaseModel):
    """What a job made: its members, each with the hash of its payload, and why some are not there."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    digest: str
    """Of the job that wrote it: the keys of all its members."""
    made: dict[str, str]
    """Member id to the BLAKE2b-256 hash of its payload."""
    missing: dict[str, str] = {}
    """Member id to the reason, in one line."""


def receipt_path(preset: str, stage: str, job: str) -> str:
    """Where a job's receipt goes, relative to the project."""
    return f"results/{preset}/receipts/{stage}/{job}.json"


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Write ``receipt`` atomically, keys in a fixed order."""
    write_text(path, json.dumps(receipt.model_dump(mode="json"), indent=1, sort_keys=True) + "\n")


def read_receipt(path: Path) -> Receipt | None:
    """The receipt at ``path``; None where there is none, or something else."""
    try:
        return Receipt.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
