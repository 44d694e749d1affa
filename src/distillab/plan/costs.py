"""What members cost: forward-and-backward passes of a network, and seconds where its speed is known."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from distillab.attacks import ATTACKS
from distillab.core.job import Member, Plan
from distillab.core.provenance import processor
from distillab.defenses import DEFENSES
from distillab.defenses.adversarial_training import AdversarialTrainingSpec
from distillab.plan.image_counts import least, other_images, test_images, train_images

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
    images: int = 0
    """Of an epoch, or of an attack."""
    device: str = ""
    """Name of the processor or the GPU."""
    shape: tuple[int, ...] = ()
    """Of an image, and the number of classes."""

    @property
    def key(self) -> str:
        """Under which name the network's speed is kept."""
        network = " ".join(f"{name}={value}" for name, value in sorted(self.network.items()))
        size = "x".join(map(str, self.shape))
        return f"{network} {size} batch {self.batch_size} {self.settings} threads {self.threads} on {self.device}"


ABSENT_GPU = "a GPU that is not here"


def computes_on(plan: Plan) -> str:
    """``cuda`` or ``cpu``: where the plan's networks are made, here or where its jobs are sent."""
    return "cuda" if plan.device == "cuda" or (plan.device == "auto" and torch.cuda.is_available()) else "cpu"


@cache
def device_name(kind: str) -> str:
    """What kind of processor or GPU computes: seconds of others say nothing here."""
    if kind == "cpu":
        return processor()
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ABSENT_GPU


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
    own = [least(known[part], limits[f"{part}_limit"]) for part in ("train", "test")]
    return None in (*own, *(other_images(plan, member) for member in plan.members.values()))


def _training(plan: Plan, member: Member) -> Cost | None:
    recipe = member.spec["train"]
    settings = f"{recipe['precision']}{' channels_last' if recipe['channels_last'] else ''}"
    everything = member.stage == "distill" or plan.params["data"]["refit"]
    held_out = 0 if everything else int(plan.params["data"]["val"])
    own, other, epochs = train_images(plan, held_out), other_images(plan, member), int(recipe["epochs"])
    if own is None or other is None:
        return None
    images = own + other
    defense = DEFENSES.parse(member.spec["defense"]) if "defense" in member.spec else None
    before_choice = images - int(plan.params["data"]["val"]) if member.spec.get("refit") else 0
    return Cost(
        member.spec["model"],
        passes=(images + before_choice) * (defense.passes(epochs) if defense else epochs),
        batch_size=int(recipe["batch_size"]),
        settings=settings,
        threads=member.threads,
        epochs=epochs,
        against=defense.passes(1) if isinstance(defense, AdversarialTrainingSpec) else 0,
        images=images,
        **_place(plan),
    )


def _attack(plan: Plan, member: Member) -> Cost | None:
    spec = ATTACKS.parse(member.spec["attack"])
    images = least(spec.images, test_images(plan))
    if images is None:
        return None
    network = plan.members[member.parents["model"]].spec.get("model")
    if network is None:  # from elsewhere: nobody can build another one to time it
        return None
    return Cost(
        network,
        images * spec.passes,
        min(spec.batch_size, images),
        "float32",
        member.threads,
        images=images,
        **_place(plan),
    )


def _place(plan: Plan) -> dict[str, Any]:
    facts = plan.facts["data"]
    return {"device": device_name(computes_on(plan)), "shape": (*facts["shape"], facts["classes"])}
