"""Which trained network a member is: its role, its method, its network, its seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from distillab.core.job import Member

ROLES = {"teach": "teacher", "baseline": "ls_student", "knockoff": "knockoff", "distill": "chain"}
"""Stage to role."""

NO_STEP = -1
"""The ``step`` of a model that is no part of a chain."""


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
    teacher: str
    """Flat id, without the seed, of whom a knockoff learned from or a chain starts from; empty where that is nobody."""
    eps: float
    chain: str
    """The chain's key; empty where the model is no part of one, and then there is no temperature and no step."""
    temperature: float
    step: int

    @property
    def seed(self) -> int:
        """The user's seed."""
        return self.member.seed

    def key(self) -> dict[str, Any]:
        """The columns that name the run."""
        return {
            "model": self.model,
            "role": self.role,
            "defense": self.defense,
            "attack": self.attack,
            "teacher": self.teacher,
            "arch": self.arch,
            "chain": self.chain,
            "temperature": self.temperature,
            "step": self.step,
            "seed": self.seed,
        }


def is_model(member: Member) -> bool:
    """Whether a member is a network's weights."""
    return member.stage in ROLES and member.spec.get("part", "weights") == "weights"


def run_of(member: Member, members: Mapping[str, Member]) -> ModelRun:
    """The network that a member of a plan is."""
    attack = member.axes.get("knockoff", "").split("-")[0]
    teacher = _first(member, members).axes.get("teacher", "")
    return ModelRun(
        member=member,
        role=ROLES[member.stage],
        model=member.id.removesuffix(f"-s{member.seed}"),
        arch=member.spec["model"]["name"],
        defense=teacher.split("-")[0],
        attack=attack,
        teacher=teacher if member.stage != "teach" else "",
        eps=float(member.spec.get("eps", np.nan)),
        chain=member.axes.get("chain", ""),
        temperature=float(member.spec.get("temperature", np.nan)),
        step=int(member.spec.get("step", NO_STEP)),
    )


def _first(member: Member, members: Mapping[str, Member]) -> Member:
    """Whom a step of a chain goes back to, itself where it learned from labels alone; any other model itself."""
    while (labels := member.parents.get("soft_labels")) is not None:
        member = members[members[labels].parents["model"]]
    return member
