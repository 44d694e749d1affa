"""Stage ``knockoff``: students trained on a teacher's answers."""

import torch

from distillab.core.job import Member
from distillab.core.payloads import load_tensors
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import Answers, CachedAnswers, LiveAnswers
from distillab.stages import answer
from distillab.stages.inputs import PreparedData
from distillab.stages.training import train_member
from distillab.training.objective import Objective, Task


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """A knockoff's weights."""
    attack = KNOCKOFFS.parse(member.spec["attack"])
    asked: list[int] = []

    def objective(task: Task, data: PreparedData, device: torch.device) -> Objective:
        made = attack.objective(task, _answers(member, workspace, data, device))
        asked.append(attack.queries(len(made.positions(task.train)), task.epochs))
        return made

    product = train_member(member, workspace, entry, role="student", objective=objective)
    return Product(product.device, product.results | {"responses": attack.responses, "queries": asked[0]}, product.run)


def _answers(member: Member, workspace: Workspace, data: PreparedData, device: torch.device) -> Answers:
    if "answers" not in member.parents:
        return LiveAnswers(answer.released(member.parents["teacher"], workspace, data, device))
    answers = member.parents["answers"]
    workspace.produce(workspace.member(answers), answer.make, wait=True)
    return CachedAnswers(workspace.loaded(answers, load_tensors)["probs"].to(device))
