"""Where a run was made, in words: one environment, or several and what tells them apart."""

from typing import Any

SHOWN = 3
"""Models of an environment that are named."""


def software(environments: list[dict[str, Any]]) -> str:
    """What all payloads were made with."""
    return ", ".join(f"{name} {value}" for name, value in _common(environments).items())


def differences(environments: list[dict[str, Any]]) -> str:
    """How many environments there are, and for each one what it has of its own and made; empty for a single one."""
    if len(environments) < 2:
        return ""
    common = _common(environments)
    told = [f"{_own(each['environment'], common)} ({_made(each)})" for each in environments]
    return f"made in {len(environments)} environments: {'; '.join(told)}"


def machines(environments: list[dict[str, Any]]) -> str:
    """The devices and machine types, each pair once."""
    pairs = (
        f"{each['environment'].get('device', '')}, {each['environment'].get('machine', '')}".strip(", ")
        for each in environments
    )
    return " and ".join(dict.fromkeys(pairs))


def _common(environments: list[dict[str, Any]]) -> dict[str, str]:
    first: dict[str, str] = environments[0]["environment"] if environments else {}
    return {
        name: value
        for name, value in first.items()
        if all(each["environment"].get(name) == value for each in environments)
    }


def _own(environment: dict[str, str], common: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in environment.items() if name not in common) or "nothing more"


def _made(each: dict[str, Any]) -> str:
    stages = ", ".join(f"{stage} {count}" for stage, count in each["stages"].items())
    models, rest = each["models"][:SHOWN], len(each["models"]) - SHOWN
    named = ", ".join([*models, *([f"{rest} more"] if rest > 0 else [])])
    return f"{each['payloads']:,} payloads: {stages}" + (f"; models {named}" if named else "")
