"""What every registered knockoff attack must keep, whatever a teacher answers."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from pydantic import TypeAdapter
from torch import nn

from distillab.core.generators import forked
from distillab.core.registry import name_of
from distillab.data.dataset import Batch, ResidentImages
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import CachedAnswers
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import SGDSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Task

CLASSES = 4
every = pytest.mark.parametrize("attack", KNOCKOFFS.members, ids=name_of)


def images(n=24, classes=CLASSES):
    stream = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (n, 1, 4, 4), generator=stream).to(torch.uint8)
    return ResidentImages(x, torch.arange(n) % classes, levels=255)


def student(classes=CLASSES, scale=1.0):
    with forked(0, "init"):
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, classes))
    for number, parameter in enumerate(model.parameters()):
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    with torch.no_grad():
        model[3].weight.mul_(scale)
    return model


def smooth(n=24, classes=CLASSES):
    return torch.randn(n, classes, generator=torch.Generator().manual_seed(1)).softmax(1)


ANSWERS = {
    "smooth": smooth(),
    "one-hot, right": F.one_hot(torch.arange(24) % CLASSES, CLASSES).float(),
    "one-hot, wrong": F.one_hot((torch.arange(24) + 1) % CLASSES, CLASSES).float(),
    "some zeros": torch.where(smooth() < 0.2, 0.0, smooth()) / torch.where(smooth() < 0.2, 0.0, smooth()).sum(1, True),
    "uniform": torch.full((24, CLASSES), 1 / CLASSES),
    "nearly one-hot": (1e4 * smooth()).softmax(1),
}
BATCHES = {"all": range(24), "one class": range(0, 24, CLASSES), "one image": [3]}


def regularized(seed):
    """A network with every kind of state that training has."""
    with forked(seed, "init"):
        return nn.Sequential(
            nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, CLASSES)
        )


def objective_of(attack, source, probs, classes=CLASSES, network=None):
    domain = Domain((1, 4, 4), classes, (0.5,), (0.3,))
    train = torch.arange(len(source))
    task = Task(source, train, domain, epochs=3, seed=5, network=network or (lambda _seed: student(classes)))
    return attack().objective(task, CachedAnswers(probs))


def batch_of(source, rows):
    index = torch.as_tensor(rows)
    return Batch(source.images(index), source.y[index], index)


def terms_of(attack, model, source, rows, probs, *, classes=CLASSES):
    objective = objective_of(attack, source, probs, classes)
    objective.begin_epoch(0, model)
    return objective.terms(model.train(), batch_of(source, rows))


@every
def test_it_says_what_it_is(attack):
    assert attack.label
    assert attack.paper
    assert attack.__doc__
    assert attack.grade in {"V", "P", "S", "R"}
    assert all(field.description or name == "name" for name, field in attack.model_fields.items())


def test_labels_tell_attacks_apart():
    assert len({attack.label for attack in KNOCKOFFS}) == len(KNOCKOFFS)


@every
def test_what_an_attacker_tries_are_valid_values_of_its_fields(attack):
    assert set(attack.grid) <= set(attack.model_fields) - {"name"}
    for values in product(*attack.grid.values()):
        spec = attack(**dict(zip(attack.grid, values, strict=True)))
        assert KNOCKOFFS.parse(spec.plain()) == spec


def test_the_paper_has_seven_attacks():
    in_paper = {attack.label for attack in KNOCKOFFS if attack.in_paper}
    assert in_paper == {"KD", "MKD", "DKD", "DIST", "HTC", "AVG", "Knockoff"}


@every
def test_its_spec_survives_json(attack):
    spec = TypeAdapter(KNOCKOFFS.union).validate_python({"name": name_of(attack)})
    assert type(spec) is attack
    assert KNOCKOFFS.parse(spec.plain()) == spec


@every
@pytest.mark.parametrize("probs", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("rows", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("scale", [1.0, 1e4], ids=["", "logits of 1e4"])
def test_terms_are_finite_and_one_per_example(attack, probs, rows, scale):
    model = student(scale=scale)
    terms = terms_of(attack, model, images(), rows, probs)
    assert terms
    assert all(term.shape == (len(rows),) and term.isfinite().all() for term in terms.values())
    torch.stack(list(terms.values())).sum(0).mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@every
@pytest.mark.parametrize(
    "probs", [smooth(24, 2), F.one_hot(torch.arange(24) % 2, 2).float()], ids=["smooth", "one-hot"]
)
def test_two_classes_are_enough(attack, probs):
    model = student(2)
    terms = terms_of(attack, model, images(classes=2), range(24), probs, classes=2)
    torch.stack(list(terms.values())).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@every
def test_answers_move_the_student(attack):
    """At once, or after one step of what the attack itself learns from them."""
    gradients = []
    for probs in (ANSWERS["one-hot, right"], ANSWERS["one-hot, wrong"]):
        model, source = student(), images()
        objective = objective_of(attack, source, probs)
        objective.begin_epoch(0, model)
        for _ in range(2):
            model.zero_grad()
            torch.stack(list(objective.terms(model, batch_of(source, range(24))).values())).sum(0).mean().backward()
            objective.end_step()
        gradients.append(model[3].weight.grad)
    assert not torch.equal(*gradients)


@every
def test_the_order_of_a_batch_permutes_its_terms(attack):
    order = torch.randperm(24, generator=torch.Generator().manual_seed(3))
    straight = terms_of(attack, student(), images(), torch.arange(24), ANSWERS["smooth"])
    shuffled = terms_of(attack, student(), images(), order, ANSWERS["smooth"])
    for name, term in straight.items():
        torch.testing.assert_close(shuffled[name], term[order])


@every
def test_it_draws_nothing_from_the_global_generator_and_changes_no_answer(attack):
    probs, model = ANSWERS["some zeros"].clone(), student()
    before = torch.get_rng_state()
    terms_of(attack, model, images(), range(24), probs)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(probs, ANSWERS["some zeros"])


@every
def test_same_seed_same_terms_and_a_restored_state_goes_on_alike(attack):
    source, model, probs = images(), student().train(), ANSWERS["smooth"]
    first, second = objective_of(attack, source, probs), objective_of(attack, source, probs)
    for epoch in range(3):
        if epoch == 2:
            state = {name: value.clone() for name, value in second.state().items()}
            second = objective_of(attack, source, probs)
            second.load_state(state)
        both = []
        for objective in (first, second):
            objective.begin_epoch(epoch, model)
            both.append(objective.terms(model, batch_of(source, range(24))))
        assert both[0].keys() == both[1].keys()
        assert all(torch.equal(both[0][name], both[1][name]) for name in both[0])


class KilledError(Exception):
    """Stands for a signal between two epochs."""


def train(attack, checkpoint=None, killed_after=None):
    def progress(epoch, _record):
        if epoch + 1 == killed_after:
            raise KilledError

    source, model = images(), regularized(1)
    objective = objective_of(attack, source, ANSWERS["smooth"], network=regularized)
    recipe = TrainSpec(epochs=3, batch_size=5, optimizer=SGDSpec(lr=0.05), checkpoint_every=1)
    index = objective.positions(torch.arange(len(source)))
    fit(model, source, index, objective, spec=recipe, augment=AugmentSpec(flip=True), seed=3,
        checkpoint=checkpoint, progress=progress)  # fmt: skip
    return model.state_dict() | {f"objective.{name}": tensor for name, tensor in objective.state().items()}


@every
def test_a_resumed_training_ends_with_the_bytes_of_an_uninterrupted_one(attack, tmp_path):
    whole = train(attack)
    with pytest.raises(KilledError):
        train(attack, tmp_path / "c", killed_after=2)  # after the checkpoint of the first epoch
    assert (tmp_path / "c").exists()
    resumed = train(attack, tmp_path / "c")
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@every
def test_the_images_it_learns_from_are_different_training_images(attack):
    train = torch.arange(24).flip(0)[:20]
    domain = Domain((1, 4, 4), CLASSES, (0.5,), (0.3,))
    task = Task(images(), train, domain, epochs=3, seed=5, network=lambda _seed: student())
    positions = attack().objective(task, CachedAnswers(ANSWERS["smooth"])).positions(train)
    assert len(positions) == len(set(positions.tolist())) > 0
    assert set(positions.tolist()) <= set(train.tolist())
