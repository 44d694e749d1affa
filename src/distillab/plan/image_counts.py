"""How many images a run trains and tests on, as far as that is known before the files are read."""

from distillab.core.job import Member, Plan
from distillab.data import DATASETS
from distillab.specs.thief import OTHER_IMAGES


def train_images(plan: Plan, held_out: int) -> int | None:
    """How many of a data set's images are trained on, so many held out; None where only the files know."""
    published = plan.facts["data"]["train"]
    return least(None if published is None else published - held_out, plan.params["data"]["train_limit"])


def all_train_images(plan: Plan) -> int | None:
    """How many training images a data set's files hold, whatever is trained on; the limit where only the files know."""
    published: int | None = plan.facts["data"]["train"]
    limit: int | None = plan.params["data"]["train_limit"]
    return limit if published is None else published


def other_images(plan: Plan, member: Member) -> int | None:
    """How many images of another data set a thief asks about."""
    if OTHER_IMAGES not in member.parents:
        return 0
    spec = DATASETS.parse(plan.members[member.parents[OTHER_IMAGES]].spec["data"])
    return least(spec.facts.train, spec.train_limit)


def test_images(plan: Plan) -> int | None:
    """How many images models are tested on; None where only the files know."""
    return least(plan.facts["data"]["test"], plan.params["data"]["test_limit"])


def least(*counts: int | None) -> int | None:
    """The smallest of the known counts; None where none is known."""
    return min((count for count in counts if count is not None), default=None)
