"""Stage ``answer``: what a teacher's API says to each image that a thief asks about; kept in the store only."""

import torch

from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.shapes import Images, LogProbs
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data.dataset import batches
from distillab.knockoff.answer_forms import shown
from distillab.knockoff.teacher import Teacher
from distillab.specs.thief import AnswerForm
from distillab.stages.inputs import PreparedData, device_for, release_of, trained_network
from distillab.stages.means import held_data, means_of

BATCH = 500
"""Images per query."""


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """What answers show of each image that is asked about, unaugmented: zeros for all others."""
    device = device_for(member, workspace)
    data = held_data(member, workspace, device)
    teacher = released(member.parents["teacher"], workspace, data, device, form=means_of(member).answers,
                       expected=len(data.split.train))  # fmt: skip
    probs = torch.zeros(len(data.train), data.domain.classes)
    for batch in batches(data.train, data.split.train, batch_size=BATCH):
        probs[batch.index] = teacher.query(batch.x).cpu()
    save_tensors(entry.payload, {"probs": probs})
    return Product(device.type, {"queries": teacher.queries})


def released(
    teacher_id: str,
    workspace: Workspace,
    data: PreparedData,
    device: torch.device,
    *,
    form: AnswerForm,
    expected: int = 0,
) -> Teacher:
    """The black box around a trained teacher, its defense, and what its answers show."""
    network = trained_network(teacher_id, workspace, data, device, expected=expected)
    release = release_of(teacher_id, workspace, data, device)

    def answer(log_probs: LogProbs, images: Images) -> LogProbs:
        return shown(release(log_probs, images), form)

    return Teacher(network, answer)
