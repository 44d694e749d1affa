"""The training loop: repeatable, resumable to the bit, and silent about nothing."""

import hashlib

import pytest
import torch
from torch import nn

from distillab.core.errors import ContractError, SpecError
from distillab.core.generators import generator
from distillab.core.payloads import save_tensors
from distillab.data.augment import augmented
from distillab.specs.augment import AugmentSpec
from distillab.specs.train import AdamSpec, CosineSpec, SGDSpec, TrainSpec
from distillab.training.fit import Prepared, fit
from distillab.training.objective import Objective
from distillab.training.schedules import learning_rate
from distillab.training.supervised import CrossEntropyObjective

EVERYTHING = AugmentSpec(crop_padding=1, flip=True, rotation=10)
SGD, ADAM = SGDSpec(lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True), AdamSpec(lr=0.01, weight_decay=1e-4)
optimizers = pytest.mark.parametrize(
    "optimizer", [SGD, SGDSpec(lr=0.05, momentum=0), ADAM], ids=["sgd", "plain", "adam"]
)


class Averaged(Objective):
    """Two terms, and state that the next epoch needs: an average of the logits."""

    def __init__(self):
        self.mean = torch.zeros(4)

    def terms(self, model, batch):
        logits = model(batch.x)
        self.mean = 0.9 * self.mean + 0.1 * logits.detach().mean(0)
        return {
            "cross_entropy": nn.functional.cross_entropy(logits, batch.y, reduction="none"),
            "pull": 0.1 * (logits - self.mean).square().sum(1),
        }

    def state(self):
        return {"mean": self.mean}

    def load_state(self, state):
        self.mean = state["mean"]


def recipe(**changes):
    usual = {"epochs": 5, "batch_size": 16, "optimizer": SGD, "schedule": CosineSpec(), "clip_norm": 5.0}
    return TrainSpec(**{**usual, "checkpoint_every": 1, **changes})


def train(network, images, spec=None, *, objective=None, augment=EVERYTHING, seed=3, **options):
    index = torch.arange(len(images))[:-3]
    return fit(network, images, index, objective or CrossEntropyObjective(), spec=spec or recipe(), augment=augment,
               seed=seed, **options)  # fmt: skip


def digest(network, path):
    save_tensors(path, network.state_dict())
    return hashlib.sha256(path.read_bytes()).hexdigest()


class KilledError(Exception):
    """Stands for a signal between two epochs."""


def killed_after(epochs):
    def progress(epoch, _record):
        if epoch + 1 == epochs:
            raise KilledError

    return progress


@optimizers
@pytest.mark.parametrize("channels_last", [False, True], ids=["", "channels_last"])
def test_a_resumed_training_ends_with_the_bytes_of_an_uninterrupted_one(
    network, images, tmp_path, optimizer, channels_last
):
    spec = recipe(optimizer=optimizer, channels_last=channels_last)
    whole, parts = network(), network()
    history = train(whole, images, spec, objective=Averaged())
    for epochs in (3, 4):
        with pytest.raises(KilledError):
            train(parts, images, spec, objective=Averaged(), checkpoint=tmp_path / "c", progress=killed_after(epochs))
        parts = network(seed=99)
    assert train(parts, images, spec, objective=Averaged(), checkpoint=tmp_path / "c") == history
    assert digest(parts, tmp_path / "a") == digest(whole, tmp_path / "b")


def test_how_often_checkpoints_are_kept_changes_nothing(network, images, tmp_path):
    digests = set()
    for every in (1, 2, 100):
        model = network()
        train(model, images, recipe(checkpoint_every=every), checkpoint=tmp_path / str(every))
        digests.add(digest(model, tmp_path / "d"))
    assert len(digests) == 1
    assert [(tmp_path / str(every)).exists() for every in (1, 2, 100)] == [True, True, False]


def test_same_seed_same_bytes_and_another_seed_other_bytes(network, images, tmp_path):
    digests = []
    for seed in (3, 3, 4):
        model = network()
        train(model, images, seed=seed)
        digests.append(digest(model, tmp_path / "d"))
    assert digests[0] == digests[1] != digests[2]


def test_the_global_generator_is_untouched_and_irrelevant(network, images, tmp_path):
    digests = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before, model = torch.get_rng_state(), network()
        train(model, images)
        assert torch.equal(torch.get_rng_state(), before)
        digests.append(digest(model, tmp_path / "d"))
    assert digests[0] == digests[1]


def test_each_source_of_randomness_has_its_stream(network, images, tmp_path):
    """Switching augmentation on leaves the order of the images as it was."""
    orders = []
    for augment in (AugmentSpec(), EVERYTHING):
        seen = []

        class Watch(CrossEntropyObjective):
            def terms(self, model, batch, seen=seen):
                seen.append(batch.index)
                return super().terms(model, batch)

        train(network(), images, objective=Watch(), augment=augment)
        orders.append(torch.cat(seen))
    assert torch.equal(*orders)
    epochs = orders[0].view(5, 37)
    assert all(torch.equal(epoch.sort().values, torch.arange(37)) for epoch in epochs)
    assert not torch.equal(epochs[0], epochs[1])


def test_views_are_drawn_from_a_stream_of_their_own(network, images):
    seen = []

    class Watch(CrossEntropyObjective):
        def terms(self, model, batch):
            seen.append(batch)
            return super().terms(model, batch)

    train(network(), images, recipe(batch_size=64, epochs=2), objective=Watch())
    for epoch, batch in enumerate(seen):
        views = augmented(images.images(batch.index), EVERYTHING, generator(3, "augment", epoch))
        assert torch.equal(batch.x, views)


def test_dropout_is_new_in_every_epoch(network, images):
    drawn = []

    class Draws(CrossEntropyObjective):
        def terms(self, model, batch):
            drawn.append(torch.rand(()).item())
            return super().terms(model, batch)

    for _ in range(2):
        train(network(), images, objective=Draws())
    assert drawn[:15] == drawn[15:]
    assert len(set(drawn)) == 15


def test_who_looks_at_the_network_between_epochs_changes_nothing(network, images, tmp_path):
    watched, alone = network(), network()
    history = train(watched, images, progress=lambda *_: watched.eval())
    assert train(alone, images) == history
    assert digest(watched, tmp_path / "a") == digest(alone, tmp_path / "b")


@optimizers
def test_the_loss_falls_and_the_network_is_left_in_eval_mode(network, images, optimizer):
    model = network()
    history = train(model, images, recipe(optimizer=optimizer, epochs=15), augment=AugmentSpec())
    assert history[-1]["total"] < 0.6 * history[0]["total"]
    assert not any(module.training for module in model.modules())


def test_history_has_the_mean_of_each_term_and_their_sum(network, images):
    told = []
    history = train(network(), images, objective=Averaged(), progress=lambda *each: told.append(each))
    assert told == list(enumerate(history))
    for record in history:
        assert record.keys() == {"cross_entropy", "pull", "total", "lr"}
        assert record["total"] == pytest.approx(record["cross_entropy"] + record["pull"], abs=1e-12)
    assert [record["lr"] for record in history] == [learning_rate(recipe(), 3 * epoch + 2, 3) for epoch in range(5)]


def test_the_mean_weighs_every_example_alike(network, images):
    """The last mini-batch has 5 of 37 images; a mean of batch means would weigh it like the others."""

    class Index(Objective):
        def terms(self, model, batch):
            return {"index": batch.index.float() + 0 * model(batch.x).sum()}

    history = train(network(), images, recipe(epochs=1), objective=Index())
    assert history[0]["index"] == pytest.approx(18.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_term_that_is_not_finite_ends_the_training(network, images, tmp_path, bad):
    class Breaks(Averaged):
        epoch = -1

        def begin_epoch(self, epoch, _model):
            self.epoch = epoch

        def terms(self, model, batch):
            terms = super().terms(model, batch)
            return terms | {"pull": terms["pull"] * (bad if self.epoch == 2 else 1)}

    path = tmp_path / "c"
    with pytest.raises(
        ContractError, match=r"term 'pull': training diverged in epoch 3; expected a finite loss; got (nan|inf)"
    ):
        train(network(), images, objective=Breaks(), checkpoint=path)
    resumed = train(network(), images, objective=Averaged(), checkpoint=path)
    assert len(resumed) == 5
    assert all(torch.isfinite(torch.tensor(record["total"])) for record in resumed)


def test_too_large_a_rate_is_a_divergence(network, images):
    spec = recipe(optimizer=SGDSpec(lr=0.1).model_copy(update={"lr": 1e30}), clip_norm=None)
    with pytest.raises(
        ContractError, match=r"term 'cross_entropy': training diverged in epoch .*lower the learning rate"
    ):
        train(network(), images, spec)


def test_bfloat16_keeps_float32_weights_and_learns(network, images):
    model = network()
    history = train(model, images, recipe(precision="bfloat16", epochs=10), augment=AugmentSpec())
    assert {tensor.dtype for tensor in model.parameters()} == {torch.float32}
    assert history[-1]["total"] < 0.8 * history[0]["total"]


def test_bfloat16_rounds_what_the_network_computes_and_float32_does_not(network, images):
    model, x = network().eval(), images.images(torch.arange(8))
    with torch.no_grad():
        plain, rounded = (Prepared(model, recipe(precision=name))(x) for name in ("float32", "bfloat16"))
        assert torch.equal(plain, model(x))
    assert rounded.dtype == torch.float32
    assert torch.equal(rounded, rounded.bfloat16().float())
    assert 0 < (rounded - plain).abs().max() < 0.1


@pytest.mark.parametrize("norm", [0.01, 0.1])
def test_a_long_gradient_is_cut_to_the_recipes_norm(images, norm):
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 4, bias=False))
    before = model[1].weight.detach().clone()
    plain = SGDSpec(lr=0.5, momentum=0, weight_decay=0)
    spec = TrainSpec(epochs=1, batch_size=8, optimizer=plain, clip_norm=norm)
    fit(model, images, torch.arange(8), CrossEntropyObjective(), spec=spec, augment=AugmentSpec(), seed=0)
    assert (model[1].weight - before).norm().item() == pytest.approx(0.5 * norm, rel=1e-3)


@pytest.mark.parametrize("count", [8, 5])
def test_the_step_is_the_textbooks(images, count):
    """One epoch of one batch, momentum and decay from rest: w - lr (g + decay w), twice the momentum is nesterov.

    A batch that is not full, as the last one, weighs as much as any: g is the mean over the images that it has.
    """
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 4))
    before = model[1].weight.detach().clone()
    index = torch.arange(count)
    logits = model(images.images(index))
    (gradient,) = torch.autograd.grad(nn.functional.cross_entropy(logits, images.y[index]), model[1].weight)
    spec = TrainSpec(epochs=1, batch_size=8, optimizer=SGDSpec(lr=0.5, momentum=0.9, weight_decay=0.01))
    fit(model, images, index, CrossEntropyObjective(), spec=spec, augment=AugmentSpec(), seed=0)
    torch.testing.assert_close(model[1].weight, before - 0.5 * (gradient + 0.01 * before))


def test_frozen_parameters_stay(network, images):
    model = network()
    model[0].weight.requires_grad_(False)
    before = model[0].weight.clone()
    train(model, images)
    assert torch.equal(model[0].weight, before)


def test_a_last_batch_of_one_image_that_batch_normalization_cannot_take_is_one_line(images):
    dense = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), nn.BatchNorm1d(4))
    with pytest.raises(SpecError, match=r"^batch_size: .*single image.*got 37 images in batches of 12"):
        train(dense, images, recipe(batch_size=12))


def test_other_errors_of_values_are_left_as_they_are(images):
    class Odd(CrossEntropyObjective):
        def terms(self, *_):
            raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        train(nn.Sequential(nn.Flatten(), nn.Linear(36, 4)), images, objective=Odd())
