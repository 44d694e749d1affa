"""What the peer benchmarks share: one trained network, real images, CPU seconds, and a result file.

`make bench` runs every script of this folder in an environment of its own, with foolbox and ART beside distillab.
Every number is a ratio of CPU seconds within one process on one network and the same images.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import record
import torch
from torch import nn

from distillab.core.shapes import Images, Labels
from distillab.data import DATASETS
from distillab.data.dataset import ResidentImages, batches
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import TrainSpec
from distillab.training.fit import fit
from distillab.training.supervised import CrossEntropyObjective

RESULTS = Path(__file__).parent / "results"
NETWORK = "wong_small"
"""Two strided convolutions and two dense layers: 9 x 1,000 steps on 100 images take minutes, not hours."""

RECIPE = TrainSpec.model_validate({"epochs": 2, "optimizer": {"name": "sgd", "lr": 0.05, "weight_decay": 0.0}})
TRAIN_IMAGES = 20_000

Made = TypeVar("Made")


@dataclass(frozen=True)
class Subject:
    """A network in evaluation mode and test images that it classifies correctly."""

    model: nn.Module
    x: Images
    y: Labels


@dataclass(frozen=True)
class Timed:
    """CPU and wall seconds of one call."""

    cpu: float
    wall: float


def options(description: str | None) -> argparse.Namespace:
    """Command-line options of every script here."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", default=os.environ.get("DISTILLAB_DATA", "data"), help="folder that holds MNIST/raw")
    parser.add_argument("--images", type=int, default=100, help="test images, all classified correctly")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of torch, the same for all contestants")
    parser.add_argument("--quick", action="store_true", help="a smoke run: few images and steps, no result file")
    return parser.parse_args()


def subject(root: str, n: int, *, threads: int = 1, network: str = NETWORK) -> Subject:
    """A network trained on real MNIST for two epochs, and the first ``n`` test images that it gets right."""
    torch.set_num_threads(threads)
    raw = DATASETS.parse({"name": "mnist", "root": root}).read()
    train = ResidentImages(raw.train_x, raw.train_y, raw.levels)
    model = build_model(MODELS.parse({"name": network}), Domain((1, 28, 28), 10, (0.5,), (1.0,)), seed=0)
    index = torch.arange(TRAIN_IMAGES)
    fit(model, train, index, CrossEntropyObjective(), spec=RECIPE, augment=AugmentSpec(), seed=0)
    model.eval()
    (batch,) = batches(ResidentImages(raw.test_x, raw.test_y, raw.levels), torch.arange(2 * n + 50), batch_size=10**6)
    with torch.no_grad():
        right = (model(batch.x).argmax(1) == batch.y).nonzero().squeeze(1)[:n]
    return Subject(model, batch.x[right], batch.y[right])


def timed(call: Callable[[], Made]) -> tuple[Made, Timed]:
    """What ``call`` returns, and what it cost."""
    cpu, wall = time.process_time(), time.perf_counter()
    made = call()
    return made, Timed(round(time.process_time() - cpu, 3), round(time.perf_counter() - wall, 3))


def keep(name: str, result: dict[str, Any], folder: Path = RESULTS) -> None:
    """Print the result and write it to ``<folder>/<name>.json`` with what it was measured on."""
    plain = {key: asdict(value) if isinstance(value, Timed) else value for key, value in result.items()}
    record.keep(plain, folder / f"{name}.json")
