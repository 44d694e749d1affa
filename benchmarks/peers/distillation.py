"""One epoch of distillation, ResNet-56 to ResNet-20 on 32x32 images, against torchdistill's loss in a plain loop.

The peer's loop is its examples': teacher and student forward on each batch, its `KDLoss`, torch's SGD. Ours runs
`training.fit` with the same recipe, the answers cached (no augmentation) or live. Ratios are samples per CPU second;
accuracy is that of short runs on images of CIFAR-10 after JPEG drawn once, three seeds each, on as many test images. A
cached epoch is timed with the answers at hand, as every epoch after the queries is; the queries, one for each image,
beside.
"""

from typing import Any

import torch
from common import Timed, keep, options, timed
from torch import Tensor, nn
from torchdistill.losses.mid_level import KDLoss

from distillab.core.memory import keep_freed_memory
from distillab.data import DATASETS
from distillab.data.dataset import Batch, ImageSource, ResidentImages, batches
from distillab.knockoff.kd import KD
from distillab.knockoff.teacher import Answers, CachedAnswers, LiveAnswers, Teacher
from distillab.metrics.intervals import seed_difference
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import SGDSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Task
from distillab.training.supervised import CrossEntropyObjective

DOMAIN = Domain((3, 32, 32), 10, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
LEARNING_RATE, MOMENTUM, DECAY, TEMPERATURE, HARD = 0.05, 0.9, 5e-4, 4.0, 0.1
SEEDS = (0, 1, 2)


def network(name: str, seed: int) -> nn.Module:
    """A fresh network."""
    return build_model(MODELS.parse({"name": name}), DOMAIN, seed=seed)


def recipe(epochs: int) -> TrainSpec:
    """SGD at a constant rate."""
    optimizer = SGDSpec(lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=DECAY)
    return TrainSpec(epochs=epochs, batch_size=128, optimizer=optimizer, channels_last=True)


def cached(teacher: nn.Module, images: ResidentImages) -> CachedAnswers:
    """The teacher's answers, each image asked once."""
    box, index = _box(teacher), torch.arange(len(images))
    return CachedAnswers(torch.cat([box.query(batch.x) for batch in batches(images, index, batch_size=500)]))


def ours(answers: Answers, images: ResidentImages, *, epochs: int, seed: int) -> nn.Module:
    """A student of `training.fit`."""
    index, student = torch.arange(len(images)), network("resnet20", seed)
    task = Task(images, index, DOMAIN, epochs, seed, lambda other: network("resnet20", other))
    objective = KD(temperature=TEMPERATURE, hard_weight=HARD).objective(task, answers)
    fit(student, images, index, objective, spec=recipe(epochs), augment=AugmentSpec(), seed=seed)
    return student


def theirs(teacher: nn.Module, images: ResidentImages, *, epochs: int, seed: int) -> nn.Module:
    """A student of the peer's loss in a plain loop, the teacher asked in every step."""
    student = network("resnet20", seed).train()
    optimizer = torch.optim.SGD(student.parameters(), LEARNING_RATE, MOMENTUM, weight_decay=DECAY)
    loss = KDLoss("s", "output", "t", "output", temperature=TEMPERATURE, alpha=HARD)
    for epoch in range(epochs):
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(1000 * seed + epoch))
        for batch in batches(images, order, batch_size=128):
            with torch.no_grad():
                answer = teacher(batch.x)
            said = {"s": {"output": student(batch.x)}, "t": {"output": answer}}
            optimizer.zero_grad()
            loss({"s": said["s"]}, {"t": said["t"]}, batch.y).backward()
            optimizer.step()
    return student.eval()


def accuracy(model: nn.Module, images: ImageSource, n: int) -> float:
    """Share of the first ``n`` images that are classified correctly."""
    model.eval()
    with torch.no_grad():
        right = [_right(model, batch) for batch in batches(images, torch.arange(n), batch_size=500)]
    return float(torch.cat(right).double().mean())


def _box(teacher: nn.Module) -> Teacher:
    return Teacher(teacher, lambda log_probs, _images: log_probs)


def _some(x: Tensor, y: Tensor, levels: int, n: int) -> ResidentImages:
    """``n`` images of all classes: files are sorted by class."""
    drawn = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:n]
    return ResidentImages(x[drawn], y[drawn], levels)


def _right(model: nn.Module, batch: Batch) -> Tensor:
    return model(batch.x).argmax(1) == batch.y


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    n, epochs = (128, 1) if arguments.quick else (1024, 4)
    raw = DATASETS.parse({"name": "cifar10", "variant": "jpeg", "root": arguments.data}).read()
    train = _some(raw.train_x, raw.train_y, raw.levels, n)
    test = _some(raw.test_x, raw.test_y, raw.levels, n)
    teacher = network("resnet56", 7)
    fit(
        teacher, train, torch.arange(n), CrossEntropyObjective(), spec=recipe(2 * epochs), augment=AugmentSpec(), seed=7
    )
    teacher.eval().requires_grad_(False)
    contiguous = network("resnet56", 7).eval().requires_grad_(False)
    contiguous.load_state_dict(teacher.state_dict())
    answers, asking = timed(lambda: cached(teacher, train))
    runs: dict[str, list[tuple[float, Timed]]] = {"torchdistill": [], "cached": [], "live": []}
    for seed in SEEDS[: 1 if arguments.quick else None]:
        calls = {
            "torchdistill": lambda seed=seed: theirs(contiguous, train, epochs=epochs, seed=seed),
            "cached": lambda seed=seed: ours(answers, train, epochs=epochs, seed=seed),
            "live": lambda seed=seed: ours(LiveAnswers(_box(teacher)), train, epochs=epochs, seed=seed),
        }
        for name, call in calls.items():
            student, time = timed(call)
            runs[name].append((accuracy(student, test, n), time))
    peer = [score for score, _ in runs["torchdistill"]]
    cost = sum(time.cpu for _, time in runs["torchdistill"])
    result: dict[str, Any] = {"images": n, "epochs": epochs, "teacher_accuracy": accuracy(teacher, test, n)}
    result["query_cpu_seconds_per_image"] = asking.cpu / n
    for name, made in runs.items():
        spent, scores = sum(time.cpu for _, time in made), [score for score, _ in made]
        difference = seed_difference(scores, peer)
        result[name] = {
            "samples_per_cpu_second": len(made) * n * epochs / spent,
            "of_torchdistill": cost / spent,
            "accuracy": scores,
            "minus_torchdistill": [difference.value, difference.low, difference.high],
        }
    if not arguments.quick:
        keep("distillation", result)


if __name__ == "__main__":
    main()
