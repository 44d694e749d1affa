"""Bytes of what is not made yet, and the answers that thieves buy for it."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from math import prod

import torch

from distillab.core.job import Member, Plan
from distillab.data import DATASETS
from distillab.knockoff import KNOCKOFFS
from distillab.models import MODELS
from distillab.models.untrained import untrained
from distillab.plan.costs import cost_of
from distillab.plan.durations import Durations
from distillab.plan.image_counts import test_images, train_images

COPIES = 2
"""Of every payload: in the store, and where the workflow wants it; of answers one, in the store."""

FLOAT = 4
"""Bytes of a weight, a probability, a log-probability."""

SIDECAR = 5_000
"""Bytes of a sidecar, whose history and parents make it longer or shorter."""

ROWS = {"attack": 90, "certify": 40, "sensitivity": 45, "measure": 30}
"""Bytes of an image's row beside what a measurement has of every class."""

FILES = {"collect": 20_000, "report": 1_500_000}
"""Bytes of a table and of a page."""


class Disk:
    """Bytes of a plan's members: as those alike have, or by what they hold."""

    def __init__(self, plan: Plan, durations: Durations) -> None:
        self.plan, self.durations = plan, durations
        self._counted: dict[str, int] = {}

    def of(self, members: Iterable[Member]) -> int:
        """Bytes of all copies of some members' files."""
        return sum((COPIES if member.path else 1) * (SIDECAR + self._payload(member)) for member in members)

    def _payload(self, member: Member) -> int:
        taken = self.durations.taken(member)
        if taken:
            return taken.bytes
        if "train" in member.spec:
            return FLOAT * self._parameters(member)
        if member.stage == "prepare":
            return self._data(member)
        if member.stage == "answer" or member.spec.get("part") == "labels":
            return FLOAT * self._classes * (train_images(self.plan, 0) or 0)
        images, each = self._tested(member), ROWS.get(member.stage, 0)
        if member.stage == "measure":
            images, each = images + self.plan.params["data"]["val"], each + FLOAT * self._classes
        return FILES.get(member.stage, 0) + images * each * len(member.spec.get("eps", [0]))

    def _tested(self, member: Member) -> int:
        asked = member.spec.get("images") or member.spec.get("attack", {}).get("images")
        return min(count for count in (asked, test_images(self.plan), 10**9) if count is not None)

    def _data(self, member: Member) -> int:
        spec = DATASETS.parse(member.spec["data"])
        images = sum(count or 0 for count in (spec.facts.train, spec.facts.test))
        if member.spec.get("part") == "split":
            return 8 * images
        return images * (40 if spec.streaming else prod(spec.facts.shape) + 8)

    def _parameters(self, member: Member) -> int:
        """How many weights a network has."""
        network = str(member.spec["model"])
        if network not in self._counted:
            facts = self.plan.facts["data"]
            with torch.device("meta"):  # shapes alone: no memory is taken, nothing is drawn
                model = untrained(MODELS.parse(member.spec["model"]), tuple(facts["shape"]), facts["classes"])
            self._counted[network] = sum(weights.numel() for weights in model.state_dict().values())
        return self._counted[network]

    @cached_property
    def _classes(self) -> int:
        return int(self.plan.facts["data"]["classes"])


def answers_bought(plan: Plan, members: Iterable[Member]) -> dict[str, tuple[int, int]]:
    """By thief, how many answers its knockoffs take of all teachers, and of the teacher that is asked most.

    Kept answers are bought once, whoever learns from them; a view is an answer of its own.
    """
    bought = defaultdict[str, dict[str, dict[str, int]]](lambda: defaultdict(dict))
    for member in members:
        if member.stage == "knockoff" and member.model and (cost := cost_of(plan, member)):
            attack = KNOCKOFFS.parse(member.spec["attack"])
            kept = member.parents.get("answers", member.id)
            count = attack.queries(cost.images, cost.images * cost.epochs)
            bought[member.model.thief][member.parents["teacher"]][kept] = count
    return {
        thief: (sum(sum(each.values()) for each in teachers.values()), max(sum(e.values()) for e in teachers.values()))
        for thief, teachers in bought.items()
    }
