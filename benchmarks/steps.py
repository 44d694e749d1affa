"""What benchmarks of training steps share: a step as the loop takes it, and steps that take turns on the clock."""

import argparse
import time
from collections.abc import Callable

import torch
from torch import nn

from distillab.data.dataset import Batch
from distillab.specs.train import TrainSpec
from distillab.training.objective import Objective
from distillab.training.optimizers import optimizer_for

Step = Callable[[], None]
RATE = 1e-3


def parser(description: str | None, *, repeats: int) -> argparse.ArgumentParser:
    """The options that every benchmark of steps has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--quick", action="store_true", help="a small network, nothing written")
    made.add_argument("--repeats", type=int, default=repeats, help="timed steps of each kind")
    return made


def step_of(objective: Objective, model: nn.Module, batch: Batch, recipe: TrainSpec) -> Step:
    """Forward, loss, backward and optimizer, as the training loop takes them."""
    optimizer = optimizer_for(model, recipe)

    def step() -> None:
        terms = objective.terms(model, batch)
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum(0).mean().backward()
        optimizer.step(RATE)

    return step


def timed(
    steps: dict[str, Step], *, repeats: int, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """Seconds of each step, of the CPU unless another clock is given; they take turns, after a round that is free."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(repeats + 1):
        for name, step in steps.items():
            start = clock()
            step()
            if turn:
                seconds[name].append(clock() - start)
    return seconds
