"""No training step waits for its device: not one value is read, and nothing is copied but from pinned memory."""

import pytest
import torch
from pretended import pretended_gpu
from torch import nn

from distillab.core.generators import forked
from distillab.core.registry import name_of
from distillab.data.dataset import ResidentImages
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import CachedAnswers, LiveAnswers, Teacher
from distillab.models.normalize import normalized
from distillab.specs.augment import AugmentSpec
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain
from distillab.specs.train import AdamSpec, SGDSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Task

CLASSES, BATCH = 4, 8
AUGMENT = AugmentSpec(crop_padding=1, flip=True, rotation=5)
SGD, ADAM = SGDSpec(lr=0.01), AdamSpec(lr=0.01)


def network(seed):
    with forked(seed, "init"):
        layers = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    return normalized(layers, (0.5,), (0.3,)).to("cuda")


def syncs(make, n, optimizer=SGD):
    """The syncs of one epoch over ``n`` images."""
    stream = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (n, 1, 4, 4), generator=stream).to(torch.uint8)
    with pretended_gpu() as counted:
        images = ResidentImages(pixels, torch.arange(n) % CLASSES, levels=255).to("cuda")
        domain = Domain((1, 4, 4), CLASSES, (0.5,), (0.3,))
        task = Task(images, torch.arange(n), domain, epochs=1, seed=5, network=network)
        objective = make(task)
        recipe = TrainSpec(epochs=1, batch_size=BATCH, optimizer=optimizer, clip_norm=3.0)
        chosen = objective.positions(task.train)
        fit(network(0), images, chosen, objective, spec=recipe, augment=AUGMENT, seed=1)
    return dict(counted)


def syncs_of_steps(make, optimizer=SGD):
    """What six further steps add to an epoch; epochs may wait as they like."""
    few, many = syncs(make, 6 * BATCH, optimizer), syncs(make, 12 * BATCH, optimizer)
    return {line: number - few.get(line, 0) for line, number in many.items() if number != few.get(line, 0)}


def defended(defense, **values):
    def make(task):
        spec = defense(**values)
        needed = {need: task.network(9).eval().requires_grad_(False) for need in spec.needs}
        return spec.objective(task.with_needed(needed))

    return make


MODES = {"cmim": ("faithful",), "cmim_flat": ("faithful",), "madry": ("fast",)}
TRAINED = [(member, {}) for member in DEFENSES if not issubclass(member, PostHocDefense)]
TRAINED += [(DEFENSES[name], {"mode": mode}) for name, modes in MODES.items() for mode in modes]


@pytest.mark.parametrize(("defense", "values"), TRAINED, ids=[f"{name_of(d)}{''.join(v.values())}" for d, v in TRAINED])
def test_no_step_of_a_defended_teacher_waits(defense, values):
    assert syncs_of_steps(defended(defense, **values)) == {}


@pytest.mark.parametrize("attack", KNOCKOFFS.members, ids=name_of)
def test_no_step_of_a_knockoff_waits(attack):
    def make(task):
        probs = torch.randn(len(task.images), CLASSES, generator=torch.Generator().manual_seed(1)).softmax(1)
        return attack().objective(task, CachedAnswers(probs.to("cuda")))

    assert syncs_of_steps(make) == {}


def test_no_step_with_a_live_teacher_waits():
    def make(task):
        teacher = Teacher(task.network(9), lambda log_probs, _images: log_probs)
        return KNOCKOFFS["kd"](responses="live").objective(task, LiveAnswers(teacher))

    assert syncs_of_steps(make) == {}


def test_no_step_of_adam_waits():
    assert syncs_of_steps(defended(DEFENSES["ce"]), ADAM) == {}


def test_a_step_that_reads_a_value_is_found():
    class Curious(DEFENSES["ce"]):
        def objective(self, task):
            made = super().objective(task)
            terms = made.terms

            def watched(model, batch):
                found = terms(model, batch)
                float(found["cross_entropy"].detach().sum())
                return found

            made.terms = watched
            return made

    assert list(syncs_of_steps(defended(Curious)).values()) == [6]
