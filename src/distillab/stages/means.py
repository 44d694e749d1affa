"""The data set as a thief has it: its labels, the images it asks about, and nothing else of the training images."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from distillab.core.errors import SpecError
from distillab.core.job import Member
from distillab.core.payloads import load_tensors
from distillab.core.shapes import Labels
from distillab.core.workspace import Workspace
from distillab.data.dataset import Batch, ImageSource, ResidentImages, batches
from distillab.data.label_sets import label_set, query_set
from distillab.specs.thief import OTHER_IMAGES, Means, ShareOfImages
from distillab.stages.inputs import TOGETHER, PreparedData, prepared_data


def means_of(member: Member) -> Means:
    """The means that a member's thief has; the papers' where nothing else is said."""
    return Means.model_validate(member.spec.get("means", {}))


def held_data(member: Member, workspace: Workspace, device: torch.device) -> PreparedData:
    """What the member's thief holds: its images as the training split, and -1 for each label that it does not have."""
    data, means = prepared_data(member, workspace, device), means_of(member)
    if not means.own:
        return data
    whole = data.split.train
    labeled = whole if means.labels == "all" else label_set(data.train.y, whole, means.labels, seed=member.seed)
    y = torch.full_like(data.train.y, -1)
    y[labeled] = data.train.y[labeled]
    images, asked = _asked(member, workspace, data, means)
    if OTHER_IMAGES in member.parents:
        y = torch.cat([y, y.new_full((len(images) - len(y),), -1)])
    held = torch.cat([labeled, asked]).unique()
    split = replace(data.split, train=held)
    epoch = len(whole) + int((asked >= len(data.train)).sum())
    return replace(data, train=images.with_labels(y), split=split, epoch_images=epoch)


def unlabeled(data: PreparedData) -> Tensor:
    """Positions of the images that a thief holds without their labels."""
    return data.split.train[data.train.y.cpu()[data.split.train] < 0]


def named(data: PreparedData, name: Callable[[Batch], Labels]) -> PreparedData:
    """The data with a label for every image that has none: what ``name`` says of the unaugmented image."""
    unknown = unlabeled(data)
    if len(unknown) == 0:
        return data
    y = data.train.y.clone()
    for batch in batches(data.train, unknown, batch_size=TOGETHER):
        y[batch.index.to(y.device)] = name(batch).to(y.device, y.dtype)
    return replace(data, train=data.train.with_labels(y))


def _asked(member: Member, workspace: Workspace, data: PreparedData, means: Means) -> tuple[ImageSource, Tensor]:
    """The images that there are for this thief, and positions of those it asks about beside the labeled ones."""
    whole = data.split.train
    if OTHER_IMAGES in member.parents:
        other = workspace.member(member.parents[OTHER_IMAGES])
        joined = _joined(data.train, workspace.loaded(other.id, load_tensors))
        there = torch.arange(len(data.train), len(joined))
        limit = other.spec["data"]["train_limit"]
        return joined, query_set(there, len(there) if limit is None else limit, seed=member.seed)
    if isinstance(means.queries, ShareOfImages):
        return data.train, query_set(whole, means.queries.count(len(whole)), seed=member.seed)
    return data.train, whole if means.queries == "all" else whole[:0]


def _joined(own: ImageSource, other: dict[str, Tensor]) -> ResidentImages:
    """Own images and after them the other data set's.

    Raises:
        SpecError: they cannot stand in one array.
    """
    x = other.get("train_x")
    expected = "images in memory"
    if isinstance(own, ResidentImages):
        expected += f" of shape {tuple(own.x.shape[1:])} with {own.levels} levels"
        if x is not None and x.shape[1:] == own.x.shape[1:] and int(other["levels"]) == own.levels:
            return own.joined(x)
    raise SpecError(
        "the images of the other data set do not fit",
        where="params: thieves, data",
        expected=expected,
        got="images on disk" if x is None else f"shape {tuple(x.shape[1:])} with {int(other['levels'])} levels",
        do="choose another data set",
    )
