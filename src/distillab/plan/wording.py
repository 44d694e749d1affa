"""What a run does, in the words of the field: "Stealing 8 teachers with 5 attacks"."""

from collections.abc import Callable, Iterable, Sequence

from distillab.core.job import Member, Plan


def doing(plan: Plan, stage: str, members: Sequence[Member]) -> str:
    """What making these members of a stage is called."""
    return _DOING[stage](plan, members) if stage in _DOING else f"{stage}: {counted(len(members), 'payload')}"


def counted(count: int, noun: str) -> str:
    """``1 attack``, ``5 attacks``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def span(seconds: float) -> str:
    """About how long, in one whole number and its unit."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _teach(_plan: Plan, members: Sequence[Member]) -> str:
    teachers, defenses = counted(len(members), "teacher"), _distinct(m.model.defense for m in members if m.model)
    return f"Training {teachers} under {counted(defenses, 'defense')}"


def _baseline(_plan: Plan, members: Sequence[Member]) -> str:
    return f"Training {counted(len(members), 'control student')}"


def _knockoff(_plan: Plan, members: Sequence[Member]) -> str:
    models = [member.model for member in members if member.model]
    teachers, attacks = _distinct(m.teacher for m in models), _distinct(m.method for m in models)
    return f"Stealing {counted(teachers, 'teacher')} with {counted(attacks, 'attack')}"


def _distill(_plan: Plan, members: Sequence[Member]) -> str:
    chains = _distinct((m.axes["chain"], m.axes["temperature"]) for m in members)
    return f"Distilling along {counted(chains, 'chain')}"


def _measure(_plan: Plan, members: Sequence[Member]) -> str:
    return f"Measuring {counted(len(members), 'model')}"


def _sensitivity(_plan: Plan, members: Sequence[Member]) -> str:
    return f"Taking the Jacobian of {counted(len(members), 'model')}"


def _attack(_plan: Plan, members: Sequence[Member]) -> str:
    return f"Attacking {_models(members)} with {counted(_distinct(m.axes['attack'] for m in members), 'attack')}"


def _certify(_plan: Plan, members: Sequence[Member]) -> str:
    certifiers = _distinct(m.axes["certifier"] for m in members)
    return f"Certifying {_models(members)} with {counted(certifiers, 'certifier')}"


def _models(members: Iterable[Member]) -> str:
    return counted(_distinct(member.parents.get("model", member.id) for member in members), "model")


def _distinct(values: Iterable[object]) -> int:
    return len({*values})


_DOING: dict[str, Callable[[Plan, Sequence[Member]], str]] = {
    "prepare": lambda plan, _members: f"Preparing {plan.facts['data']['title']}",
    "teach": _teach,
    "baseline": _baseline,
    "knockoff": _knockoff,
    "distill": _distill,
    "measure": _measure,
    "sensitivity": _sensitivity,
    "attack": _attack,
    "certify": _certify,
    "collect": lambda _plan, members: f"Computing {counted(len(members), 'table')}",
    "report": lambda _plan, members: f"Rendering {counted(len(members), 'page')}",
}
