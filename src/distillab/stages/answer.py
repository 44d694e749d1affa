"""Stage ``answer``: what a teacher's API says to each training image; kept in the store only."""

import torch

from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data.dataset import batches
from distillab.knockoff.teacher import Teacher
from distillab.stages.inputs import PreparedData, device_for, prepared_data, release_of, trained_network

BATCH = 500
"""Images per query."""


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """Released probabilities of the whole training file, unaugmented: zeros outside the training split."""
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    teacher = released(member.parents["teacher"], workspace, data, device)
    probs = torch.zeros(len(data.train), data.domain.classes)
    for batch in batches(data.train, data.split.train, batch_size=BATCH):
        probs[batch.index] = teacher.query(batch.x).cpu()
    save_tensors(entry.payload, {"probs": probs})
    return Product(device.type, {"queries": teacher.queries})


def released(teacher_id: str, workspace: Workspace, data: PreparedData, device: torch.device) -> Teacher:
    """The black box around a trained teacher and its defense."""
    network = trained_network(teacher_id, workspace, data, device)
    return Teacher(network, release_of(teacher_id, workspace, data, device))
