"""Checkpoints: one safetensors file with weights, optimizer state, objective state and history."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from distillab.core.errors import ArtifactError
from distillab.core.payloads import load_tensors, save_tensors
from distillab.training.objective import Objective
from distillab.training.optimizers import Stepper

History = list[dict[str, float]]
"""One record per finished epoch: the mean of each term, the total, and the learning rate."""


def save_checkpoint(path: Path, model: nn.Module, optimizer: Stepper, objective: Objective, history: History) -> None:
    """Write the state after ``len(history)`` epochs, atomically."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"objective.{name}": tensor for name, tensor in objective.state().items()}
    tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer.state().items()}
    tensors["history"] = torch.frombuffer(bytearray(json.dumps(history).encode()), dtype=torch.uint8)
    save_tensors(path, tensors)


def load_checkpoint(path: Path, model: nn.Module, optimizer: Stepper, objective: Objective) -> History:
    """Restore what ``save_checkpoint`` wrote and return its history; an empty one where there is no file."""
    if not path.exists():
        return []
    tensors = load_tensors(path)
    try:
        model.load_state_dict(_under(tensors, "model"))
        objective.load_state(_under(tensors, "objective"))
        optimizer.load_state(_under(tensors, "optimizer"))
        history: History = json.loads(bytes(tensors["history"].tolist()))
    except (KeyError, IndexError, RuntimeError, ValueError) as error:
        raise ArtifactError(
            "not a checkpoint of this training", where=str(path), got=str(error), do="delete it and run again"
        ) from error
    return history


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
