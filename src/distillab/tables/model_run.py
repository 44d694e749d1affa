"""A trained network as tables name it: its role, its method, its network, its seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from distillab.core.job import Member


@dataclass(frozen=True)
class ModelRun:
    """One trained network: which method, which network, which seed."""

    member: Member
    role: str
    model: str
    """Flat id without the seed."""
    arch: str
    defense: str
    """The teacher's own, or that of the model's ``teacher``; empty where there is neither."""
    attack: str
    trial: int | None
    """Which of the values that a tuning attacker tries; None for the attack's own."""
    teacher: str
    """Flat id, without the seed, of whom a knockoff learned from or a chain starts from; empty where that is nobody."""
    thief: str
    """Key of a knockoff's thief, or of whose labels a control has; empty of teachers and chains."""
    label_smoothing: float
    chain: str
    """The chain's key; empty where the model is no part of one, and then there is no temperature and no step."""
    temperature: float
    step: int

    @property
    def seed(self) -> int:
        """The user's seed."""
        return self.member.seed

    @property
    def method(self) -> str:
        """A knockoff's attack, with the number of its trial."""
        return self.member.model.method if self.member.model else ""

    def key(self) -> dict[str, Any]:
        """The columns that name the run."""
        return {
            "model": self.model,
            "role": self.role,
            "defense": self.defense,
            "attack": self.method,
            "teacher": self.teacher,
            "arch": self.arch,
            "thief": self.thief,
            "chain": self.chain,
            "temperature": self.temperature,
            "step": self.step,
            "seed": self.seed,
        }


def run_of(member: Member) -> ModelRun | None:
    """The network that a member of a plan is; None of everything else."""
    own = member.model
    if own is None:
        return None
    return ModelRun(
        member=member,
        role=own.role,
        model=own.name,
        arch=own.arch,
        defense=own.defense,
        attack=own.attack,
        trial=own.trial,
        teacher=own.teacher,
        thief=own.thief,
        label_smoothing=_number(own.label_smoothing),
        chain=own.chain,
        temperature=_number(own.temperature),
        step=own.step,
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value
