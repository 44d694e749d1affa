"""Which training images a thief holds labels of, and which others it asks about."""

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.core.errors import ContractError
from distillab.core.generators import generator
from distillab.core.shapes import Labels
from distillab.data.splits import stratified_order


def label_set(y: Labels, index: Int[Tensor, " n"], labels: int, *, seed: int) -> Int[Tensor, " labels"]:
    """Ascending positions of the images whose labels are held: stratified, a function of the seed and the data alone.

    Of one seed the smaller set lies within the larger one, so that curves over n are paired.

    Args:
        y: Labels of all images that ``index`` points at.
        index: Positions of the training split.
        labels: How many.
        seed: The user's seed.

    Raises:
        ContractError: there are fewer images than that.

    Reference: methods, thieves 2.
    """
    if labels > len(index):
        raise ContractError(
            "more labels than training images",
            where="thief: labels",
            expected=f"at most {len(index)}",
            got=str(labels),
            do="lower labels, or say all",
        )
    order = stratified_order(y.cpu()[index], generator(seed, "label_set"))
    return index[order[:labels]].sort().values


def query_set(index: Int[Tensor, " n"], images: int, *, seed: int) -> Int[Tensor, " images"]:
    """Ascending positions of some images, drawn without a look at labels: of one seed fewer lie within more.

    Args:
        index: Positions of the images there are.
        images: How many; all if there are fewer.
        seed: The user's seed.
    """
    order = torch.randperm(len(index), generator=generator(seed, "query_set"))
    return index[order[:images]].sort().values


def recycled(index: Int[Tensor, " m"], count: int) -> Int[Tensor, " count"]:
    """The positions again and again until there are ``count``: an epoch of a small set has as many steps as another's.

    Each comes ``count / n`` times, rounded down or up; those that come once more are spread over the set, which may be
    sorted by class. A set that is larger stays whole.
    """
    return index[torch.arange(count) * len(index) // count] if 0 < len(index) < count else index
