"""What further seeds of cells cost: trainings of knockoffs, and the hours of all that is made for them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from distillab.core.job import Member
from distillab.params.asked import AskedCell
from distillab.plan.durations import Durations
from distillab.tables.cells import CONTROLS


@dataclass(frozen=True)
class Effort:
    """What some members cost."""

    knockoffs: int = 0
    """How many of them are trainings of knockoffs."""
    seconds: float | None = 0.0
    """Of all of them, one after the other; None where nothing of the kind was made yet."""

    def __add__(self, other: "Effort") -> "Effort":
        seconds = None if self.seconds is None or other.seconds is None else self.seconds + other.seconds
        return Effort(self.knockoffs + other.knockoffs, seconds)


def effort_of(durations: Durations, members: Iterable[Member]) -> Effort:
    """What these members, made or not, cost together."""
    efforts = [Effort(int(member.stage == "knockoff"), durations.seconds(member)) for member in members]
    return sum(efforts, Effort())


def needed_by(
    members: Mapping[str, Member], cells: Collection[AskedCell], seeds: Collection[int] | None = None
) -> dict[str, Member]:
    """The knockoffs of some cells, of all seeds or of these, and all that a verdict on them stands on.

    Their ancestors, the controls of the same thief and seed, and the answers of all of these.
    """
    found: dict[str, Member] = {}
    for member in members.values():
        if cell_of(member) in cells and (seeds is None or member.seed in seeds):
            _with_ancestors(members, member, found)
    robbed = {(member.model.thief, member.seed) for member in found.values() if member.model and member.model.thief}
    for member in members.values():
        own = member.model
        if own and own.role in CONTROLS and (own.thief, member.seed) in robbed:
            _with_ancestors(members, member, found)
    judged = {name for name, member in found.items() if member.model}
    answers = {name: each for name, each in members.items() if each.stage == "measure"}
    return found | {name: each for name, each in answers.items() if each.parents["model"] in judged}


def cell_of(member: Member) -> AskedCell | None:
    """The cell that a knockoff belongs to; None of everything else."""
    own = member.model
    return AskedCell(own.thief, own.defense, own.attack) if own and own.role == "knockoff" else None


def _with_ancestors(members: Mapping[str, Member], member: Member, found: dict[str, Member]) -> None:
    if member.id not in found:
        found[member.id] = member
        for parent in member.parents.values():
            _with_ancestors(members, members[parent], found)
