"""What every registered defense must keep, whatever it does to a teacher."""

import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from distillab.core.registry import name_of
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses import DEFENSES
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain
from distillab.training.objective import Task

every = pytest.mark.parametrize("defense", DEFENSES.members, ids=name_of)
TRAINED = [member for member in DEFENSES if not issubclass(member, PostHocDefense)]
every_trained = pytest.mark.parametrize("defense", TRAINED, ids=name_of)


def images(n=24, classes=4):
    stream = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (n, 1, 4, 4), generator=stream).to(torch.uint8)
    return ResidentImages(x, torch.arange(n) % classes, levels=255)


def network(classes=4, scale=1.0, seed=0):
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, classes))
    for number, parameter in enumerate(model.parameters()):
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(seed + number))
    with torch.no_grad():
        model[3].weight.mul_(scale)
    return model


def task_of(source, classes=4, needs=()):
    needed = {need: network(classes, seed=9).eval().requires_grad_(False) for need in needs}
    domain = Domain((1, 4, 4), classes, (0.5,), (0.3,))
    return Task(
        source,
        torch.arange(len(source)),
        domain,
        epochs=3,
        seed=5,
        network=lambda seed: network(classes, seed=seed % 1000),
        needed=needed,
    )


def objective_of(defense, source, classes=4):
    return defense().objective(task_of(source, classes, defense().needs))


def release_of(defense, classes=4):
    task, spec = task_of(images(classes=classes), classes), defense()
    state = spec.prepare(task, network(classes, seed=9).eval()) if issubclass(defense, PostHocDefense) else {}
    return spec.release(state, task.domain)


def terms_of(defense, model, source, rows, classes=4):
    objective = objective_of(defense, source, classes)
    objective.begin_epoch(0, model)
    index = torch.as_tensor(rows)
    return objective.terms(model.train(), Batch(source.images(index), source.y[index], index))


BATCHES = {"all": range(24), "one class": range(0, 24, 4), "one image": [3], "two": [3, 7]}
batches = pytest.mark.parametrize("rows", BATCHES.values(), ids=BATCHES)


@every
def test_it_says_what_it_is(defense):
    assert defense.label
    assert defense.paper
    assert defense.__doc__
    assert defense.grade in {"V", "P", "S", "R"}
    assert all(field.description or name == "name" for name, field in defense.model_fields.items())
    assert set(defense().needs) <= set(DEFENSES.names) - {name_of(defense)}


def test_labels_tell_defenses_apart():
    assert len({defense.label for defense in DEFENSES}) == len(DEFENSES)


@every
def test_its_spec_survives_json(defense):
    spec = TypeAdapter(DEFENSES.union).validate_python({"name": name_of(defense)})
    assert type(spec) is defense
    assert DEFENSES.parse(spec.plain()) == spec


@every_trained
@batches
@pytest.mark.parametrize("scale", [1.0, 1e4], ids=["", "logits of 1e4"])
def test_terms_are_finite_and_one_per_example(defense, rows, scale):
    model = network(scale=scale)
    terms = terms_of(defense, model, images(), rows)
    assert terms
    assert all(term.shape == (len(rows),) and term.isfinite().all() for term in terms.values())
    torch.stack(list(terms.values())).sum(0).mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    if scale == 1:
        assert any(parameter.grad.any() for parameter in model.parameters())


@every_trained
def test_two_classes_are_enough(defense):
    terms = terms_of(defense, network(2), images(classes=2), range(24), classes=2)
    assert all(term.isfinite().all() for term in terms.values())


@every_trained
def test_training_draws_nothing_from_the_global_generator(defense):
    model = network()
    before = torch.get_rng_state()
    terms_of(defense, model, images(), range(24))
    assert torch.equal(torch.get_rng_state(), before)


@every_trained
def test_same_seed_same_terms_and_a_restored_state_goes_on_alike(defense):
    source, model, index = images(), network().train(), torch.arange(24)
    batch = Batch(source.images(index), source.y, index)
    first, second = objective_of(defense, source), objective_of(defense, source)
    histories = []
    for epoch in range(3):
        if epoch == 2:
            state = {name: value.clone() for name, value in second.state().items()}
            second = objective_of(defense, source)
            second.load_state(state)
        pairs = []
        for objective in (first, second):
            objective.begin_epoch(epoch, model)
            pairs.append(objective.terms(model, batch))
        histories.append(pairs)
    for one, two in histories:
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)


RELEASED = {
    "ordinary": torch.tensor([[2.0, 1.0, -1.0, 0.0], [0.0, 3.0, 0.5, 0.2]]).log_softmax(1),
    "uniform": torch.zeros(2, 4).log_softmax(1),
    "one-hot": torch.tensor([[0.0, -1e4, -1e4, -1e4], [-1e4, 0.0, -1e4, -1e4]]).log_softmax(1),
    "exact zeros": torch.tensor([[0.7, 0.3, 0.0, 0.0], [0.0, 0.4, 0.6, 0.0]]).log(),
    "two classes": torch.tensor([[0.3, 0.7], [0.5, 0.5]]).log(),
    "nothing": torch.empty(0, 4),
}


def asked(rows, classes):
    return torch.rand(rows, 1, 4, 4, generator=torch.Generator().manual_seed(3)), 4 if classes == 0 else classes


@every
@pytest.mark.parametrize("log_probs", RELEASED.values(), ids=RELEASED)
def test_what_it_releases_is_a_distribution(defense, log_probs):
    before = log_probs.clone()
    x, classes = asked(*log_probs.shape)
    released = release_of(defense, classes)(log_probs, x)
    assert torch.equal(log_probs, before)
    assert released.shape == log_probs.shape
    assert released.dtype == torch.float32
    assert not released.isnan().any()
    torch.testing.assert_close(released.exp().sum(1), torch.ones(len(released)))
    if defense.preserves_argmax and len(released):
        top = released.gather(1, log_probs.argmax(1, keepdim=True)).squeeze(1)
        assert torch.equal(top, released.amax(1))


@every
def test_what_it_releases_of_an_image_does_not_depend_on_the_others(defense):
    release, log_probs = (
        release_of(defense),
        torch.randn(24, 4, generator=torch.Generator().manual_seed(2)).log_softmax(1),
    )
    x, _ = asked(24, 4)
    together = release(log_probs, x)
    torch.testing.assert_close(torch.cat([release(log_probs[:7], x[:7]), release(log_probs[7:], x[7:])]), together)
    assert torch.equal(release(log_probs, x), together)


@pytest.mark.parametrize("defense", [d for d in DEFENSES if issubclass(d, PostHocDefense)], ids=name_of)
def test_preparing_draws_from_its_seed_alone_and_leaves_the_teacher(defense):
    task, teacher = task_of(images()), network(seed=9).eval()
    before, weights = torch.get_rng_state(), {name: value.clone() for name, value in teacher.state_dict().items()}
    first, second = defense().prepare(task, teacher), defense().prepare(task, teacher)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, weights[name]) for name, value in teacher.state_dict().items())
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
