"""What is too small to matter: as the parameters state it, and never less than one test image."""

import numpy as np
import pytest

from distillab.tables import margins

LABELS = {"train": np.arange(4), "val": np.arange(4)}


@pytest.mark.parametrize(("n", "stated", "margin"), [
    (4, 0.01, 0.25), (20, 0.01, 0.05), (99, 0.01, 1 / 99), (100, 0.01, 0.01), (2000, 0.01, 0.01), (2000, 0.002, 0.002),
])  # fmt: skip
def test_the_margin_is_the_stated_one_or_one_image(made_up, n, stated, margin):
    found = made_up(labels=LABELS | {"test": np.zeros(n)})
    found.workspace.plan.facts["decide"]["margin"] = stated
    assert margins.margin(found) == pytest.approx(margin)
    assert margins.one_image(found) == pytest.approx(1 / n)


def test_without_test_images_an_image_is_everything(made_up):
    found = made_up(labels=LABELS | {"test": np.zeros(0)})
    assert margins.one_image(found) == margins.margin(found) == 1.0
