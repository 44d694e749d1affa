"""When, where and how long."""

import subprocess
from typing import Any

from distillab.core.job import Member
from distillab.tables import costs, environments
from distillab.tables.results import Results
from distillab.tables.table import Column, Table


def content(results: Results) -> dict[str, Any]:
    """The record ``run``: when, where and how long, of what is there.

    It is the only one that two equal runs do not share.
    """
    seconds: dict[str, float] = {}
    made: list[tuple[Member, dict[str, str]]] = []
    days: set[str] = set()
    for member in results.asked:
        if results.made(member.id):
            sidecar = results.sidecar(member.id)
            made.append((member, sidecar.environment))
            days.add(str(sidecar.run.get("finished", ""))[:10])
            if member.stage != "prepare":
                seconds[member.stage] = round(seconds.get(member.stage, 0.0) + float(sidecar.run["seconds"]), 3)
    return {
        "stage_seconds": seconds,
        "teacher_seconds": costs.teacher_seconds(results, "seconds"),
        "teacher_fixed_seconds": costs.teacher_seconds(results, "fixed_seconds"),
        "teacher_step_seconds": costs.teacher_seconds(results, "step_seconds"),
        "certificate_costs": costs.certificate_costs(results),
        "environments": environments.tally(made),
        "commit": commit(),
        "date": max(days, default=""),
    }


def commit() -> str:
    """The commit the code came from, with a plus where files differ from it; empty outside a repository."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


TABLE = Table(
    "run",
    (
        Column("stage_seconds", "seconds", "wall time by stage", many=True),
        Column("teacher_seconds", "seconds", "wall time by teacher, mean over seeds", many=True),
        Column("teacher_fixed_seconds", "seconds", "what its method does before the first step, likewise", many=True),
        Column("teacher_step_seconds", "seconds", "one step of it, likewise", many=True),
        Column("certificate_costs", "record", "CPU seconds an image, and bytes at the peak", many=True),
        Column("environments", "record", "each with how many payloads, which stages and which models", many=True),
        Column("commit", "text", "the code's, with a plus where files differ from it; empty outside a repository"),
        Column("date", "text", "the day on which the last of it was made; empty where nothing is there"),
    ),
    ("attack", "certify", "sensitivity"),
    content,
    ".json",
)
