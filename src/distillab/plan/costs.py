"""What members cost: forward-and-backward passes of a network, and seconds where its speed is known."""

from dataclasses import dataclass
from typing import Any

from distillab.attacks import ATTACKS
from distillab.core.job import Member, Plan
from distillab.defenses import DEFENSES
from distillab.defenses.adversarial_training import AdversarialTrainingSpec


@dataclass(frozen=True)
class Cost:
    """Work of one member: image passes (one forward, one backward) of a network with a batch size."""

    network: dict[str, Any]
    passes: int
    batch_size: int
    settings: str
    """Precision and memory format, as part of the speed's key."""
    threads: int
    epochs: int = 1
    """Of a training."""
    against: int = 0
    """Passes of an image in each epoch of a training against an adversary; all but one or two are its steps."""

    @property
    def key(self) -> str:
        """Under which name the network's speed is kept."""
        return f"{sorted(self.network.items())} batch {self.batch_size} {self.settings} threads {self.threads}"


def cost_of(plan: Plan, member: Member) -> Cost | None:
    """The cost of a training or an attack; None for members that cost next to nothing."""
    if "train" in member.spec:
        return _training(plan, member)
    if member.stage == "attack":
        return _attack(plan, member)
    return None


def _training(plan: Plan, member: Member) -> Cost:
    recipe = member.spec["train"]
    settings = f"{recipe['precision']}{' channels_last' if recipe['channels_last'] else ''}"
    held_out = 0 if member.stage == "distill" else int(plan.params["data"]["val"])
    epochs = int(recipe["epochs"])
    defense = DEFENSES.parse(member.spec["defense"]) if "defense" in member.spec else None
    return Cost(
        member.spec["model"],
        passes=_train_images(plan, held_out) * (defense.passes(epochs) if defense else epochs),
        batch_size=int(recipe["batch_size"]),
        settings=settings,
        threads=member.threads,
        epochs=epochs,
        against=defense.passes(1) if isinstance(defense, AdversarialTrainingSpec) else 0,
    )


def _attack(plan: Plan, member: Member) -> Cost:
    spec = ATTACKS.parse(member.spec["attack"])
    images = min(spec.images or _test_images(plan), _test_images(plan))
    network = plan.members[member.parents["model"]].spec["model"]
    return Cost(network, images * spec.passes, spec.batch_size, "float32", member.threads)


def _train_images(plan: Plan, held_out: int) -> int:
    available = int(plan.facts["data"]["train"] or 0) - held_out
    return min(available, int(plan.params["data"]["train_limit"] or available))


def _test_images(plan: Plan) -> int:
    available = int(plan.facts["data"]["test"] or 0)
    return min(available, int(plan.params["data"]["test_limit"] or available))
