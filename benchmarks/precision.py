"""What training in bfloat16 costs in accuracy and saves in time, against float32, on CIFAR-10 after JPEG.

One network per seed and precision, all else alike; seeds pair up. Stated before the runs: a precision may become the
default of a recipe where the accuracy it costs on held-out images is shown to be below a point (two one-sided tests at
5 %, Student's t over seeds, Holm over both states, "holds" and "does not hold", of both networks: an interval of 95 %
within a point may be undecided still). Times are CPU seconds on one thread, as a ratio; rounding is
emulated, and slow, where a processor has no bfloat16. ``--quick`` trains on a few images and writes nothing.
"""

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from record import keep
from torch import Tensor, nn

from distillab.core.memory import keep_freed_memory
from distillab.data import DATASETS
from distillab.data.dataset import ResidentImages
from distillab.evaluate.predict import predict
from distillab.metrics.effects import Effect, decide_effects
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import TrainSpec
from distillab.training.fit import fit
from distillab.training.supervised import CrossEntropyObjective

RESULT = Path(__file__).with_name("precision.json")
MARGIN = 1.0
"""Points of accuracy."""

HELD_OUT = 10_000
"""Training images that none is trained on; a default is a choice, and no choice is made on test images."""

NETWORKS = ("plain_cnn", "resnet18_narrow")
RECIPE = {
    "epochs": 4, "batch_size": 128, "channels_last": True, "schedule": {"name": "cosine"},
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4},
}  # fmt: skip
DOMAIN = Domain((3, 32, 32), 10, (0.49, 0.48, 0.45), (0.25, 0.24, 0.26))


def trained(network: str, precision: str, seed: int, images: ResidentImages, index: Tensor) -> tuple[nn.Module, float]:
    """A network trained on the images at ``index``, and the CPU seconds that it took."""
    recipe = TrainSpec.model_validate(RECIPE | {"precision": precision})
    model = build_model(MODELS.parse({"name": network}), DOMAIN, seed=seed)
    start = time.process_time()
    fit(model, images, index, CrossEntropyObjective(), spec=recipe, augment=AugmentSpec(flip=True), seed=seed)
    return model, time.process_time() - start


def accuracy(model: nn.Module, images: ResidentImages, index: Tensor) -> float:
    """Percent of the images at ``index`` that a network gets right, in float32."""
    said = predict(model, images, index, release=lambda log_probs, _x: log_probs).argmax(dim=1)
    return 100 * float((said == images.y[index]).double().mean())


def compared(
    network: str, images: ResidentImages, training: Tensor, held_out: Tensor, seeds: int
) -> tuple[tuple[float, ...], dict[str, Any]]:
    """Differences of accuracies by seed, bfloat16 less float32, and what both precisions took and gave."""
    found: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    seconds = dict.fromkeys(found, 0.0)
    for seed in range(seeds):
        for precision, accuracies in found.items():
            model, taken = trained(network, precision, seed, images, training)
            accuracies.append(accuracy(model, images, held_out))
            seconds[precision] += taken
    differences = tuple(half - full for half, full in zip(found["bfloat16"], found["float32"], strict=True))
    return differences, {
        "accuracy": {name: round(sum(values) / seeds, 2) for name, values in found.items()},
        "cpu_seconds": {name: round(value, 1) for name, value in seconds.items()},
        "of_float32": round(seconds["bfloat16"] / seconds["float32"], 3),
    }


def decided(compared_networks: dict[str, tuple[tuple[float, ...], dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Of each network what was found, with its difference and what follows from it: one family of claims."""
    judged = decide_effects([Effect("equal", values, MARGIN) for values, _ in compared_networks.values()])
    plain = (
        {key: float(f"{v:.3g}") if isinstance(v, float) else v for key, v in asdict(each).items()} for each in judged
    )
    return {
        name: found | {"difference": difference}
        for (name, (_, found)), difference in zip(compared_networks.items(), plain, strict=True)
    }


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("DISTILLAB_DATA", "data"), help="folder of the archive")
    parser.add_argument("--seeds", type=int, default=8, help="networks of each precision")
    parser.add_argument("--images", type=int, default=5_000, help="training images")
    parser.add_argument("--quick", action="store_true", help="few images, three seeds, nothing written")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    raw = DATASETS.parse({"name": "cifar10", "variant": "jpeg", "root": chosen.data}).read()
    images = ResidentImages(raw.train_x, raw.train_y, raw.levels)
    seeds, count, judged = (3, 256, 500) if chosen.quick else (chosen.seeds, chosen.images, HELD_OUT)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))  # the archive is sorted by class
    result = {
        "margin_points": MARGIN,
        "seeds": seeds,
        "training_images": count,
        "held_out_images": judged,
        "recipe": RECIPE,
        "networks": decided({name: compared(name, images, order[:count], order[-judged:], seeds) for name in NETWORKS}),
    }
    keep(result, None if chosen.quick else RESULT)


if __name__ == "__main__":
    main()
