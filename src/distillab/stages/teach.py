"""Stage ``teach``: teachers, each under its defense."""

import torch

from distillab.core.job import Member
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.defenses import DEFENSES
from distillab.stages.inputs import Prepared, trained_network
from distillab.stages.training import train_member
from distillab.training.objective import Objective, Task


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """A teacher's weights."""
    defense = DEFENSES.parse(member.spec["defense"])

    def objective(task: Task, data: Prepared, device: torch.device) -> Objective:
        needed = {need: trained_network(member.parents[need], workspace, data, device) for need in defense.needs}
        return defense.objective(task.with_needed(needed))

    return train_member(member, workspace, entry, role="teacher", objective=objective)
