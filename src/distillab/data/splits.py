"""Train, validation and test: stratified, nested, and the same for every seed of a study."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.core.errors import SpecError
from distillab.core.generators import generator
from distillab.core.registry import name_of
from distillab.core.shapes import Labels
from distillab.specs.data import DataSpec


@dataclass(frozen=True)
class Split:
    """Ascending positions: ``train`` and ``val`` among the training images, ``test`` among the test images."""

    train: Int[Tensor, " train"]
    val: Int[Tensor, " val"]
    test: Int[Tensor, " test"]
    choice: Int[Tensor, " choice"] = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    """Of ``train``: held out while a smoothing is chosen, and trained on by everything else."""

    @property
    def before_choice(self) -> Int[Tensor, " rest"]:
        """``train`` without the images that a choice is made on."""
        return self.train[~torch.isin(self.train, self.choice)]


def make_split(spec: DataSpec, train_y: Int[Tensor, " n"], test_y: Int[Tensor, " m"]) -> Split:
    """The split that ``spec`` asks for, a function of the data set and its labels alone.

    No user seed enters: models of different seeds are compared on the same images. A larger ``train_limit`` or
    ``test_limit`` contains the smaller one, and neither limit changes the validation images.

    Raises:
        SpecError: nothing would be left to train on.
    """
    if spec.val >= len(train_y):
        raise SpecError("nothing left to train on", where="data.val", expected=f"< {len(train_y)}", got=str(spec.val))
    name = name_of(type(spec))
    order = stratified_order(train_y, generator(0, name, "val"))
    val, rest = order[: spec.val].sort().values, order[spec.val :].sort().values
    kept = stratified_order(train_y[rest], generator(0, name, "train"))[: spec.train_limit]
    test = stratified_order(test_y, generator(0, name, "test"))[: spec.test_limit]
    train, test = rest[kept].sort().values, test.sort().values
    if spec.refit:
        return Split(train=torch.cat([train, val]).sort().values, val=val[:0], test=test, choice=val)
    return Split(train=train, val=val, test=test)


def stratified_order(y: Labels, generator: torch.Generator) -> Int[Tensor, " n"]:
    """A random permutation every prefix of which has nearly the class proportions of the whole.

    The i-th image (from 0) of a class of n_c stands at (i + 1/2) / n_c of the way. With classes of equal size, two
    classes differ by at most one image in any prefix.
    """
    shuffled = torch.randperm(len(y), generator=generator)
    labels = y[shuffled]
    counts = torch.bincount(labels)
    by_class = labels.argsort(stable=True)
    rank = torch.empty_like(labels)
    rank[by_class] = torch.arange(len(y)) - (counts.cumsum(0) - counts)[labels[by_class]]
    way = (rank.double() + 0.5) / counts[labels]
    return shuffled[way.argsort(stable=True)]
