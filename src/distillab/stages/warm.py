"""Stage ``warm``: one epoch from hard labels at T = 1, from which all steps of a chain may start; in the store only."""

from distillab.core.job import Member
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.stages.training import train_member
from distillab.training.supervised import CrossEntropyObjective


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The weights of the warm start."""
    return train_member(member, workspace, entry, role="warm", objective=lambda *_task: CrossEntropyObjective())
