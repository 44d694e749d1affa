"""Checkpoints: one safetensors file with weights, optimizer state, objective state, history, and a digest of them all.

The digest is keyed by what the training is: a checkpoint that is damaged, truncated, or another training's has
another one, and the training starts at its first epoch. Nothing of such a file reaches the network.
"""

import hashlib
import json
import logging
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

from distillab.core.errors import ArtifactError
from distillab.core.payloads import load_tensors, save_tensors
from distillab.training.objective import Objective
from distillab.training.optimizers import Stepper

History = list[dict[str, float]]
"""One record per finished epoch: the mean of each term, the total, and the learning rate."""

log = logging.getLogger("distillab")


def save_checkpoint(
    path: Path, model: nn.Module, optimizer: Stepper, objective: Objective, history: History, *, origin: str = ""
) -> None:
    """Write the state after ``len(history)`` epochs, atomically; ``origin`` says which training's it is."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"objective.{name}": tensor for name, tensor in objective.state().items()}
    tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer.state().items()}
    tensors["history"] = _bytes(json.dumps(history).encode())
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_tensors(path, tensors | {"digest": _bytes(_digest(tensors, origin))})


def load_checkpoint(
    path: Path, model: nn.Module, optimizer: Stepper, objective: Objective, *, origin: str = ""
) -> History:
    """Restore what ``save_checkpoint`` wrote for this ``origin`` and return its history.

    The history is empty, and nothing was restored, where there is no such file; where there is another, the log warns.
    """
    if not path.exists():
        return []
    tensors = _verified(path, origin)
    if tensors is None:
        log.warning("%s: damaged, or another training's: starting again at the first epoch", path)
        return []
    model.load_state_dict(_under(tensors, "model"))
    objective.load_state(_under(tensors, "objective"))
    optimizer.load_state(_under(tensors, "optimizer"))
    history: History = json.loads(bytes(tensors["history"].tolist()))
    return history


def _verified(path: Path, origin: str) -> dict[str, Tensor] | None:
    try:
        tensors = load_tensors(path)
    except ArtifactError:
        return None
    recorded = bytes(tensors.pop("digest", torch.empty(0, dtype=torch.uint8)).flatten().tolist())
    return tensors if recorded == _digest(tensors, origin) else None


def _digest(tensors: dict[str, Tensor], origin: str) -> bytes:
    """BLAKE2b of the tensors' file, keyed by the training; and by torch, whose optimizers own part of the format."""
    key = hashlib.blake2b(f"{torch.__version__} {origin}".encode(), digest_size=32).digest()
    return hashlib.blake2b(save(tensors), digest_size=32, key=key).digest()


def _bytes(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
