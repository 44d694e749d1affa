"""What members cost: forward-and-backward passes of a network, and seconds where its speed is known."""

from dataclasses import dataclass
from typing import Any

from distillab.attacks import ATTACKS
from distillab.core.job import Member, Plan
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.defenses.adversarial_training import AdversarialTrainingSpec
from distillab.specs.thief import OTHER_IMAGES

IMAGES_UNKNOWN = "only the files say how many images there are; data.train_limit and data.test_limit bound them"


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
    """The cost of a training or an attack; None where that is next to nothing or unknown."""
    if "train" in member.spec:
        return _training(plan, member)
    if member.stage == "attack":
        return _attack(plan, member)
    return None


def unknown_images(plan: Plan) -> bool:
    """Whether only the files of a data set know how many images are trained on or attacked."""
    known, limits = plan.facts["data"], plan.params["data"]
    own = [_least(known[part], limits[f"{part}_limit"]) for part in ("train", "test")]
    return None in (*own, *(_other_images(plan, member) for member in plan.members.values()))


def _training(plan: Plan, member: Member) -> Cost | None:
    recipe = member.spec["train"]
    settings = f"{recipe['precision']}{' channels_last' if recipe['channels_last'] else ''}"
    held_out = 0 if member.stage == "distill" else int(plan.params["data"]["val"])
    own, other, epochs = _train_images(plan, held_out), _other_images(plan, member), int(recipe["epochs"])
    if own is None or other is None:
        return None
    images = own + other
    defense = DEFENSES.parse(member.spec["defense"]) if "defense" in member.spec else None
    return Cost(
        member.spec["model"],
        passes=images * (defense.passes(epochs) if defense else epochs),
        batch_size=int(recipe["batch_size"]),
        settings=settings,
        threads=member.threads,
        epochs=epochs,
        against=defense.passes(1) if isinstance(defense, AdversarialTrainingSpec) else 0,
    )


def _attack(plan: Plan, member: Member) -> Cost | None:
    spec = ATTACKS.parse(member.spec["attack"])
    images = _least(spec.images, _test_images(plan))
    if images is None:
        return None
    network = plan.members[member.parents["model"]].spec.get("model")
    if network is None:  # from elsewhere: nobody can build another one to time it
        return None
    return Cost(network, images * spec.passes, spec.batch_size, "float32", member.threads)


def _train_images(plan: Plan, held_out: int) -> int | None:
    published = plan.facts["data"]["train"]
    return _least(None if published is None else published - held_out, plan.params["data"]["train_limit"])


def _other_images(plan: Plan, member: Member) -> int | None:
    """How many images of another data set a thief asks about."""
    if OTHER_IMAGES not in member.parents:
        return 0
    spec = DATASETS.parse(plan.members[member.parents[OTHER_IMAGES]].spec["data"])
    return _least(spec.facts.train, spec.train_limit)


def _test_images(plan: Plan) -> int | None:
    return _least(plan.facts["data"]["test"], plan.params["data"]["test_limit"])


def _least(*counts: int | None) -> int | None:
    """The smallest of the known counts; None where none is known."""
    return min((count for count in counts if count is not None), default=None)
