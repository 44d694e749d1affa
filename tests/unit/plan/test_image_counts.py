"""How many images a run trains and tests on: what is published, less what is held out, and no more than a limit."""

from types import SimpleNamespace

import pytest

from distillab.plan import image_counts


@pytest.mark.parametrize(
    ("published", "limit", "counts"),
    [((100, 50), (None, None), (90, 50)), ((100, 50), (40, 60), (40, 50)), ((None, None), (40, None), (40, None)),
     ((None, None), (None, None), (None, None))],
)  # fmt: skip
def test_the_least_of_what_is_known_counts(published, limit, counts):
    plan = SimpleNamespace(
        facts={"data": dict(zip(("train", "test"), published, strict=True))},
        params={"data": dict(zip(("train_limit", "test_limit"), limit, strict=True))},
    )
    assert (image_counts.train_images(plan, 10), image_counts.test_images(plan)) == counts


def test_of_nothing_known_nothing_is_least():
    assert image_counts.least(None, None) is None
    assert image_counts.least(None, 3, 2) == 2
