"""What is measured on a GPU: each part is ratios of seconds of one device within one process, with their sizes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import nn

from distillab.attacks import ATTACKS
from distillab.core.generators import ExampleNoise
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import Answers, CachedAnswers, LiveAnswers, Teacher
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.models.modes import frozen
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import TrainSpec
from distillab.training.fit import Prepared, fit
from distillab.training.objective import Objective, Task
from distillab.training.supervised import CrossEntropyObjective

DOMAIN = Domain((3, 32, 32), 10, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
AUGMENT = AugmentSpec(crop_padding=4, flip=True)


@dataclass(frozen=True)
class Size:
    """How much is done."""

    network: str = "resnet18"
    student: str = "mobilenet_v2"
    batch: int = 128
    steps: int = 200
    attacked: int = 512
    precision: str = "bfloat16"
    repeats: int = 3


SMALL = Size(network="cnn_digits", student="cnn_digits", batch=8, steps=3, attacked=4, precision="float32", repeats=1)


@dataclass(frozen=True)
class Bench:
    """A device, and trainings of made-up images on it."""

    device: torch.device
    size: Size

    @property
    def domain(self) -> Domain:
        """The images' shape: CIFAR-10's, or that of the small network."""
        return DOMAIN if self.size.network != "cnn_digits" else Domain((1, 8, 8), 10, (0.5,), (0.25,))

    @property
    def recipe(self) -> TrainSpec:
        """One epoch of the sizes asked for."""
        return TrainSpec.model_validate(
            {"epochs": 1, "batch_size": self.size.batch, "precision": self.size.precision, "channels_last": True}
        )

    def network(self, name: str, seed: int = 0) -> nn.Module:
        """A fresh network on the device."""
        return build_model(MODELS.parse({"name": name}), self.domain, seed=seed).to(self.device)

    def images(self) -> ResidentImages:
        """As many made-up images as an epoch has."""
        stream, n = torch.Generator().manual_seed(0), self.size.batch * self.size.steps
        x = torch.randint(0, 256, (n, *self.domain.shape), generator=stream).to(torch.uint8)
        return ResidentImages(x, torch.arange(n) % self.domain.classes, 255).to(self.device)

    def seconds(self, call: Callable[[], object]) -> float:
        """Median of wall seconds until the device has done all, after a call that is free."""
        found = []
        for turn in range(self.size.repeats + 1):
            self.wait()
            start = time.perf_counter()
            call()
            self.wait()
            if turn:
                found.append(time.perf_counter() - start)
        return median(found)

    def wait(self) -> None:
        """Until the device has done what it was asked."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def epoch(self, network: str, make: Callable[[Task], Objective]) -> float:
        """Seconds of one epoch as the project trains."""
        images = self.images()
        task = Task(
            images, torch.arange(len(images)), self.domain, 1, 0, network=lambda seed: self.network(network, seed)
        )
        objective, model = make(task), self.network(network)
        chosen = objective.positions(task.train)
        return self.seconds(lambda: fit(model, images, chosen, objective, spec=self.recipe, augment=AUGMENT, seed=0))

    def floor(self, network: str) -> float:
        """Seconds of as many steps of plain SGD on one batch that is there already."""
        model = Prepared(self.network(network), self.recipe).train()
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)
        x = torch.rand(self.size.batch, *self.domain.shape, device=self.device)
        y = torch.arange(self.size.batch, device=self.device) % self.domain.classes

        def steps() -> None:
            for _ in range(self.size.steps):
                optimizer.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()

        return self.seconds(steps)


def training(bench: Bench) -> dict[str, Any]:
    """The floor's share of an epoch (1 is no overhead), and what CMIM adds to one."""
    floor = bench.floor(bench.size.network)
    ce = bench.epoch(bench.size.network, lambda _task: CrossEntropyObjective())
    cmim = bench.epoch(bench.size.network, DEFENSES["cmim"]().objective)
    return {"floor_over_epoch": floor / ce, "cmim_over_ce": cmim / ce, "seconds_of_ce": ce}


def knockoffs(bench: Bench) -> dict[str, Any]:
    """Epochs of KD over the student's floor: with answers bought before, and with a live teacher."""

    def cached(task: Task) -> Answers:
        probs = torch.rand(len(task.images), bench.domain.classes).softmax(1)
        return CachedAnswers(probs.to(bench.device))

    def live(_task: Task) -> Answers:
        return LiveAnswers(Teacher(bench.network(bench.size.network), lambda log_probs, _images: log_probs))

    floor = bench.floor(bench.size.student)

    def epoch(answers: Callable[[Task], Answers], **fields: str) -> float:
        attack = KNOCKOFFS["kd"].model_validate({"name": "kd", **fields})
        return bench.epoch(bench.size.student, lambda task: attack.objective(task, answers(task)))

    return {
        "floor_seconds": floor,
        "cached_over_floor": epoch(cached, responses="cached") / floor,
        "live_over_floor": epoch(live, responses="live") / floor,
    }


def attacks(bench: Bench) -> dict[str, Any]:
    """PGD and C&W as they are used, over foolbox's on the same network and images; passes beside."""
    import foolbox  # part of the extra `bench`

    model = bench.network(bench.size.network).eval()
    x = torch.rand(bench.size.attacked, *bench.domain.shape, device=bench.device)
    with torch.no_grad():
        y = model(x).argmax(dim=1)
    peer = foolbox.PyTorchModel(model, bounds=(0, 1), device=bench.device)
    steps = 40 if bench.size.steps > SMALL.steps else 2
    pairs = {
        "pgd": (
            {"name": "pgd", "eps": 8 / 255, "step_size": 2 / 255, "steps": steps},
            lambda: foolbox.attacks.LinfPGD(steps=steps, abs_stepsize=2 / 255)(peer, x, y, epsilons=8 / 255),
        ),
        "carlini_wagner_l2": (
            {"name": "carlini_wagner_l2", "steps": 5 * steps, "search_steps": 3},
            lambda: foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=3, steps=5 * steps)(
                peer, x, y, epsilons=None
            ),
        ),
    }
    found = {}
    with frozen(model):
        for name, (fields, theirs) in pairs.items():
            noise = ExampleNoise(0, tuple(range(len(x))))
            ours = bench.seconds(lambda fields=fields, noise=noise: ATTACKS.parse(fields).run(model, x, y, noise=noise))
            found[f"{name}_over_foolbox"] = ours / bench.seconds(theirs)
    return found


def bounds(bench: Bench) -> dict[str, Any]:
    """Seconds per image of the dual and of CROWN on the papers' small network, which their peers take for the same."""
    from distillab.certify import CERTIFIERS
    from distillab.certify.trace import trace

    shape, n = (1, 28, 28), min(bench.size.attacked, 32)
    model = build_model(MODELS.parse({"name": "wong_small"}), Domain(shape, 10, (0.0,), (1.0,)), seed=0)
    graph = trace(model.eval().to(bench.device), shape)
    batch = Batch(torch.rand(n, *shape, device=bench.device), torch.zeros(n, dtype=torch.int64), torch.arange(n))
    y = batch.y.to(bench.device)
    with torch.no_grad():
        return {
            f"{name}_seconds_per_image": bench.seconds(
                lambda name=name: CERTIFIERS[name](name=name).margins(graph, batch.x, y, 0.01)
            )
            / n
            for name in ("dual", "crown")
        }


PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "training": training, "knockoffs": knockoffs, "attacks": attacks, "bounds": bounds,
}  # fmt: skip
