"""Weights from elsewhere: files of other people's networks, mapped to an architecture of ours by order and shape."""

import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from distillab.core.errors import ArtifactError, SpecError

Weights = dict[str, Tensor]

UNTRAINED = "num_batches_tracked"
"""A counter that old files lack and no network's output depends on."""

NORMALIZATION = "normalize."
"""How the names of our own input normalization begin; published files hold none."""

PARTS = ("weight", "bias", "running_mean", "running_var")
"""The order of a layer's tensors; safetensors files forget it."""


def load_published(model: nn.Module, path: Path, *, network: int | None = None) -> None:
    """Put the weights of a published file into ``model``, whose layers may have other names.

    A file with our own names is taken name by name. Of any other, the tensors are taken in their order, which must be
    the order of the model's layers, with the model's shapes; the model keeps its input normalization.

    Args:
        model: what ``build_model`` made.
        path: a ``state_dict`` or ``{"state_dict": ...}`` as ``torch.save`` writes it, today or before zip files, or
            safetensors. Nothing but tensors in containers is unpickled.
        network: which one, counted from 0, where the file holds a list of networks: a cascade.

    Raises:
        ArtifactError: the file is absent, is no file of weights, or holds other objects.
        SpecError: it holds another network, or several and ``network`` names none of them.
    """
    found = _stripped(_state_of(_read(path), path, network))
    own = model.state_dict()
    if found.keys() == own.keys():
        _refuse_mismatch(own, {name: found[name] for name in own}, path)
        model.load_state_dict(found)
        return
    theirs = {name: tensor for name, tensor in found.items() if not name.endswith(UNTRAINED)}
    ours = {name: t for name, t in own.items() if not name.endswith(UNTRAINED) and not name.startswith(NORMALIZATION)}
    _refuse_mismatch(ours, theirs, path)
    model.load_state_dict(dict(zip(ours, theirs.values(), strict=True)), strict=False)


def _read(path: Path) -> object:
    try:
        if path.suffix == ".safetensors":
            return _in_order(load_file(path))
        with warnings.catch_warnings():  # of pickle protocols that the next line's errors are about
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ArtifactError("no such file", where=str(path)) from error
    except pickle.UnpicklingError as error:
        raise ArtifactError(
            "holds more than tensors, or is no file of weights",
            where=str(path),
            expected="a state_dict",
            do="save model.state_dict() where the file comes from: other objects could run code",
        ) from error
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        raise ArtifactError("is no file of weights", where=str(path), expected="a state_dict") from error


def _in_order(tensors: Weights) -> Weights:
    """By layer number, and within a layer as PyTorch has it."""

    def place(name: str) -> tuple[list[tuple[int, str]], int]:
        layer, _, part = name.rpartition(".")
        numbers = [(int(digits or -1), word) for digits, word in re.findall(r"(\d+)|(\D+)", layer)]
        return numbers, PARTS.index(part) if part in PARTS else len(PARTS)

    return {name: tensors[name] for name in sorted(tensors, key=place)}


def _state_of(content: object, path: Path, network: int | None) -> Weights:
    """The one state_dict that is asked for."""
    if isinstance(content, Mapping) and "state_dict" in content:
        content = content["state_dict"]
    states = list(content) if isinstance(content, list | tuple) else [content]
    if network is None and len(states) == 1:
        network = 0
    if network is None or not 0 <= network < len(states):
        raise SpecError(
            "the file holds several networks" if network is None else "the file has no such network",
            where=str(path),
            expected=f"--network 0 to {len(states) - 1}",
            got="" if network is None else str(network),
        )
    state = states[network]
    if not isinstance(state, Mapping) or not state or not all(isinstance(t, Tensor) for t in state.values()):
        raise ArtifactError("is no file of weights", where=str(path), expected="a state_dict: names to tensors")
    return {str(name): tensor for name, tensor in state.items()}


def _stripped(state: Weights) -> Weights:
    """Without the prefix of parallel training, and without what a defense keeps beside the weights."""
    return {name.removeprefix("module."): t for name, t in state.items() if not name.startswith("release.")}


def _refuse_mismatch(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], path: Path) -> None:
    mine = [(name, tuple(tensor.shape)) for name, tensor in ours.items()]
    other = [(name, tuple(tensor.shape)) for name, tensor in theirs.items()]
    for (name, shape), (their_name, their_shape) in zip(mine, other, strict=False):
        if shape != their_shape:
            raise SpecError(
                "the file holds another network",
                where=str(path),
                expected=f"{shape} for {name}",
                got=f"{their_shape} in {their_name}",
                do="choose its architecture",
            )
    if len(mine) != len(other):
        got = f"{len(other)}"
        raise SpecError(
            "the file holds another network", where=str(path), expected=f"{len(mine)} tensors", got=got,
            do="choose its architecture",
        )  # fmt: skip
