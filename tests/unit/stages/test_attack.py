"""What an attack's table holds: which images, which network, which seed, which pixels; FGSM is written out."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from small_project import CLASSES, TEST, forward, images

from distillab.core.seeds import derive
from distillab.evaluate.run_attack import run_attack
from distillab.stages import attack

EPS, ATTACKED, KEPT = 0.2, 12, 2


def attacked_images(small, count=ATTACKED):
    x, y = images("test")
    ids = small.index("test")[:count]
    return x[ids], y[ids], ids


def fgsm(weights, x, y):
    """One step of ``eps`` along the sign of cross-entropy's gradient, within [0, 1]."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(forward(weights, x), y, reduction="sum"), x)
    return (x + EPS * gradient.sign()).clamp(0, 1).detach()


@pytest.fixture
def asked(small, monkeypatch, tmp_path):
    """Make an attack anew, and what its harness was asked."""

    def run(member_id):
        calls = []

        def record(model, x, y, ids, **options):
            calls.append({"model": model, "x": x, "y": y, "ids": ids, **options})
            return run_attack(model, x, y, ids, **options)

        monkeypatch.setattr(attack, "run_attack", record)
        made = small.remade(small.member(member_id), tmp_path / member_id)
        (call,) = calls
        return call, made

    return run


@pytest.mark.parametrize(
    ("member", "attacked", "judged"),
    [
        ("ce-cnn_digits-s0-fgsm", "ce-cnn_digits-s0", "ce-cnn_digits-s0"),
        ("ce-cnn_digits-s1-fgsm", "ce-cnn_digits-s1", "ce-cnn_digits-s1"),
        ("nt-cnn_digits-s1-fgsm", "nt-cnn_digits-s1", "nt-cnn_digits-s1"),
        ("ta-T4-step1-s0-fgsm", "ta-T4-step1-s0", "ta-T4-step1-s0"),
        ("nt-cnn_digits-s0-fgsm-from_copy", "nt-cnn_digits-s1", "nt-cnn_digits-s0"),
        ("nt-cnn_digits-s0-fgsm-from_plain", "ce-cnn_digits-s0", "nt-cnn_digits-s0"),
    ],
)
def test_a_row_says_what_one_step_did_to_one_test_image(small, member, attacked, judged):
    frame = small.made(member).frame
    x, y, ids = attacked_images(small)
    x_adv = fgsm(small.weights(attacked), x, y)
    clean, fooled = (small.logits(judged, each).argmax(1) for each in (x, x_adv))
    correct = clean == y
    success = correct & (fooled != y)
    assert frame["id"].tolist() == ids.tolist()
    assert frame["label"].tolist() == y.tolist()
    assert frame["label_clean"].tolist() == clean.tolist()
    assert frame["correct"].tolist() == correct.tolist()
    assert frame["success"].tolist() == success.tolist()
    assert frame["label_adv"].tolist() == torch.where(success, fooled, clean).tolist()
    linf = (x_adv - x).abs().flatten(1).amax(1)
    l2 = (x_adv - x).flatten(1).norm(dim=1)
    for name, norm in (("linf", linf), ("l2", l2)):
        expected = torch.where(success, norm, torch.nan).numpy()
        np.testing.assert_allclose(frame[name], expected, atol=1e-6)
    distance = torch.where(success, linf, torch.where(correct, torch.inf, torch.nan)).numpy()
    np.testing.assert_allclose(frame["distance"], distance, atol=1e-6)


def test_the_attacks_above_differ_in_what_they_find(small):
    """Else a wrong network, seed or image would go unseen."""
    found = [
        small.made(f"{name}-fgsm{way}").frame["success"].tolist()
        for name in ("ce-cnn_digits-s0", "nt-cnn_digits-s0")
        for way in ("", "-from_copy")
    ]
    assert all(0 < sum(each) < ATTACKED for each in found)
    assert len({tuple(each) for each in found}) == len(found)


@pytest.mark.parametrize("model", ["ce-cnn_digits-s0", "nt-cnn_digits-s1"])
def test_the_first_successes_are_kept_pixel_by_pixel(small, model):
    frame = small.made(f"{model}-fgsm").frame
    x, y, _ = attacked_images(small)
    x_adv = fgsm(small.weights(model), x, y)
    kept = np.flatnonzero(frame["x_adv"].notna())
    assert kept.tolist() == np.flatnonzero(frame["success"])[:KEPT].tolist()
    assert frame["x"].notna().tolist() == frame["x_adv"].notna().tolist()
    for row in kept:
        for name, expected in (("x", x), ("x_adv", x_adv)):
            pixels = np.frombuffer(frame[name][row], np.float32).reshape(1, 8, 8)
            np.testing.assert_allclose(pixels, expected[row], atol=1e-6)


def test_the_farthest_image_is_in_the_attacks_own_norm(small):
    x, _, _ = attacked_images(small, TEST)
    reach = torch.maximum(x, 1 - x).flatten(1)
    linf, l2 = small.made("ce-cnn_digits-s0-fgsm").frame, small.made("ce-cnn_digits-s0-aimed").frame
    assert len(l2) == TEST
    np.testing.assert_allclose(linf["farthest"], reach.amax(1)[:ATTACKED], atol=1e-6)
    np.testing.assert_allclose(l2["farthest"], reach.norm(dim=1), rtol=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_noise_comes_from_the_members_seed(asked, seed):
    call, _ = asked(f"ce-cnn_digits-s{seed}-fgsm")
    assert call["seed"] == derive(seed, "attack")
    assert call["y_target"] is None
    assert call["source"] is None
    assert call["keep"] == KEPT


def test_targets_are_wrong_classes_of_the_seed(small, asked):
    drawn = []
    for seed in (0, 1):
        call, made = asked(f"ce-cnn_digits-s{seed}-aimed")
        _, y, _ = attacked_images(small, TEST)
        aim = call["y_target"]
        assert bool((aim != y).all())
        assert set(aim.tolist()) == set(range(CLASSES))
        frame = made.frame
        reached = frame["success"].to_numpy()
        assert 0 < reached.sum() < TEST
        assert frame["label_adv"][reached].tolist() == aim.numpy()[reached].tolist()
        drawn.append(aim.tolist())
    assert drawn[0] != drawn[1]


def test_targets_do_not_depend_on_the_method(asked):
    """Attacks on two teachers of one seed are paired."""
    first, second = (asked(f"{name}-cnn_digits-s1-aimed")[0] for name in ("ce", "ls"))
    assert torch.equal(first["y_target"], second["y_target"])
    assert first["seed"] == second["seed"]


@pytest.mark.parametrize(("view", "temperature"), [("", 1), ("-rescaled", 4)])
def test_logits_are_rescaled_by_the_temperature_of_the_training(small, asked, view, temperature):
    call, made = asked(f"ta-T4-step2-s1-fgsm{view}")
    x, y, ids = attacked_images(small)
    z = small.logits("ta-T4-step2-s1", x) / temperature
    torch.testing.assert_close(call["model"](x.float()).double(), z, atol=1e-5, rtol=0)
    assert call["ids"] == ids.tolist()
    assert torch.equal(call["y"], y)
    assert made.frame["label_clean"].tolist() == z.argmax(1).tolist()


def test_the_source_is_the_network_that_is_attacked(small, asked):
    call, _ = asked("nt-cnn_digits-s1-fgsm-from_plain")
    x, _, _ = attacked_images(small)
    for role, model in (("model", "nt-cnn_digits-s1"), ("source", "ce-cnn_digits-s1")):
        torch.testing.assert_close(call[role](x.float()).double(), small.logits(model, x), atol=1e-5, rtol=0)


def test_what_casts_doubt_on_an_attack_is_recorded(small, monkeypatch, tmp_path):
    member = small.member("ce-cnn_digits-s0-fgsm")
    product = small.made(member.id).product
    assert product.results == {"zero_gradient": 0.0, "randomized_forward": False}
    assert product.device == "cpu"

    def noisy(weights, *_arguments):
        model = torch.nn.Sequential(torch.nn.Dropout(0.5), trained(weights, *_arguments))
        model[0].eval = lambda: model[0]
        model[0].train = lambda _mode=True: model[0]
        return model

    trained = attack.trained_network
    monkeypatch.setattr(attack, "trained_network", noisy)
    again = small.remade(member, tmp_path)
    assert again.product.results["randomized_forward"] is True


def test_the_farthest_distance_is_taken_of_a_few_images_at_a_time(small, monkeypatch, tmp_path):
    """All at once would hold copies of all pixels."""
    taken, real = [], attack.farthest_distance
    monkeypatch.setattr(attack, "TOGETHER", 5)
    monkeypatch.setattr(attack, "farthest_distance", lambda x, norm: taken.append(len(x)) or real(x, norm))
    found = small.remade(small.member("ce-cnn_digits-s0-fgsm"), tmp_path).frame["farthest"]
    assert taken == [5, 5, 2]
    assert found.equals(small.made("ce-cnn_digits-s0-fgsm").frame["farthest"])
