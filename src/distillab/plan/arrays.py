"""Memory that a job takes for arrays over whole data sets: answers to all images, and images that are looked at."""

from math import prod

from distillab.attacks import ATTACKS
from distillab.core.job import Job, Member, Plan
from distillab.plan.image_counts import all_train_images, least, other_images, test_images

FLOAT = 4

ANSWER_COPIES = 3
"""Of answers while they are saved: themselves, their bytes, and the file's."""

IMAGE_COPIES = 2
"""Of float32 images while they are read: the parts, and the whole."""


def arrays_mb(plan: Plan, job: Job, kind: str) -> int:
    """Megabytes of the largest arrays that one of a job's members holds in the host's memory.

    Args:
        plan: what is asked for; counts that only the files know are taken for 0.
        job: one of its jobs.
        kind: ``cuda`` or ``cpu``; a GPU has the images in its own memory.
    """
    sizes = (_answers(plan, plan.members[name]) + _images(plan, plan.members[name], kind) for name in job.members)
    return max(sizes, default=0) // 10**6


def _answers(plan: Plan, member: Member) -> int:
    """Bytes of what models say of all images, where they are made, asked about or learned from."""
    count = 0
    if member.stage == "measure":
        count = int(plan.params["data"]["val"]) + (test_images(plan) or 0)
    elif {"answers", "soft_labels"} & member.parents.keys() or member.spec.get("part") == "labels":
        count = (all_train_images(plan) or 0) + (other_images(plan, member) or 0)
    return ANSWER_COPIES * FLOAT * count * int(plan.facts["data"]["classes"])


def _images(plan: Plan, member: Member, kind: str) -> int:
    """Bytes of the images that are attacked or certified, all at once."""
    if kind == "cuda" or member.stage not in ("attack", "certify"):
        return 0
    wanted = ATTACKS.parse(member.spec["attack"]).images if member.stage == "attack" else member.spec["images"]
    pixels: int = (least(wanted, test_images(plan)) or 0) * prod(plan.facts["data"]["shape"])
    doubled = 2 * FLOAT + FLOAT if member.spec.get("precision") == "float64" else 0
    return max(IMAGE_COPIES * FLOAT, doubled) * pixels
