"""What the stages that train share: from a member to a network's weights and its history."""

import logging
import math
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import torch
from torch import Tensor, nn

from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.seeds import derive
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data.label_sets import recycled
from distillab.models.count import parameter_count
from distillab.specs.augment import AugmentSpec
from distillab.specs.train import TrainSpec
from distillab.stages.inputs import PreparedData, device_for, fresh_network, prepared_data
from distillab.training.fit import fit
from distillab.training.objective import Objective, Task

log = logging.getLogger("distillab")

MakeObjective = Callable[[Task, PreparedData, torch.device], Objective]


def training_split(data: PreparedData) -> Tensor:
    """Positions of the training images without those held out for validation."""
    return data.split.train


def train_member(
    member: Member,
    workspace: Workspace,
    entry: Entry,
    *,
    role: str,
    objective: MakeObjective,
    index: Callable[[PreparedData], Tensor] = training_split,
    begin: Callable[[nn.Module], None] = lambda _model: None,
    data: PreparedData | None = None,
) -> Product:
    """Train the member's network and write its weights.

    Initialization, batch order, augmentation and dropout depend on the seed, the role and the network, not on the
    method: members of one seed are paired.

    Args:
        member: what to train.
        workspace: where its parents are.
        entry: where the weights go.
        role: part of the names of the random streams.
        objective: what to minimize.
        index: which training images.
        begin: changes the initial weights in place.
        data: what a thief holds; the whole data set if absent.
    """
    device = device_for(member, workspace)
    data = data or prepared_data(member, workspace, device)
    recipe = TrainSpec.model_validate(member.spec["train"])
    seed = _seed(member, role)
    model = fresh_network(member, data, seed=seed)
    begin(model)
    model.to(device)
    task = task_of(member, data, device, role=role, index=index)
    start = time.perf_counter()
    minimized = objective(task, data, device)
    positions = epoch_of(minimized.positions(task.train), task.train, data)
    marks = [time.perf_counter()]
    history = fit(
        model,
        data.train,
        positions,
        minimized,
        spec=recipe,
        augment=AugmentSpec.model_validate(member.spec["augment"]),
        seed=seed,
        checkpoint=entry.checkpoint,
        origin=workspace.lineage.identity(member),
        progress=_progress(member, recipe.epochs, marks),
    )
    _save(model, entry)
    run = {"fixed_seconds": marks[0] - start} | step_seconds(marks, math.ceil(len(positions) / recipe.batch_size))
    return Product(device.type, {"history": history, "parameters": parameter_count(model)}, run)


def epoch_of(chosen: Tensor, train: Tensor, data: PreparedData) -> Tensor:
    """What is gone through in an epoch: the chosen positions of ``train``, again and again where images are few."""
    return recycled(chosen, round(len(chosen) * data.epoch_images / len(train)))


def task_of(
    member: Member,
    data: PreparedData,
    device: torch.device,
    *,
    role: str,
    index: Callable[[PreparedData], Tensor] = training_split,
) -> Task:
    """What the member's method may know; arguments as in `train_member`."""
    return Task(
        images=data.train,
        train=index(data),
        domain=data.domain,
        epochs=TrainSpec.model_validate(member.spec["train"]).epochs,
        seed=derive(_seed(member, role), "method"),
        network=lambda seed: fresh_network(member, data, seed=seed).to(device),
    )


def _seed(member: Member, role: str) -> int:
    return derive(member.seed, role, member.spec["model"]["name"])


def _save(model: nn.Module, entry: Entry) -> None:
    save_tensors(entry.payload, {name: tensor.contiguous() for name, tensor in model.state_dict().items()})


def step_seconds(marks: list[float], steps: int) -> dict[str, float]:
    """Seconds of a step by the median epoch, what the method does between epochs included; nothing without epochs."""
    epochs = [end - begin for begin, end in pairwise(marks)]
    return {"step_seconds": median(epochs) / steps} if epochs else {}


def _progress(member: Member, epochs: int, marks: list[float]) -> Callable[[int, dict[str, float]], None]:
    """A line in the log for each epoch: its record, and what it cost; its end is added to ``marks``."""
    began = time.process_time()

    def report(epoch: int, record: dict[str, float]) -> None:
        nonlocal began
        marks.append(time.perf_counter())
        now = time.process_time()
        said = ", ".join(f"{name} {value:.4g}" for name, value in record.items())
        log.info("%s: epoch %d of %d, %.1f CPU seconds: %s", member.id, epoch + 1, epochs, now - began, said)
        began = now

    return report
