"""Weights from elsewhere: files of other people's networks, put into an architecture of ours by name or by place."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from distillab.core.errors import SpecError
from distillab.models.matching import Match, match
from distillab.models.weights_file import content_of
from distillab.models.wrappers import COUNTERS, Opened, opened, opened_all, short

NORMALIZATION = "normalize."
"""How the names of our own input normalization begin."""

NETWORK = "network."
"""How the other names of what ``build_model`` makes begin."""

REAL = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Published:
    """The weights of one network from a file, and what was put around them there."""

    path: Path
    found: Opened

    @property
    def normalizes(self) -> bool:
        """Whether the file says how its network sees pixels."""
        return bool(self.found.normalization)


def read_published(path: Path, *, entry: str | None = None, network: int | None = None) -> Published:
    """The weights in a file: a ``state_dict``, alone or where trainers keep it, or safetensors.

    Args:
        path: as ``torch.save`` writes it, today or before zip files, or safetensors. Nothing but tensors is unpickled.
        entry: the entry that holds the weights, where that cannot be known.
        network: which one, counted from 0, where the file holds a list of networks: a cascade.

    Raises:
        ArtifactError: the file is absent, is no file of weights, or holds other objects.
        SpecError: it holds several networks, or tensors that are no real numbers.
    """
    return _checked(path, opened(content_of(path), str(path), entry=entry, network=network))


def read_networks(path: Path, *, entry: str | None = None) -> tuple[Published, ...]:
    """The weights of every network in a file, in its order: of a cascade's all, else of the one.

    Raises:
        ArtifactError: as ``read_published``.
        SpecError: tensors are no real numbers, or several entries hold weights and ``entry`` names none of them.
    """
    return tuple(_checked(path, found) for found in opened_all(content_of(path), str(path), entry=entry))


def _checked(path: Path, found: Opened) -> Published:
    for name, tensor in (found.tensors | found.normalization).items():
        if kind := _unusual(tensor):
            raise SpecError(
                "not a tensor of real numbers", where=str(path), expected="dense float16 to float64",
                got=f"{kind} in {short(name)}", do="convert it, or leave it out",
            )  # fmt: skip
    return Published(path, found)


def load_published(
    model: nn.Module, path: Path | Published, *, entry: str | None = None, network: int | None = None
) -> Match:
    """Put the weights of a file into ``model``, which ``build_model`` made; returns which tensor went where.

    The model keeps its input normalization where the file holds none. ``entry`` and ``network`` as in
    ``read_published``; nothing is changed where the file does not fit.

    Raises:
        ArtifactError: as ``read_published``.
        SpecError: as ``read_published``, or the file holds another network.
    """
    published = path if isinstance(path, Published) else read_published(path, entry=entry, network=network)
    theirs, where = published.found.tensors, str(published.path)
    own = {name.removeprefix(NETWORK): t for name, t in model.state_dict().items() if not name.endswith(COUNTERS)}
    statistics = {name: own.pop(name) for name in list(own) if name.startswith(NORMALIZATION)}
    found = match(_shapes(own), _shapes(theirs), where)
    if published.normalizes:
        match(_shapes(statistics), _shapes(published.found.normalization), where)
    with torch.no_grad():
        for name, tensor in published.found.normalization.items():
            statistics[name].copy_(tensor)
        for name, tensor in own.items():
            tensor.copy_(theirs[found.names[name]])
    return found


def _shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _unusual(tensor: Tensor) -> str:
    """What is unusual about a tensor; empty for a dense one of real numbers in memory."""
    if tensor.is_meta:
        return "a tensor without data (meta)"
    if tensor.is_quantized:
        return f"a quantized tensor ({tensor.dtype})"
    if tensor.is_nested or tensor.layout != torch.strided:
        return f"a {'nested' if tensor.is_nested else 'sparse'} tensor"
    return "" if tensor.dtype in REAL else str(tensor.dtype).removeprefix("torch.")
