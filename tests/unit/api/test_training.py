"""Students of images that are given: what their networks know of these, and how many steps they make."""

import pytest
import torch

from distillab.api import training as module
from distillab.api.training import Pupils, recipe_of
from distillab.training.supervised import CrossEntropyObjective

N = 40


def pupils(images):
    return Pupils(images, 2, "mlp", recipe_of({"epochs": 1}, where="here"))


def test_a_channel_that_never_changes_is_not_divided_by_nothing():
    x = torch.rand(N, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    x[:, 1] = 0.25
    domain = pupils(x).domain
    assert domain.shape == (2, 3, 3)
    assert domain.mean == pytest.approx((float(x[:, 0].mean()), 0.25))
    assert domain.std == pytest.approx((float(x[:, 0].std(correction=0)), 1.0), rel=1e-5)


class Half(CrossEntropyObjective):
    """Learns from every other image alone."""

    def positions(self, train):
        return train[::2]


@pytest.mark.parametrize(("few", "objective", "count"), [
    (N, CrossEntropyObjective, N), (8, CrossEntropyObjective, N), (7, CrossEntropyObjective, N), (N, Half, N // 2),
    (8, Half, N // 2),
])  # fmt: skip
def test_all_students_make_as_many_steps_however_few_images_they_have(monkeypatch, few, objective, count):
    seen = []
    monkeypatch.setattr(module, "fit", lambda _model, _images, index, *_args, **_named: seen.append(index) or [])
    index = torch.arange(N)[:few]
    pupils(torch.rand(N, 1, 3, 3)).train(torch.zeros(N, dtype=torch.int64), index, lambda _task: objective(), seed=0)
    (positions,) = seen
    assert len(positions) == count
    assert set(positions.tolist()) == set(objective().positions(index).tolist())
