"""Checkpoints: one safetensors file with weights, optimizer state, objective state and history."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from distillab.core.errors import ArtifactError
from distillab.core.payloads import load_tensors, save_tensors
from distillab.training.objective import Objective

History = list[dict[str, float]]
"""One record per finished epoch: the mean of each term, the total, and the learning rate."""


def save_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, objective: Objective, history: History
) -> None:
    """Write the state after ``len(history)`` epochs, atomically."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"objective.{name}": tensor for name, tensor in objective.state().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in _present(state)}
    tensors["history"] = torch.frombuffer(bytearray(json.dumps(history).encode()), dtype=torch.uint8)
    save_tensors(path, tensors)


def load_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, objective: Objective
) -> History:
    """Restore what ``save_checkpoint`` wrote and return its history; an empty one where there is no file."""
    if not path.exists():
        return []
    tensors = load_tensors(path)
    try:
        model.load_state_dict(_under(tensors, "model"))
        objective.load_state(_under(tensors, "objective"))
        _load_optimizer(optimizer, _under(tensors, "optimizer"))
        history: History = json.loads(bytes(tensors["history"].tolist()))
    except (KeyError, RuntimeError, ValueError) as error:
        raise ArtifactError(
            "not a checkpoint of this training", where=str(path), got=str(error), do="delete it and run again"
        ) from error
    return history


def _present(state: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in state.items() if value is not None]


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    whole = optimizer.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": whole["param_groups"]})
