"""CMIM in training: its terms, its schedules, what it leaves alone, and that it does what it is for."""

from types import SimpleNamespace

import pytest
import torch
from small_training import CLASSES, SEED, assert_plain_without_its_weight, assert_resumed_to_the_bit, train
from torch import nn

from distillab.data.dataset import Batch
from distillab.defenses.ce import CrossEntropyDefense
from distillab.defenses.cmim import CMIM
from distillab.defenses.cmim_flat import FlatCMIM
from distillab.losses.conditional_mutual_information import log_centroids
from distillab.metrics.concentration import concentration

MODES = {
    "fast": {"mode": "fast", "bank_size": 8},
    "faithful": {"mode": "faithful", "q_samples_per_class": 4, "q_classes_per_step": 2},
    "rarely refreshed": {"mode": "faithful", "q_samples_per_class": 4, "q_classes_per_step": 1, "q_refresh_every": 3},
    "literal": {"mode": "faithful", "q_classes_per_step": CLASSES, "q_refresh_every": 0},
    "annealed": {"omega": 1, "omega_end": 200, "sampling": "log_uniform", "beta": 4},
}
modes = pytest.mark.parametrize("options", MODES.values(), ids=MODES)
Z = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
Y = torch.tensor([0, 0, 1, 1])


@modes
def test_without_weight_the_training_is_the_plain_one_bit_for_bit(images, tmp_path, options):
    assert_plain_without_its_weight(CMIM(weight=0, **options), CMIM(**options), images, tmp_path)


@modes
def test_a_resumed_training_ends_with_the_bytes_of_an_uninterrupted_one(images, tmp_path, options):
    assert_resumed_to_the_bit(CMIM(**options), images, tmp_path)


def largest_cmi(model, images):
    with torch.no_grad():
        log_probs = model(images.images(torch.arange(len(images)))).log_softmax(1)
    return concentration(log_probs.numpy(), images.y.numpy(), torch.linspace(0.1, 2, 20).numpy()).peak.value


@pytest.mark.parametrize("mode", ["fast", "faithful"])
def test_it_concentrates_the_outputs(images, mode):
    plain, concentrated = (
        train(defense, images, epochs=25)[0] for defense in (CrossEntropyDefense(), CMIM(weight=2, mode=mode))
    )
    assert largest_cmi(concentrated, images) < 0.6 * largest_cmi(plain, images)


def test_flattening_evens_the_wrong_classes(images):
    def unevenness(defense):
        model, _ = train(defense, images, epochs=25)
        with torch.no_grad():
            probs = model(images.images(torch.arange(len(images)))).softmax(1)
        means = torch.stack([probs[images.y == label].mean(0) for label in range(CLASSES)])
        wrong = means[~torch.eye(CLASSES, dtype=torch.bool)].view(CLASSES, CLASSES - 1)
        return (wrong / wrong.sum(1, keepdim=True)).log().mean().neg().item()

    assert unevenness(FlatCMIM(flatten=1)) < unevenness(CMIM()) - 0.05


# Its terms


def objective_of(spec, epochs=2, classes=3):
    objective = spec.objective(SimpleNamespace(classes=classes, seed=SEED, epochs=epochs))
    objective.begin_epoch(0, nn.Identity())
    return objective


def terms(objective, logits=Z, y=Y):
    return objective.terms(nn.Identity(), Batch(logits, y, torch.arange(len(y))))


def with_own_centroids(spec):
    """An objective with a full bank of the vector's logits, and the vector's powers."""
    objective = objective_of(spec)
    objective.powers = objective.centroids.powers = torch.tensor([0.5, 1.0, 2.0])
    objective.centroids.end_step(Z.log_softmax(1), Y)
    return objective


@pytest.mark.parametrize(("omega", "value"), [(1, 0.03645158), (25, 0.04999976), (1e4, 0.06666904)])
def test_the_printed_loss(omega, value):
    got = terms(with_own_centroids(CMIM(weight=0.5, omega=omega, bank_size=2)))
    assert got.keys() == {"cross_entropy", "cmi"}
    assert got["cross_entropy"].mean().item() == pytest.approx(0.50533850, abs=1e-6)
    assert got["cmi"].mean().item() == pytest.approx(value, abs=1e-6)
    assert torch.equal(got["cmi"][0::2], got["cmi"][1::2])


def test_a_batch_enters_the_bank_after_its_own_step():
    objective = objective_of(CMIM(bank_size=4))
    assert (terms(objective)["cmi"] == 0).all()
    assert (terms(objective, logits=Z.flip(1))["cmi"] == 0).all()
    third = objective.centroids.log_centroids(torch.tensor([0, 1]))
    kept = torch.stack([torch.cat([Z[label == Y], Z.flip(1)[label == Y]]) for label in (0, 1)])
    torch.testing.assert_close(third, log_centroids(kept, objective.powers))
    assert (terms(objective)["cmi"] > 0).all()


def test_flatness_is_a_third_term_where_it_has_a_weight():
    assert CMIM().flatten == 0
    once, thrice = (terms(with_own_centroids(FlatCMIM(flatten=mu, bank_size=2))) for mu in (0.2, 0.6))
    assert once.keys() == {"cross_entropy", "cmi", "flatness"}
    torch.testing.assert_close(thrice["flatness"], 3 * once["flatness"])
    torch.testing.assert_close(thrice["cmi"], once["cmi"])
    assert (once["flatness"] > 0).all()


def test_gradients_do_not_reach_the_centroids():
    objective, logits = with_own_centroids(FlatCMIM(bank_size=2)), Z.clone().requires_grad_()
    terms(objective, logits)
    assert not any(tensor.requires_grad for tensor in objective.state().values())


# Its schedules


def test_powers_are_drawn_anew_each_epoch_below_beta():
    spec = CMIM(beta=4, n_powers=200)
    first, again, later, other = (spec.powers(*at) for at in ((1, 0), (1, 0), (1, 1), (2, 0)))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert not torch.equal(first, other)
    assert first.shape == (200,)
    assert 0 <= first.min() < 0.2
    assert 3.8 < first.max() <= 4


def test_log_uniform_powers_spread_over_two_decades():
    powers = CMIM(beta=8, n_powers=2000, sampling="log_uniform").powers(0, 0)
    assert 0.08 <= powers.min() < 0.09
    assert 7 < powers.max() <= 8
    assert powers.median().item() == pytest.approx(0.8, rel=0.2)


def test_the_grid_is_the_same_in_every_epoch():
    spec = CMIM(n_powers=4, sampling="grid")
    assert spec.powers(0, 0).tolist() == spec.powers(1, 7).tolist() == [0.5, 1.0, 1.5, 2.0]


def test_omega_rises_geometrically():
    spec = CMIM(omega=2, omega_end=200)
    assert [spec.omega_at(epoch, 3) for epoch in range(3)] == pytest.approx([2, 20, 200])
    assert spec.omega_at(0, 1) == CMIM(omega=2).omega_at(5, 9) == 2
    objective = objective_of(spec, epochs=3)
    objective.begin_epoch(1, nn.Identity())
    assert objective.omega == pytest.approx(20)
