"""Every defense and every knockoff attack on random outputs: zeros, ties, one-hot and uniform rows, 2 to 50 classes."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from distillab.core.generators import forked
from distillab.core.registry import name_of
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses import DEFENSES
from distillab.defenses.certified_training import CertifiedTrainingSpec
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import CachedAnswers
from distillab.losses.power import power_transform
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain
from distillab.training.objective import Task

RELEASES = [defense for defense in DEFENSES if issubclass(defense, PostHocDefense)]
TRAINED = [defense for defense in DEFENSES if not issubclass(defense, PostHocDefense | CertifiedTrainingSpec)]
"""Without certified trainings: they read a network's layers, not its outputs, and have tests of their own."""
FLOAT32_ONLY = {"apgp", "avg", "mkd", "scm", "knockoff_adaptive"}
"""Methods that keep weights or means of their own."""
CLASS_BY_CLASS = {"st", "rsp", "label_only"}
"""Defenses of the outputs that treat all classes alike; the others ask a network that does not."""
UNEQUAL = {"mkd"}
"""Attacks that do not treat all classes alike: noise on its first matrices breaks the symmetry."""
ZEROS_STAY = {"st", "apgp"}
MOSTLY_ONE_CLASS = 0.2

few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
releases = pytest.mark.parametrize("defense", RELEASES, ids=name_of)
trained = pytest.mark.parametrize("defense", TRAINED, ids=name_of)
attacks = pytest.mark.parametrize("attack", KNOCKOFFS.members, ids=name_of)


def among(members, names):
    return [member for member in members if name_of(member) in names]


@st.composite
def answers(draw, *, plain=False):
    """Log-probabilities of 1 to 64 images; unless ``plain`` some are zero, tied, one-hot or uniform."""
    n, k = draw(st.integers(1, 64)), draw(st.integers(2, 50))
    stream = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    weights = torch.rand(n, k, generator=stream, dtype=torch.float64) ** draw(st.sampled_from([1, 8]))
    if not plain:
        weights[torch.rand(n, k, generator=stream) < draw(st.sampled_from([0, 0.5, 0.9]))] = 0
        kind = torch.randint(6, (n,), generator=stream)
        weights[kind == 0] = 1.0
        weights[kind == 1] = torch.eye(k, dtype=torch.float64)[torch.randint(k, (n,), generator=stream)][kind == 1]
        weights[kind == 2] = (4 * weights[kind == 2]).round()
        weights[weights.sum(1) == 0] = torch.eye(k, dtype=torch.float64)[0]
    probs = weights / weights.sum(1, keepdim=True)
    return probs.log().to(draw(st.sampled_from([torch.float32, torch.float64])))


@st.composite
def lessons(draw, *, plain=False):
    """Answers, a student's logits of any size, and labels, of which some classes or all but one may be absent."""
    log_probs = draw(answers(plain=plain))
    stream = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    scale = draw(st.sampled_from([1.0, 5.0] if plain else [0.0, 1.0, 1e4]))
    logits = scale * torch.randn(log_probs.shape, generator=stream, dtype=torch.float64).to(log_probs)
    y = torch.randint(log_probs.shape[1], (len(log_probs),), generator=stream)
    return log_probs, logits, torch.zeros_like(y) if draw(st.floats(0, 1)) < MOSTLY_ONE_CLASS else y


def close(one, two, tolerance=1e-4):
    exact = one.dtype == torch.float64
    torch.testing.assert_close(one, two, atol=1e-8 if exact else tolerance, rtol=1e-8 if exact else tolerance)


class View(nn.Module):
    """Outputs with their classes in another order, and all logits of an image moved by the same amount."""

    def __init__(self, inner, order=None, shift=0.0):
        super().__init__()
        self.inner, self.order, self.shift = inner, order, shift

    def forward(self, x):
        logits = self.inner(x) + self.shift
        return logits if self.order is None else logits[:, self.order]


def task_of(source, classes, order=None, needs=()):
    """A task whose fresh networks have 1x8x8 images as input; ``order`` renames the classes of all it knows."""

    def network(seed):
        with forked(seed, "init"):
            return View(nn.Sequential(nn.Flatten(), nn.Linear(64, classes)), order)

    domain = Domain((1, 8, 8), classes, (0.5,), (0.3,))
    needed = {need: network(9).eval().requires_grad_(False) for need in needs}
    return Task(source, torch.arange(len(source)), domain, epochs=3, seed=5, network=network, needed=needed)


def images(y):
    x = torch.randint(0, 256, (len(y), 1, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    return ResidentImages(x, y, levels=255)


def renamed(y, order):
    return y if order is None else order.argsort()[y]


def released(defense, log_probs):
    classes, spec = log_probs.shape[1], defense()
    source = images(torch.arange(len(log_probs)) % classes)
    task = task_of(source, classes)
    state = spec.prepare(task, task.network(1).eval())
    return spec.release(state, task.domain)(log_probs, source.images(torch.arange(len(source))))


def knocked_off(attack, log_probs, logits, y, *, order=None, shift=0.0):
    """The terms of an attack on a student that gives ``logits``, and its gradient."""
    source, z = images(renamed(y, order)), logits.clone().requires_grad_()
    probs = log_probs.exp() if order is None else log_probs.exp()[:, order]
    objective = attack().objective(task_of(source, log_probs.shape[1], order), CachedAnswers(probs))
    objective.begin_epoch(1, nn.Identity())
    index = torch.arange(len(y))
    terms = objective.terms(View(lambda _x: z, order, shift), Batch(source.images(index), source.y, index))
    torch.stack(list(terms.values())).sum(0).mean().backward()
    return {name: term.detach() for name, term in terms.items()}, z.grad


@releases
@few
@given(log_probs=answers())
def test_a_release_is_a_distribution(defense, log_probs):
    log_probs = log_probs.float() if name_of(defense) in FLOAT32_ONLY else log_probs
    got = released(defense, log_probs)
    assert got.dtype == log_probs.dtype
    assert not got.isnan().any()
    assert (got <= 1e-6).all()
    close(got.exp().sum(1), torch.ones_like(got[:, 0]), 1e-5)
    if defense.preserves_argmax:
        assert torch.equal(got.gather(1, log_probs.argmax(1, keepdim=True)).squeeze(1), got.amax(1))
    if name_of(defense) in ZEROS_STAY:
        assert got[log_probs.isneginf()].isneginf().all()


@pytest.mark.parametrize("defense", among(RELEASES, CLASS_BY_CLASS), ids=name_of)
@few
@given(log_probs=answers(plain=True), random=st.randoms(use_true_random=False))
def test_a_release_treats_all_classes_alike(defense, log_probs, random):
    order = torch.tensor(random.sample(range(log_probs.shape[1]), log_probs.shape[1]))
    close(released(defense, log_probs[:, order]).exp(), released(defense, log_probs).exp()[:, order], 1e-6)


@releases
@few
@given(log_probs=answers(), power=st.floats(0, 8, exclude_min=True))
def test_what_is_released_can_be_softened_and_sharpened(defense, log_probs, power):
    got = power_transform(released(defense, log_probs.float()), power)
    assert got.isfinite().all()
    close(got.sum(1), torch.ones_like(got[:, 0]), 1e-5)


@attacks
@few
@given(lesson=lessons())
def test_terms_and_gradients_are_finite(attack, lesson):
    log_probs, logits, y = lesson
    if name_of(attack) in FLOAT32_ONLY:
        log_probs, logits = log_probs.float(), logits.float()
    terms, gradient = knocked_off(attack, log_probs, logits, y)
    assert all(term.shape == y.shape and term.isfinite().all() for term in terms.values())
    assert gradient.isfinite().all()


@pytest.mark.parametrize("attack", among(KNOCKOFFS, set(KNOCKOFFS.names) - UNEQUAL), ids=name_of)
@few
@given(lesson=lessons(plain=True), random=st.randoms(use_true_random=False))
def test_neither_the_names_of_classes_nor_a_shift_of_logits_matter(attack, lesson, random):
    log_probs, logits, y = lesson
    if name_of(attack) in FLOAT32_ONLY:
        log_probs, logits = log_probs.float(), logits.float()
    k = log_probs.shape[1]
    straight, gradient = knocked_off(attack, log_probs, logits, y)
    moved, moved_gradient = knocked_off(
        attack, log_probs, logits, y, order=torch.tensor(random.sample(range(k), k)), shift=3.0
    )
    for name, term in straight.items():
        close(moved[name], term, 1e-3)
    close(moved_gradient, gradient)


def defended(defense, y, classes, *, order=None, shift=0.0, scale=1.0):
    """The terms of the second step on the same images: memories are filled by then."""
    source, index = images(renamed(y, order)), torch.arange(len(y))
    spec = defense()
    objective = spec.objective(task_of(source, classes, order, spec.needs))
    with forked(1, "init"):
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, classes))
    with torch.no_grad():
        model[1].weight.mul_(scale)
    viewed = View(model, order, shift).train()
    objective.begin_epoch(0, viewed)
    for _ in range(2):
        model.zero_grad()
        terms = objective.terms(viewed, Batch(source.images(index), source.y, index))
    torch.stack(list(terms.values())).sum(0).mean().backward()
    return {name: term.detach() for name, term in terms.items()}, model[1].weight.grad


@st.composite
def labels(draw):
    """Labels of 1 to 64 images of 2 to 50 classes, of which some, or all but one, may be absent."""
    n, k = draw(st.integers(1, 64)), draw(st.integers(2, 50))
    y = torch.randint(k, (n,), generator=torch.Generator().manual_seed(draw(st.integers(0, 2**31))))
    return (torch.zeros_like(y) if draw(st.floats(0, 1)) < MOSTLY_ONE_CLASS else y), k


@trained
@settings(few, max_examples=4)
@given(drawn=labels(), scale=st.sampled_from([0.0, 1.0, 1e4]))
def test_a_defended_training_is_finite(defense, drawn, scale):
    y, classes = drawn
    terms, gradient = defended(defense, y, classes, scale=scale)
    assert all(term.shape == y.shape and term.isfinite().all() for term in terms.values())
    assert gradient.isfinite().all()


@trained
@settings(few, max_examples=4)
@given(drawn=labels(), random=st.randoms(use_true_random=False))
def test_a_defended_training_does_not_depend_on_the_names_of_classes(defense, drawn, random):
    y, classes = drawn
    order = torch.tensor(random.sample(range(classes), classes))
    straight, gradient = defended(defense, y, classes)
    moved, moved_gradient = defended(defense, y, classes, order=order, shift=3.0)
    for name, term in straight.items():
        close(moved[name], term, 1e-3)
    close(moved_gradient, gradient, 1e-3)
