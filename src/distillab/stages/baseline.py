"""Stage ``baseline``: students without a teacher: LS students, and students of their pseudo-labels."""

from distillab.core.job import Member
from distillab.core.shapes import Labels
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data.dataset import Batch
from distillab.specs.thief import LABELER
from distillab.stages.inputs import PreparedData, device_for, trained_network
from distillab.stages.means import held_data, named
from distillab.stages.training import train_member
from distillab.training.supervised import CrossEntropyObjective


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """A control's weights."""
    smoothing = member.spec["label_smoothing"]
    return train_member(
        member,
        workspace,
        entry,
        role="student",
        objective=lambda *_task: CrossEntropyObjective(smoothing),
        data=_data(member, workspace),
    )


def _data(member: Member, workspace: Workspace) -> PreparedData:
    device = device_for(member, workspace)
    data = held_data(member, workspace, device)
    if LABELER not in member.parents:
        return data
    student = trained_network(member.parents[LABELER], workspace, data, device)

    def label(batch: Batch) -> Labels:
        classes: Labels = student(batch.x).argmax(dim=1)
        return classes

    return named(data, label)
