"""Where a run's payloads were made: every distinct environment, with what was made in it."""

from collections.abc import Iterable
from typing import Any

from distillab.core.job import Member


def tally(made: Iterable[tuple[Member, dict[str, str]]]) -> list[dict[str, Any]]:
    """One record per environment, that of most payloads first: how many, of which stages and of which models."""
    found: dict[tuple[tuple[str, str], ...], list[Member]] = {}
    for member, environment in made:
        found.setdefault(tuple(sorted(environment.items())), []).append(member)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"environment": dict(environment)} | _counted(members) for environment, members in ranked]


def _counted(members: list[Member]) -> dict[str, Any]:
    stages = [member.stage for member in members]
    return {
        "payloads": len(members),
        "stages": {stage: stages.count(stage) for stage in dict.fromkeys(stages)},
        "models": sorted({name for member in members if (name := _model(member))}),
    }


def _model(member: Member) -> str:
    """The flat id of the model that a payload is or is about; empty where there is none."""
    if member.model:
        return member.model.name
    return member.axes.get("model", "")
