"""Timing a network: what is built, what a step does, and which steps count."""

from types import SimpleNamespace

import pytest
import torch

from distillab.models import MODELS
from distillab.models.untrained import untrained
from distillab.plan import speed
from distillab.plan.costs import Cost

PLAN = SimpleNamespace(facts={"data": {"shape": [3, 8, 8], "classes": 7}}, params={"device": "cpu"})


def cost(settings="float32", threads=1):
    return Cost({"name": "resnet20"}, passes=1, batch_size=4, settings=settings, threads=threads)


@pytest.fixture(autouse=True)
def threads():
    """The threads of the process as they were."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("steps", "used", "fastest"),
    [
        ([0.1, 0.4, 0.2, 0.3, 0.05], 4, 0.2),  # three after the first, which does not count
        ([2.5, 0.1], 1, 2.5),  # long enough by itself
        ([1.0, 1.0, 0.1], 2, 1.0),  # two seconds are enough
        ([0.5, 1.6, 0.1], 2, 1.6),
        ([0.9, 0.9, 0.1, 0.3, 0.2], 4, 0.1),
    ],
)
def test_the_fastest_step_after_the_first_counts(monkeypatch, steps, used, fastest):
    left, asked = list(steps), []

    def step(*arguments, bfloat16):
        asked.append((arguments, bfloat16))
        return left.pop(0)

    monkeypatch.setattr(speed, "_step", step)
    wanted = cost(threads=2)
    monkeypatch.setattr(speed, "_work", lambda *given: ("model", "x", "y") if given == (PLAN, wanted, "cpu") else None)
    assert speed.seconds_per_image(PLAN, wanted) == fastest / 4
    assert asked == [(("model", "x", "y", "cpu"), False)] * used
    assert torch.get_num_threads() == 2


def test_precision_is_in_the_settings(monkeypatch):
    asked = []
    monkeypatch.setattr(speed, "_step", lambda *_arguments, bfloat16: asked.append(bfloat16) or 3.0)
    monkeypatch.setattr(speed, "_work", lambda *_arguments: ("model", "x", "y"))
    for settings in ("bfloat16 channels_last", "float32"):
        speed.seconds_per_image(PLAN, cost(settings))
    assert asked == [True, False]


@pytest.mark.parametrize(
    ("asked", "there", "device"),
    [("cpu", True, "cpu"), ("auto", True, "cuda"), ("cuda", True, "cuda"), ("auto", False, "cpu")],
)
def test_the_device_is_the_one_that_trainings_take(monkeypatch, asked, there, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert speed._device(SimpleNamespace(params={"device": asked})) == device


@pytest.mark.parametrize("last", [True, False])
def test_the_work_is_a_batch_of_the_data_sets_images(monkeypatch, last):
    built = []
    monkeypatch.setattr(speed, "untrained", lambda *arguments: built.append(arguments) or untrained(*arguments))
    model, x, y = speed._work(PLAN, cost("float32 channels_last" if last else "float32"), "cpu")
    assert built == [(MODELS.parse({"name": "resnet20"}), (3, 8, 8), 7)]
    assert (x.shape, y.tolist(), y.dtype) == ((4, 3, 8, 8), [0] * 4, torch.int64)
    assert x.is_contiguous(memory_format=torch.channels_last) == last
    convolution = next(weight for weight in model.parameters() if weight.ndim == 4)
    assert convolution.is_contiguous(memory_format=torch.channels_last) == last


class Recording(torch.nn.Module):
    """A linear model that notes whether it ran under autocast."""

    def __init__(self):
        super().__init__()
        self.linear, self.cast = torch.nn.Linear(2, 3), []

    def forward(self, x):
        self.cast.append(torch.is_autocast_enabled("cpu"))
        return self.linear(x)


@pytest.mark.parametrize("bfloat16", [True, False])
def test_a_step_is_one_forward_and_one_backward(monkeypatch, bfloat16):
    model, clock, waited = Recording(), iter([10.0, 10.25]), []
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append(True))
    x, y = torch.ones(4, 2), torch.zeros(4, dtype=torch.long)
    assert speed._step(model, x, y, "cpu", bfloat16=bfloat16) == 0.25
    assert model.cast == [bfloat16]
    assert model.linear.weight.grad.abs().sum() > 0
    assert waited == []


@pytest.mark.filterwarnings("ignore")
def test_a_step_on_a_gpu_waits_for_it(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append(True))
    speed._step(Recording(), torch.ones(4, 2), torch.zeros(4, dtype=torch.long), "cuda", bfloat16=False)
    assert waited == [True]
