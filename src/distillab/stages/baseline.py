"""Stage ``baseline``: LS students, trained from labels with smoothing and without a teacher."""

from distillab.core.job import Member
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.stages.training import train_member
from distillab.training.supervised import CrossEntropyObjective


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """An LS student's weights."""
    smoothing = member.spec["label_smoothing"]
    return train_member(
        member, workspace, entry, role="student", objective=lambda *_task: CrossEntropyObjective(smoothing)
    )
