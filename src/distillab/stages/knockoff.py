"""Stage ``knockoff``: students trained on a teacher's answers."""

import torch

from distillab.core.job import Member
from distillab.core.payloads import load_tensors
from distillab.core.shapes import Labels
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data.dataset import Batch
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import Answers, CachedAnswers, LiveAnswers
from distillab.stages import answer
from distillab.stages.inputs import PreparedData, device_for
from distillab.stages.means import held_data, means_of, named, unlabeled
from distillab.stages.training import epoch_of, train_member
from distillab.training.objective import Objective, Task


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """A knockoff's weights; where labels are read, an image without one has the class that its answer names."""
    attack = KNOCKOFFS.parse(member.spec["attack"])
    device = device_for(member, workspace)
    held = held_data(member, workspace, device)
    answers = _answers(member, workspace, held, device)
    unknown = unlabeled(held) if attack.reads_labels else held.split.train[:0]
    bought: list[int] = []

    def named_class(batch: Batch) -> Labels:
        return answers(batch).argmax(dim=1)

    def objective(task: Task, data: PreparedData, _device: torch.device) -> Objective:
        made = attack.objective(task, answers)
        chosen = made.positions(task.train)
        views = task.epochs * len(epoch_of(chosen, task.train, data))
        kept = attack.responses == "cached"
        beside = unknown[~torch.isin(unknown, chosen.cpu())] if kept else unknown
        bought.append(len(beside) + attack.queries(len(chosen), views))
        return made

    data = named(held, named_class) if attack.reads_labels else held
    product = train_member(member, workspace, entry, role="student", objective=objective, data=data)
    told = {"responses": attack.responses, "queries": bought[0]}
    return Product(product.device, product.results | told, product.run)


def _answers(member: Member, workspace: Workspace, data: PreparedData, device: torch.device) -> Answers:
    if "answers" not in member.parents:
        form = means_of(member).answers
        return LiveAnswers(answer.released(member.parents["teacher"], workspace, data, device, form=form))
    answers = member.parents["answers"]
    workspace.produce(workspace.member(answers), answer.make, wait=True)
    return CachedAnswers(workspace.loaded(answers, load_tensors)["probs"].to(device))
