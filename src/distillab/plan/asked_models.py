"""Models of a run that are reached by questions alone: what they are called, and how many images they answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillab.blackbox.asked import Answered, journal_of
from distillab.core.job import Plan
from distillab.plan.image_counts import test_images, train_images
from distillab.plan.wording import span


@dataclass(frozen=True)
class AskedModel:
    """One endpoint of a run."""

    label: str
    journal: Path
    expected: int
    """Images that the run asks it about; 0 where only the files of the data set know."""

    def now(self, now: float) -> str:
        """How asking it goes on; empty where nobody asks it now.

        Args:
            now: in seconds since the epoch.
        """
        asked = Answered.read(self.journal)
        if asked is None or not asked.is_fresh(now):
            return ""
        left = asked.left(self.expected)
        rest = [f"{span(left)} left"] if left >= 1 else []
        return ", ".join([f"Asking {self.label}: {asked.count(self.expected)}", *asked.pace(now), *asked.paid(), *rest])

    def total(self, since: float) -> str:
        """What was got of it and paid for it, in all runs; empty where nothing was since then."""
        asked = Answered.read(self.journal)
        if asked is None or asked.at < since:
            return ""
        return ", ".join([f"Asked {self.label}: {asked.count(0)}", *asked.paid()])


def asked_models(plan: Plan, root: Path) -> list[AskedModel]:
    """The endpoints of a run, each once, whatever stands around it."""
    from distillab.blackbox.endpoint import EndpointSpec

    found = dict[Path, AskedModel]()
    for member in plan.members.values():
        brought = member.spec.get("brought", {})
        if brought.get("name") == "endpoint" and member.model:
            journal = journal_of(root, EndpointSpec.model_validate(brought["endpoint"]).model(brought["answers"]))
            label = plan.facts["defenses"][member.model.defense]["brought"]
            found[journal] = AskedModel(label, journal, _expected(plan))
    return [*found.values()]


def _expected(plan: Plan) -> int:
    """Images to judge with, and those that the most curious thief asks about."""
    val = int(plan.params["data"]["val"])
    train, test = train_images(plan, val), test_images(plan)
    if train is None or test is None:
        return 0
    return max((_questions(thief, train) for thief in plan.facts["thieves"].values()), default=0) + val + test


def _questions(thief: dict[str, Any], train: int) -> int:
    """How many of the training images a thief asks about."""
    labels, queries = train if thief["labels"] == "all" else int(thief["labels"]), thief["queries"]
    if isinstance(queries, dict):
        return max(labels, round(float(queries["share"]) * train))
    counts = {"all": train, "labeled": labels}
    return counts.get(str(queries), 0)
