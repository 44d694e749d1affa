"""Stage ``teach``: teachers, each under its defense."""

import torch

from distillab.core.job import Member
from distillab.core.payloads import load_tensors, save_tensors
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.defenses import DEFENSES
from distillab.specs.defense import PostHocDefense
from distillab.stages import bring
from distillab.stages.inputs import RELEASE, PreparedData, device_for, prepared_data, trained_network
from distillab.stages.training import task_of, train_member
from distillab.training.objective import Objective, Task

ROLE = "teacher"


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """A teacher's weights, and the state of the defense of its outputs; what a network from elsewhere is made of."""
    if "defense" not in member.spec:
        return bring.make(member, workspace, entry)
    defense = DEFENSES.parse(member.spec["defense"])
    if isinstance(defense, PostHocDefense):
        return _protect(defense, member, workspace, entry)

    def objective(task: Task, data: PreparedData, device: torch.device) -> Objective:
        teachers = {
            role: parent for role, parent in member.parents.items() if workspace.member(parent).stage == "teach"
        }
        needed = {role: trained_network(parent, workspace, data, device) for role, parent in teachers.items()}
        return defense.objective(task.with_needed(needed))

    return train_member(member, workspace, entry, role=ROLE, objective=objective)


def _protect(defense: PostHocDefense, member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The weights of the unprotected teacher, with what the defense of its outputs needs beside them."""
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    (base,) = defense.needs
    teacher = trained_network(member.parents[base], workspace, data, device)
    state = defense.prepare(task_of(member, data, device, role=ROLE), teacher)
    weights = workspace.loaded(member.parents[base], load_tensors)
    kept = {f"{RELEASE}{name}": tensor.cpu().contiguous() for name, tensor in state.items()}
    save_tensors(entry.payload, weights | kept)
    parameters = workspace.sidecar(member.parents[base]).results["parameters"]
    return Product(device.type, {"history": [], "parameters": parameters})
