"""What members take that nobody made yet: units of work, times what one was timed to take, or a stated share of it."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from distillab.attacks import ATTACKS
from distillab.certify import CERTIFIERS
from distillab.core.job import Member, Plan
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.plan.costs import ABSENT_GPU, Cost, computes_on, cost_of, device_name
from distillab.plan.image_counts import test_images, train_images
from distillab.plan.priorities import UNKNOWN

TIMED, STATED = "timed on this machine", "stated"

FORWARD = 0.3
"""Seconds of a forward pass per second of a training step."""

ATTACK_PASS = 0.8
"""Seconds of a forward and a backward pass with frozen weights per second of a training step."""

MADE = {"pgd": 0.25, "deepfool": 0.3, "autoattack": 0.5, "jsma": 0.3, "lbfgs": 0.5}
"""Share of the passes of an attack that are made before it has all it looks for, where it stops early; else 1."""

BOUND = 15.0
"""Seconds of certifying an image at a radius per second of its training step."""

CERTIFIED_STEP = 12.0
"""Seconds of a training step on a bound per second of a plain one."""

SEVERAL = 2.2
"""Of a certifier that asks dearer methods where cheap ones leave an image open: the whole to its first look."""

READING = {False: 2e-5, True: 4e-3}
"""Seconds of reading an image that is kept in memory, or of looking at its file."""

EACH = 0.04
"""Seconds of reading what a member is made of, and of writing and hashing it, as on digits."""

CHECKS = 4
"""Passes of each image beside the attack's own: its gradient before, and what is recomputed after it."""

TABLE, ROW, PAGE = 0.05, 4e-4, 4.5
"""Seconds of a table, of each model or measurement that it stands on, and of a page."""


class Reckoned(NamedTuple):
    """What a member takes, and what this rests on."""

    seconds: float
    basis: str


class Reckoning:
    """Seconds of a plan's members by what was timed of their networks and methods.

    Args:
        plan: What is asked for.
        speeds: Seconds and ratios that were timed, by their keys.
    """

    def __init__(self, plan: Plan, speeds: Mapping[str, float]) -> None:
        self.plan, self.speeds = plan, speeds
        self.device = device_name(computes_on(plan))
        self.elsewhere = self.device == ABSENT_GPU
        self.stated = {key: seconds for job in plan.jobs for key, seconds in job.stated.items()}

    def of(self, member: Member) -> Reckoned:
        """What a member takes on one core or device."""
        work = self.work(member)
        return Reckoned(work.seconds + EACH, work.basis)

    def work(self, member: Member) -> Reckoned:
        """The same without what every member takes."""
        if "train" in member.spec:
            return self._training(member)
        by_stage: dict[str, Callable[[Member], Reckoned]] = {
            "attack": self._attack, "certify": self._certificates, "measure": self._measure, "answer": self._answers,
            "sensitivity": self._jacobians, "distill": self._answers, "prepare": self._reading,
        }  # fmt: skip
        if member.stage in by_stage:
            return by_stage[member.stage](member)
        if member.stage == "report":
            return Reckoned(PAGE, STATED)
        return Reckoned(TABLE + ROW * len(member.parents), STATED)

    def network_key(self, member: Member) -> str:
        """Under which the speed of the network is kept that a member's work is reckoned with; empty without one."""
        if cost := cost_of(self.plan, member):
            return cost.key
        asked = member.parents.get("teacher") or member.parents.get("model")
        model = self.plan.members[asked] if asked else None
        cost = cost_of(self.plan, model) if model and "train" in model.spec else None
        return cost.key if cost else ""

    def step(self, member: Member) -> Reckoned:
        """Seconds of a plain training step per image, of the network of a model."""
        cost = cost_of(self.plan, member)
        return self._pass(cost)

    def _training(self, member: Member) -> Reckoned:
        cost = cost_of(self.plan, member)
        if cost is None:
            return Reckoned(0.0, STATED)
        step = self.step(member)
        once = self._known(f"once {self.method_key(member)}", 0.0)
        if not cost.passes:
            return Reckoned(cost.images * (once.seconds or FORWARD * step.seconds), once.basis)
        ratio = Reckoned(1.0, step.basis)
        if has_method(member):
            ratio = self._known(self.method_key(member), _stated_ratio(member, cost))
        views = cost.images * cost.epochs
        live = views * self._live(member)
        times = 2 if member.spec.get("refit") else 1  # once before the choice, once after it
        seconds = cost.images * (cost.epochs * ratio.seconds * step.seconds + once.seconds) + live
        return Reckoned(times * seconds, TIMED if {step.basis, ratio.basis} == {TIMED} else STATED)

    def _live(self, member: Member) -> float:
        """Seconds of a teacher's answer to a view; 0 where answers are kept, or nobody is asked."""
        if member.stage != "knockoff" or member.spec["attack"]["responses"] != "live":
            return 0.0
        return self._answer(self.plan.members[member.parents["teacher"]]).seconds

    def _answer(self, model: Member) -> Reckoned:
        """Seconds of what a model's API says of an image."""
        step = self.step(model)
        release = self.speeds.get(f"release {self.method_key(model)}", 0.0) if "defense" in model.spec else 0.0
        return Reckoned(FORWARD * step.seconds + release, step.basis)

    def _attack(self, member: Member) -> Reckoned:
        cost, spec = cost_of(self.plan, member), ATTACKS.parse(member.spec["attack"])
        step = self._pass(cost)
        share = 1.0 if self._is_robust(member) else MADE.get(spec.name, 1.0)
        passes = (share * spec.passes + CHECKS) * _least(spec.images, test_images(self.plan))
        return Reckoned(ATTACK_PASS * passes * step.seconds, step.basis)

    def _certificates(self, member: Member) -> Reckoned:
        images = _least(member.spec["images"], test_images(self.plan))
        step = self.step(self.plan.members[member.parents["model"]])
        bound = self._known(self.bound_key(member), BOUND * step.seconds)
        looks = bound.basis == STATED or self.is_settled(member)
        several = SEVERAL if looks and len(CERTIFIERS.parse(member.spec["certifier"]).deciders) > 1 else 1.0
        radii = len(member.spec["eps"]) + member.spec["radius_steps"]
        return Reckoned(images * radii * bound.seconds * several, bound.basis)

    def _measure(self, member: Member) -> Reckoned:
        model = self.plan.members[member.parents["model"]]
        images = _least(test_images(self.plan)) + self.plan.params["data"]["val"]
        images += _least(train_images(self.plan, 0)) if model.stage == "teach" else 0
        answer = self._answer(model)
        return Reckoned(images * answer.seconds, answer.basis)

    def _answers(self, member: Member) -> Reckoned:
        answer = self._answer(self.plan.members[member.parents.get("teacher") or member.parents["model"]])
        return Reckoned(_least(train_images(self.plan, 0)) * answer.seconds, answer.basis)

    def _jacobians(self, member: Member) -> Reckoned:
        step = self.step(self.plan.members[member.parents["model"]])
        images = _least(member.spec["images"], test_images(self.plan))
        return Reckoned(images * self.plan.facts["data"]["classes"] * ATTACK_PASS * step.seconds, step.basis)

    def _reading(self, member: Member) -> Reckoned:
        data = DATASETS.parse(member.spec["data"])
        images = sum(count or 0 for count in (data.facts.train, data.facts.test))
        return Reckoned(images * READING[data.streaming] / 2, STATED)

    def _is_robust(self, member: Member) -> bool:
        return self.is_settled(member) or self._kind(member) == "adversarial"

    def is_settled(self, member: Member) -> bool:
        """Whether the model that a member looks at was trained against a bound."""
        return self._kind(member) == "certified"

    def _kind(self, member: Member) -> str:
        model = self.plan.members[member.parents["model"]]
        return DEFENSES.parse(model.spec["defense"]).kind if "defense" in model.spec else ""

    def method_key(self, member: Member) -> str:
        """Under which the ratio of a method's training step to a plain one is kept."""
        method = member.spec.get("attack") or member.spec.get("defense") or {}
        epochs = member.spec["train"]["epochs"]
        return f"step {json.dumps(method, sort_keys=True)} of {epochs} epochs on {self.device}"

    def bound_key(self, member: Member) -> str:
        """Under which the seconds of a certificate are kept."""
        network = self.plan.members[member.parents["model"]].spec.get("model")
        eps, settled = max(member.spec["eps"]), "settled" if self.is_settled(member) else "drawn"
        said = [member.spec["certifier"], network, self.plan.facts["data"]["shape"], eps, settled]
        return f"bound {json.dumps(said, sort_keys=True)} on {self.device}"

    def _pass(self, cost: Cost | None) -> Reckoned:
        key = cost.key if cost else ""
        return self._known(key, self.stated.get(key, UNKNOWN))

    def _known(self, key: str, stated: float) -> Reckoned:
        return Reckoned(self.speeds[key], TIMED) if key in self.speeds else Reckoned(stated, STATED)


def has_method(member: Member) -> bool:
    """Whether a training does more than learn from labels, or a step from soft labels."""
    return member.stage in ("teach", "knockoff") and "train" in member.spec


def _stated_ratio(member: Member, cost: Cost) -> float:
    if "defense" in member.spec and DEFENSES.parse(member.spec["defense"]).kind == "certified":
        return CERTIFIED_STEP
    return cost.passes / (cost.images * cost.epochs)


def _least(*counts: int | None) -> int:
    return min((count for count in counts if count is not None), default=0)
