"""Stage ``measure``: what a model's API answers, and what tables need of the answers that are too many to keep.

Kept are the log-probabilities of validation and test images as ``val`` and ``test``, float32 in the order of the split
index; their largest classes as ``val.predicted`` and ``test.predicted``; and ``test.NAME`` for every field of
`Scores`. A teacher also leaves ``SPLIT.NAME`` for every field of `ClassStatistics`, on training and on test images:
nobody asks for its single answers to training images, which at ImageNet's size would take 5 GB. A teacher that is not
here is not asked about training images at all: its answers cost.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.shapes import Labels, LogProbs
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.evaluate.predict import BATCH, predict, predict_batches
from distillab.metrics.class_statistics import class_statistics
from distillab.metrics.scores import scores
from distillab.stages.inputs import device_for, is_asked, prepared_data, release_of, trained_network


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The answers of one model and their summaries; of a teacher also the statistics of its classes."""
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    source = workspace.member(member.parents["model"])
    held_out = len(data.split.val) + len(data.split.test)
    model = trained_network(source.id, workspace, data, device, expected=held_out)
    release = release_of(source.id, workspace, data, device)
    # Somebody else's model need not know what to say of no image.
    nothing = torch.empty(0, data.domain.classes)
    said = {
        split: predict(model, images, index, release=release) if len(index) else nothing
        for split, images, index in (("val", data.train, data.split.val), ("test", data.test, data.split.test))
    }
    predicted = {f"{split}.predicted": _largest(log_probs) for split, log_probs in said.items()}
    labels = data.test.y.cpu()[data.split.test]
    tensors = said | predicted | _named("test", scores(said["test"].numpy(), labels.numpy()))
    if source.stage == "teach":
        powers, y = member.spec["measure"]["powers"], data.train.y.cpu()[data.split.train]
        tensors |= _of_classes(
            "test", labels, powers, lambda order: (said["test"][rows] for rows in torch.split(order, BATCH))
        )
        if not is_asked(source):
            tensors |= _of_classes(
                "train",
                y,
                powers,
                lambda order: predict_batches(model, data.train, data.split.train[order], release=release),
            )
    save_tensors(entry.payload, tensors)
    return Product(device.type)


def _of_classes(
    split: str, labels: Labels, powers: list[float], answers: Callable[[Labels], Iterable[LogProbs]]
) -> dict[str, Tensor]:
    """The statistics of a split whose answers, asked for in an order of its images, come one class after the other."""
    order = torch.argsort(labels, stable=True)
    parts = (part.numpy() for part in answers(order))
    return _named(split, class_statistics(parts, labels[order].numpy(), powers))


def _largest(log_probs: LogProbs) -> Labels:
    """The first of the largest classes, as numpy has it: torch promises none."""
    return torch.from_numpy(log_probs.numpy().argmax(axis=1).astype(np.int32))


def _named(split: str, record: Any) -> dict[str, Tensor]:  # noqa: ANN401 - any dataclass of numbers
    return {
        f"{split}.{field.name}": torch.from_numpy(np.asarray(getattr(record, field.name))) for field in fields(record)
    }
