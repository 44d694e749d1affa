"""The networks and images of the certifiers' peer benchmarks, and how much memory one call needs."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from statistics import median

import torch
from torch import Tensor, nn

from distillab.certify.dual import Dual
from distillab.certify.trace import trace
from distillab.core.generators import forked
from distillab.core.memory import PeakMemory
from distillab.core.shapes import Images, Labels
from distillab.data import DATASETS
from distillab.losses.cross_entropy import cross_entropy
from distillab.models.wong import WongLarge, WongSmall

SHAPE = (1, 28, 28)
BATCH = 50
LONG = 2.0
"""CPU seconds of a call that is not repeated."""


@dataclass(frozen=True)
class Subject:
    """A network, images of one batch, and the radius of the ball around each."""

    name: str
    model: nn.Module
    x: Images
    y: Labels
    eps: float


Bound = Callable[[Subject], Tensor]
"""From a subject to its margins (n, k), by ours or by a peer's program."""


def dense(shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    """Three hidden layers of 256 units."""
    layers = (nn.Linear(prod(shape), 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU())
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(256, classes))


NETWORKS = {
    "wong_small": (WongSmall().build, 0.1, 400, 0, 20),
    "dense": (dense, 0.1, 400, 0, 20),
    "wong_large": (WongLarge().build, 0.1, 100, 0, 1),
    "wong_small robust": (WongSmall().build, 0.1, 100, 40, 20),
}
"""Builder, radius, steps of plain and of robust training, and how many images are bounded."""


def subjects(root: str, *, quick: bool) -> Iterator[Subject]:
    """Every network after its training on real MNIST, with the first test images; only the first one if ``quick``."""
    raw = DATASETS.parse({"name": "mnist", "root": root}).read()
    train, test = ((x.view(-1, *SHAPE).float() / 255) for x in (raw.train_x, raw.test_x[:20]))
    for name, (build, eps, plain, robust, n) in list(NETWORKS.items())[: 1 if quick else None]:
        with forked(0, name):
            model = build(SHAPE, 10)
        model = _trained(model, train, raw.train_y, plain=plain, robust=robust, eps=eps)
        yield Subject(name, model, test[:n], raw.test_y[:n], eps)


def peak_memory(bound: Bound, subject: Subject) -> float:
    """Megabytes by which one call raises the resident memory of a fresh process, above that of its modules and network.

    The median of five processes, as the allocator's luck differs; of one where a call takes long.
    """
    found: list[float] = []
    while len(found) < 5:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            megabytes, seconds = pool.apply(_peak, (bound, subject, torch.get_num_threads()))
        found.append(megabytes)
        if seconds > LONG:
            break
    return median(found)


def gaps(ours: Tensor, peer: Tensor) -> dict[str, float]:
    """The largest difference of both sides' bounds, and how much looser ours are at most, relative to 1 + |bound|."""
    relative = (peer - ours) / (1 + peer.abs())
    return {"difference": float(relative.abs().max()), "looser": float(relative.clamp(min=0).max())}


def _peak(bound: Bound, subject: Subject, threads: int) -> tuple[float, float]:
    """Megabytes and CPU seconds, after a first call at radius 0 that makes what stays."""
    torch.set_num_threads(threads)
    bound(replace(subject, x=subject.x[:1], y=subject.y[:1], eps=0.0))
    memory, start = PeakMemory(), time.process_time()
    bound(subject)
    return round(memory.bytes() / 2**20, 1), time.process_time() - start


def _trained(model: nn.Module, x: Images, y: Labels, *, plain: int, robust: int, eps: float) -> nn.Module:
    """The network after some Adam steps on its cross-entropy, then on that of its margins at a growing radius."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    for step in range(plain + robust):
        batch = order[step * BATCH % len(x) :][:BATCH]
        if step < plain:
            loss = cross_entropy(model(x[batch]), y[batch]).mean()
        else:
            radius = eps * min(1.0, 0.1 + (step - plain) / robust)
            margins = Dual().margins(trace(model, SHAPE), x[batch], y[batch], radius)
            loss = cross_entropy(-margins, y[batch]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()
