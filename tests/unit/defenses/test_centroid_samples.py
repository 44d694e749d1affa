"""Centroids from forward passes: which images, in which mode, whose randomness, and the numbers of the memory."""

import pytest
import torch
from torch import nn

from distillab.data.dataset import ResidentImages, batches
from distillab.defenses.centroid_bank import CentroidBank
from distillab.defenses.centroid_samples import CentroidSamples
from distillab.specs.model import Domain
from distillab.training.objective import Task

CLASSES = 4
POWERS = torch.tensor([0.3, 1.0, 2.0])
ALL = torch.arange(CLASSES)


def images(n=40):
    x = torch.randint(0, 256, (n, 1, 4, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    return ResidentImages(x, torch.arange(n) % CLASSES, levels=255)


class Watched(ResidentImages):
    """Images that remember which of them were asked for."""

    def walk(self, index, **options):
        self.__dict__.setdefault("asked", []).append(index)
        return super().walk(index, **options)


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, CLASSES)
        ).train()


def samples(source, *, train=None, per_class=3, per_step=2, refresh_every=1, seed=5):
    train = torch.arange(len(source)) if train is None else train
    task = Task(source, train, Domain((1, 4, 4), CLASSES, (0.5,), (0.3,)), 3, seed, lambda _seed: network())
    return CentroidSamples(
        task, n_powers=len(POWERS), per_class=per_class, per_step=per_step, refresh_every=refresh_every
    )


def watched():
    source = images()
    return Watched(source.x, source.y, source.levels)


def asked_classes(source):
    return [source.y[index].unique().tolist() for index in source.asked]


def test_an_epoch_begins_with_all_classes_and_its_steps_take_turns():
    source, model = watched(), network()
    centroids = samples(source)
    centroids.begin_epoch(0, model, POWERS)
    for _ in range(4):
        centroids.begin_step(model)
    first, *turns = asked_classes(source)
    assert first == [0, 1, 2, 3]
    assert sorted(turns[0] + turns[1]) == [0, 1, 2, 3]
    assert turns[2:] == turns[:2]
    assert [len(index) for index in source.asked] == [12, 6, 6, 6, 6]


def test_images_come_from_the_training_split_each_once():
    source, train = watched(), torch.arange(12, 36)
    samples(source, train=train, per_class=6).begin_epoch(0, network(), POWERS)
    assert source.asked[0].sort().values.tolist() == train.tolist()


def test_a_class_with_fewer_images_gives_them_again():
    source, train = watched(), torch.tensor([0, 4, 1])
    samples(source, train=train, per_class=4).begin_epoch(0, network(), POWERS)
    assert source.asked[0].tolist().count(1) == 4
    assert sorted(source.asked[0].tolist()).count(0) == 2


@pytest.mark.parametrize(("refresh_every", "refreshed"), [(0, []), (1, [0, 1, 2, 3, 4]), (2, [0, 2, 4])])
def test_how_often_all_are_estimated(refresh_every, refreshed):
    source, due = watched(), []
    centroids = samples(source, refresh_every=refresh_every)
    for epoch in range(5):
        before = len(source.__dict__.get("asked", []))
        centroids.begin_epoch(epoch, network(), POWERS)
        due += [epoch] * (len(source.__dict__.get("asked", [])) - before)
    assert due == refreshed


def test_before_the_first_estimate_they_are_uniform():
    centroids = samples(images(), refresh_every=0)
    centroids.begin_epoch(0, network(), POWERS)
    torch.testing.assert_close(centroids.log_centroids(ALL).exp(), torch.full((4, 3, 4), 0.25))


def test_the_network_and_the_global_generator_are_left_as_they_were():
    model = network()
    model[2].eval()
    state, modes = {k: v.clone() for k, v in model.state_dict().items()}, [m.training for m in model.modules()]
    before, centroids = torch.get_rng_state(), samples(images())
    centroids.begin_epoch(0, model, POWERS)
    centroids.begin_step(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert [m.training for m in model.modules()] == modes
    assert not centroids.log_centroids(ALL).requires_grad


def test_dropout_and_batch_mates_have_no_part():
    model = network()
    estimates = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        centroids = samples(images(), per_class=10)
        centroids.begin_epoch(0, model, POWERS)
        estimates.append(centroids.log_centroids(ALL))
    assert torch.equal(*estimates)


def test_another_seed_and_another_epoch_draw_other_images():
    source = watched()
    for seed in (5, 5, 6):
        samples(source, seed=seed).begin_epoch(0, network(), POWERS)
    samples(source).begin_epoch(1, network(), POWERS)
    first, again, other, later = source.asked
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, later)


def test_a_bank_that_holds_the_drawn_outputs_gives_the_same_centroids():
    source, model = watched(), network().eval()
    drawn = samples(source, per_class=5)
    drawn.begin_epoch(0, model, POWERS)
    (batch,) = batches(source, source.asked[0], batch_size=100)
    bank = CentroidBank(CLASSES, 5)
    bank.begin_epoch(0, model, POWERS)
    bank.end_step(model(batch.x).detach().log_softmax(1), batch.y)
    torch.testing.assert_close(bank.log_centroids(ALL), drawn.log_centroids(ALL), atol=1e-6, rtol=1e-6)
    assert torch.equal(bank.counts(ALL), drawn.counts(ALL))
