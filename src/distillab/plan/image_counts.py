"""How many images a run trains and tests on, as far as that is known before the files are read."""

from distillab.core.job import Plan


def train_images(plan: Plan, held_out: int) -> int | None:
    """How many of a data set's images are trained on, so many held out; None where only the files know."""
    published = plan.facts["data"]["train"]
    return least(None if published is None else published - held_out, plan.params["data"]["train_limit"])


def test_images(plan: Plan) -> int | None:
    """How many images models are tested on; None where only the files know."""
    return least(plan.facts["data"]["test"], plan.params["data"]["test_limit"])


def least(*counts: int | None) -> int | None:
    """The smallest of the known counts; None where none is known."""
    return min((count for count in counts if count is not None), default=None)
