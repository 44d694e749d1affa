"""Randomness as a value: generators from named seeds, and noise that belongs to an example."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from distillab.core.seeds import derive
from distillab.core.transfer import sent


def generator(root: int, *names: str | int) -> torch.Generator:
    """A CPU generator seeded by ``derive(root, *names)``."""
    return torch.Generator().manual_seed(derive(root, *names))


@contextmanager
def forked(root: int, *names: str | int) -> Iterator[None]:
    """Seed the global generators inside the block and restore them after it.

    For code that can only draw from the global state: module initialization and dropout.
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=list(devices)):
        torch.manual_seed(derive(root, *names))
        yield


@dataclass(frozen=True)
class ExampleNoise:
    """Noise derived per (root seed, example id, restart): batch mates and batch size change nothing.

    Drawn on the CPU, so that every device sees the same numbers: uniform ones in float32, where they are exact, normal
    ones in float64, because in float32 their last bits depend on the processor.
    """

    root: int
    ids: tuple[int, ...]

    def take(self, rows: Tensor) -> "ExampleNoise":
        """The noise of the examples at ``rows`` (int64 positions), for compacted batches."""
        return ExampleNoise(self.root, tuple(self.ids[row] for row in rows.tolist()))

    def uniform(self, like: Tensor, *names: str | int) -> Tensor:
        """Uniform numbers in [0, 1) of the shape, dtype and device of ``like``, one stream per row."""
        streams = (generator(self.root, i, *names) for i in self.ids)
        rows = [torch.rand(like.shape[1:], dtype=torch.float32, generator=stream) for stream in streams]
        return sent(torch.stack(rows), like.device).to(like.dtype)

    def normal(self, like: Tensor, *names: str | int) -> Tensor:
        """Standard normal numbers of the shape, dtype and device of ``like``, one stream per row."""
        streams = (generator(self.root, i, *names) for i in self.ids)
        rows = [torch.randn(like.shape[1:], dtype=torch.float64, generator=stream) for stream in streams]
        return sent(torch.stack(rows), like.device).to(like.dtype)
