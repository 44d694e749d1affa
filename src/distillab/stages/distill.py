"""Stage ``distill``: the steps of defensive distillation chains, and the soft labels between them."""

import torch
from torch import Tensor, nn

from distillab.core.job import Member
from distillab.core.payloads import load_tensors, save_tensors
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.distillation.chain import StudentObjective, TeacherObjective, soft_labels
from distillab.stages import warm
from distillab.stages.inputs import PreparedData, device_for, prepared_data, trained_network
from distillab.stages.training import train_member
from distillab.training.objective import Objective, Task


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """A step's weights, or its soft labels: ``part`` of the member's spec says which."""
    return _labels(member, workspace, entry) if member.spec["part"] == "labels" else _weights(member, workspace, entry)


def _weights(member: Member, workspace: Workspace, entry: Entry) -> Product:
    temperature = float(member.spec["temperature"])

    def objective(_task: Task, _data: PreparedData, device: torch.device) -> Objective:
        if "soft_labels" not in member.parents:
            return TeacherObjective(temperature)
        targets = workspace.loaded(member.parents["soft_labels"], load_tensors)["probs"]
        return StudentObjective(targets.to(device), temperature)

    return train_member(
        member,
        workspace,
        entry,
        role=f"step {member.spec['step']}",
        objective=objective,
        index=chain_index,
        begin=lambda model: _warm_up(member, workspace, model),
    )


def _labels(member: Member, workspace: Workspace, entry: Entry) -> Product:
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    model = trained_network(member.parents["model"], workspace, data, device)
    save_tensors(
        entry.payload, {"probs": soft_labels(model, data.train, chain_index(data), float(member.spec["temperature"]))}
    )
    return Product(device.type)


def chain_index(data: PreparedData) -> Tensor:
    """All training images, those held out for validation elsewhere included: nothing is tuned on chains."""
    return torch.cat([data.split.train, data.split.val])


def _warm_up(member: Member, workspace: Workspace, model: nn.Module) -> None:
    """Load the common warm start, where the chain has one."""
    if "warm" in member.parents:
        start = member.parents["warm"]
        workspace.produce(workspace.member(start), warm.make, wait=True)
        model.load_state_dict(workspace.loaded(start, load_tensors))
