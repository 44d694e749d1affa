"""A rehearsal of a plan's work: its own objectives and bounds on a few random images and untrained networks, timed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from distillab.certify import CERTIFIERS
from distillab.certify.trace import trace
from distillab.core.generators import generator
from distillab.core.job import Member, Plan
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses import DEFENSES
from distillab.defenses.certified_training import CertifiedObjective
from distillab.evaluate.run_certifier import run_certifier
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import CachedAnswers
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.plan.settled import settle
from distillab.plan.speed import clock
from distillab.specs.augment import AugmentSpec
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain
from distillab.specs.train import TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Objective, Task, Terms
from distillab.training.supervised import CrossEntropyObjective

MOMENTS = (1 / 6, 1 / 2, 5 / 6)
"""Where in a training its steps are rehearsed: some methods change their work on the way."""


@dataclass(frozen=True)
class Rehearsal:
    """A plan's images and device, with random pixels."""

    plan: Plan
    device: str

    @cached_property
    def domain(self) -> Domain:
        """Images of the plan's data set, their pixels around the middle of the range."""
        facts = self.plan.facts["data"]
        channels = facts["shape"][0]
        return Domain(tuple(facts["shape"]), facts["classes"], (0.5,) * channels, (0.25,) * channels)

    def plain_step(self, member: Member, batch: int) -> float:
        """Seconds of a training step of a member's network by its recipe, from labels alone."""
        images = self._images(batch)
        return self._epochs(member, images, CrossEntropyObjective(), (0, 0))

    def step(self, member: Member, batch: int) -> float:
        """Seconds of a training step of a member by its method, at several moments of the training."""
        images, epochs = self._images(batch), int(member.spec["train"]["epochs"])
        moments = [int(epochs * moment) for moment in MOMENTS]
        return self._epochs(member, images, self._objective(member, images), moments)

    def before(self, member: Member, images: int) -> float:
        """Seconds of what a training does once, before its first step; of a defense of outputs, all it does."""
        source = self._images(images)
        start = clock(self.device)
        self._objective(member, source)
        return clock(self.device) - start

    def release(self, member: Member, images: int) -> float:
        """Seconds of what a defended teacher's API does to so many answers, the network's forward pass left out."""
        defense, task = DEFENSES.parse(member.spec["defense"]), self._task(member, self._images(images))
        if not isinstance(defense, PostHocDefense):
            return 0.0
        state = defense.prepare(task, self._network(member.spec["model"]))
        release = defense.release({name: value.to(self.device) for name, value in state.items()}, self.domain)
        x = torch.full((images, *self.domain.shape), 0.5, device=self.device)
        log_probs = torch.zeros(images, task.classes, device=self.device).log_softmax(dim=1)
        start = clock(self.device)
        with torch.inference_mode():
            release(log_probs, x)
        return clock(self.device) - start

    def certificates(self, member: Member, images: int, *, settled: bool) -> float:
        """Seconds of certifying so many images at one radius; settled: by a network that was trained for it."""
        spec, network = member.spec, self.plan.members[member.parents["model"]].spec["model"]
        dtype = torch.float64 if spec["precision"] == "float64" else torch.float32
        model = self._network(network)
        model = settle(model) if settled else model
        graph = trace(model.to(dtype=dtype), self.domain.shape)
        source = self._images(images)
        x = source.images(torch.arange(images)).to(dtype)
        y = graph(x).argmax(dim=1)
        start = clock(self.device)
        run_certifier(CERTIFIERS.parse(spec["certifier"]), graph, x, y, eps=max(spec["eps"]))
        return clock(self.device) - start

    def _epochs(self, member: Member, images: ResidentImages, objective: Objective, moments: Sequence[int]) -> float:
        """Mean seconds of epochs of one batch, after a first one that does not count."""
        recipe = {"batch_size": len(images), "epochs": len(moments) + 1, "warmup_epochs": 0}
        marks = [clock(self.device)]
        model = self._network(member.spec["model"], train=True)
        fit(
            settle(model) if isinstance(objective, CertifiedObjective) else model,
            images,
            torch.arange(len(images)),
            _AtMoments(objective, (moments[0], *moments)),
            spec=TrainSpec.model_validate(member.spec["train"] | recipe),
            augment=AugmentSpec.model_validate(member.spec["augment"]),
            seed=0,
            progress=lambda _epoch, _record: marks.append(clock(self.device)),
        )
        return (marks[-1] - marks[1]) / len(moments)

    def _objective(self, member: Member, images: ResidentImages) -> Objective:
        task = self._task(member, images)
        if member.stage == "knockoff":
            probs = torch.full((len(images), task.classes), 1 / task.classes, device=self.device)
            return KNOCKOFFS.parse(member.spec["attack"]).objective(task, CachedAnswers(probs))
        if member.stage != "teach":
            return CrossEntropyObjective()
        defense = DEFENSES.parse(member.spec["defense"])
        others = {role: self._network(self.plan.members[name].spec.get("model", member.spec["model"]))
                  for role, name in member.parents.items() if self.plan.members[name].stage == "teach"}  # fmt: skip
        if isinstance(defense, PostHocDefense):
            defense.prepare(task, next(iter(others.values())))
            return CrossEntropyObjective()
        return defense.objective(task.with_needed(others))

    def _task(self, member: Member, images: ResidentImages) -> Task:
        epochs = int(member.spec["train"]["epochs"])
        everything = torch.arange(len(images))
        return Task(
            images, everything, self.domain, epochs, 0, lambda _seed: self._network(member.spec["model"], train=True)
        )

    def _network(self, spec: dict[str, Any], *, train: bool = False) -> nn.Module:
        model = build_model(MODELS.parse(spec), self.domain, seed=0).to(self.device)
        return model if train else model.eval().requires_grad_(False)

    def _images(self, count: int) -> ResidentImages:
        stream = generator(0, "rehearsal")
        pixels = torch.randint(0, 256, (count, *self.domain.shape), dtype=torch.uint8, generator=stream)
        return ResidentImages(pixels, torch.arange(count) % self.domain.classes, 255).to(self.device)


class _AtMoments(Objective):
    """An objective as it is in some epochs of its training, without what it only watches."""

    def __init__(self, objective: Objective, epochs: Sequence[int]) -> None:
        self.objective, self.epochs = objective, epochs

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:
        """The epoch that it is taken for."""
        self.objective.begin_epoch(self.epochs[epoch], model)

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """The objective's own."""
        return self.objective.terms(model, batch)

    def end_step(self) -> None:
        """The objective's own."""
        self.objective.end_step()

    def positions(self, train: Tensor) -> Tensor:
        """All images: what a method chooses of them is no part of a step."""
        return train
