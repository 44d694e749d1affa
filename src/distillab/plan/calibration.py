"""Timing what a plan's times rest on and nothing is known of, the most work first, within a minute."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from math import sqrt
from typing import NamedTuple

from distillab.core.errors import DistillabError
from distillab.core.job import Member, Plan
from distillab.core.throughput import Throughput
from distillab.evaluate.run_certifier import BATCH
from distillab.plan.costs import ABSENT_GPU, Cost, computes_on, cost_of, device_name
from distillab.plan.reckoning import TIMED, Reckoning, has_method
from distillab.plan.rehearsal import Rehearsal
from distillab.plan.speed import MEMORY, bounded, seconds_per_image, threads
from distillab.training.precision import exact_kernels

MINUTE = 35.0
"""Seconds that a calibration may take: with what else `distillab plan` does, it is less than a minute."""

HOUR = 3600.0

SHARE = 0.5
"""Of the time that is left, the most that one measurement may take."""

FEW = 16
"""Images that what a method does once, and what an API does to its answers, is timed on."""

_FAILED = (DistillabError, RuntimeError, ValueError, MemoryError, TimeoutError)
"""What a measurement may end with: it does without, and the plan says that the time is stated."""

log = logging.getLogger("distillab")


class Timing(NamedTuple):
    """One thing to time."""

    key: str
    threads: int
    seconds: Callable[[], float]


def calibrate(plan: Plan, members: Iterable[Member], speeds: Throughput, *, seconds: float = MINUTE) -> None:
    """Time what these members need: networks by their work first, then methods and bounds; keep what was found.

    Nothing is timed for a GPU that is not here.

    Args:
        plan: What is asked for.
        members: Those that nothing is recorded of.
        speeds: What is known already, and where findings go.
        seconds: After which nothing more is begun.
    """
    if device_name(computes_on(plan)) == ABSENT_GPU:
        return
    end = time.monotonic() + seconds
    waiting = list(members)
    on_cpu = computes_on(plan) == "cpu"
    memory, kernels = (MEMORY, nullcontext()) if on_cpu else (None, exact_kernels())  # as jobs have them
    with kernels, bounded(HOUR, memory):  # all of them together: the allocator keeps what one of them freed
        for tasks in (_networks(plan, waiting), _methods(plan, waiting, speeds)):
            for task in tasks:
                left = end - time.monotonic()
                if speeds.get(task.key) is None and left > 0:
                    _time(task, speeds, SHARE * left, memory=memory)


def _time(task: Timing, speeds: Throughput, seconds: float, *, memory: int | None) -> None:
    try:
        with threads(task.threads), bounded(seconds, memory):
            speeds.put(task.key, task.seconds())
    except _FAILED as error:
        log.debug("not timed: %s: %s", task.key, error)


def _networks(plan: Plan, members: list[Member]) -> Iterator[Timing]:
    """A plain training step of every network, recipe and batch, the one with the most passes first."""
    passes, of_key = defaultdict[str, int](int), dict[str, tuple[Cost, Member]]()
    for member in members:
        for model in _models(plan, member):
            if cost := cost_of(plan, model):
                passes[cost.key] += cost.passes if model is member else 0
                of_key.setdefault(cost.key, (cost, model))
    rehearsal = Rehearsal(plan, computes_on(plan))
    for key in sorted(of_key, key=lambda key: -passes[key]):
        cost, member = of_key[key]
        yield Timing(key, cost.threads, partial(_step, rehearsal, _trained(plan, member, cost), cost.batch_size))


def _step(rehearsal: Rehearsal, member: Member, batch: int) -> float:
    return seconds_per_image(lambda images: rehearsal.plain_step(member, images), batch)


def _models(plan: Plan, member: Member) -> Iterator[Member]:
    """A member itself, and the models that it asks."""
    yield member
    for role in ("model", "teacher"):
        if role in member.parents:
            yield plan.members[member.parents[role]]


def _trained(plan: Plan, member: Member, cost: Cost) -> Member:
    """The training whose step stands for a cost: of an attack, its network's at the attack's batch and precision."""
    if member.stage != "attack":
        return member
    model = plan.members[member.parents["model"]]
    recipe = {"batch_size": cost.batch_size, "precision": "float32"}
    return model.model_copy(update={"spec": model.spec | {"train": model.spec["train"] | recipe}})


def _methods(plan: Plan, members: list[Member], speeds: Throughput) -> Iterator[Timing]:
    """What methods and bounds take beside a plain step, the one that the most work stands on first."""
    reckoning, rehearsal = Reckoning(plan, speeds.known), Rehearsal(plan, computes_on(plan))
    work, of_key = defaultdict[str, float](float), dict[str, tuple[float, Member]]()
    for member in members:
        if has_method(member) or (member.stage == "certify" and "model" in _models_last(plan, member).spec):
            key = reckoning.bound_key(member) if member.stage == "certify" else reckoning.method_key(member)
            work[key] += reckoning.of(member).seconds
            size = reckoning.step(_models_last(plan, member)).seconds
            of_key[key] = min(of_key.get(key, (size, member)), (size, member), key=lambda pair: pair[0])
    for key in sorted(of_key, key=lambda key: -work[key]):
        member = of_key[key][1]
        found = _of_bound if member.stage == "certify" else _of_method
        yield from found(key, member, reckoning, rehearsal)


def _models_last(plan: Plan, member: Member) -> Member:
    return [*_models(plan, member)][-1] if member.stage == "certify" else member


def _of_bound(key: str, member: Member, reckoning: Reckoning, rehearsal: Rehearsal) -> Iterator[Timing]:
    """Of a network that no bound was trained on, between one that is settled and one that was just drawn."""
    images = min(BATCH, member.spec["images"] or BATCH)

    def seconds(*, settled: bool) -> float:
        return seconds_per_image(partial(rehearsal.certificates, member, settled=settled), images, least=1)

    def between() -> float:
        return sqrt(seconds(settled=True) * seconds(settled=False))

    yield Timing(key, member.threads, partial(seconds, settled=True) if reckoning.is_settled(member) else between)


def _of_method(key: str, member: Member, reckoning: Reckoning, rehearsal: Rehearsal) -> Iterator[Timing]:
    batch, plain = int(member.spec["train"]["batch_size"]), reckoning.step(member)

    def before(images: int) -> float:
        return rehearsal.before(member, images)

    def step(images: int) -> float:
        return rehearsal.step(member, images)

    yield Timing(f"once {key}", member.threads, lambda: max(0.0, before(4 * FEW) - before(FEW)) / (3 * FEW))
    if member.stage == "teach":
        yield Timing(f"release {key}", member.threads, lambda: rehearsal.release(member, FEW) / FEW)
    if plain.basis == TIMED:
        yield Timing(key, member.threads, lambda: seconds_per_image(step, batch) / plain.seconds)
