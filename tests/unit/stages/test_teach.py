"""What a teacher is made of: which teachers reach its objective, and what a defense of outputs leaves as it was."""

import pytest
import torch
from small_project import EPOCHS, TRAIN, images

from distillab.core.seeds import derive
from distillab.defenses.apgp import GenerativePerturbation
from distillab.defenses.ls import LabelSmoothingDefense
from distillab.defenses.nt import NastyTeacher

PARAMETERS = 16 * 9 + 16 + 32 * 16 * 9 + 32 + 128 * 5 + 5


@pytest.fixture
def given(small, monkeypatch, tmp_path):
    """Make a teacher anew; what a method of its defense was given."""

    def run(member_id, defense, method):
        calls, asked = [], getattr(defense, method)

        def record(self, *arguments):
            calls.append((self, *arguments))
            return asked(self, *arguments)

        monkeypatch.setattr(defense, method, record)
        small.remade(small.member(member_id), tmp_path / member_id)
        (call,) = calls
        return call

    return run


@pytest.mark.parametrize("seed", [0, 1])
def test_the_teacher_to_avoid_is_the_unprotected_one_of_the_same_seed(small, given, seed):
    _, task = given(f"nt-cnn_digits-s{seed}", NastyTeacher, "objective")
    assert task.needed.keys() == {"ce"}
    ordinary = task.needed["ce"]
    x, _ = images("train")
    z = small.logits(f"ce-cnn_digits-s{seed}", x)
    torch.testing.assert_close(ordinary(x.float()).double(), z, atol=1e-5, rtol=0)
    assert not ordinary.training
    assert not any(parameter.requires_grad for parameter in ordinary.parameters())
    assert (z - small.logits(f"ce-cnn_digits-s{1 - seed}", x)).abs().max() > 0.1


def test_a_defense_without_needs_gets_nobody(small, given):
    spec, task = given("ls-cnn_digits-s0", LabelSmoothingDefense, "objective")
    assert task.needed == {}
    assert spec.label_smoothing == 0.05
    assert torch.equal(task.train, small.index("train"))


def test_defenses_and_seeds_give_different_teachers(small):
    ids = [f"{defense}-cnn_digits-s{seed}" for defense in ("ce", "ls", "nt") for seed in (0, 1)]
    weights = [small.weights(i)["network.7.weight"] for i in ids]
    assert min((a - b).abs().max() for i, a in enumerate(weights) for b in weights[:i]) > 1e-4


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("defense", ["st", "apgp"])
def test_a_defense_of_outputs_keeps_every_weight_of_its_seeds_teacher(small, defense, seed):
    made = small.made(f"{defense}-cnn_digits-s{seed}")
    own = {name: tensor for name, tensor in made.tensors.items() if not name.startswith("release.")}
    ce = small.weights(f"ce-cnn_digits-s{seed}")
    assert own.keys() == ce.keys()
    assert all(torch.equal(tensor, ce[name]) for name, tensor in own.items())
    assert made.product.results == {"history": [], "parameters": PARAMETERS}
    assert made.product.device == "cpu"


def test_what_its_release_needs_stands_beside_the_weights(small):
    assert not [name for name in small.made("st-cnn_digits-s0").tensors if name.startswith("release.")]
    layers = [(5, 6), (6, 6), (6, 5)]
    states = []
    for seed in (0, 1):
        tensors = small.made(f"apgp-cnn_digits-s{seed}").tensors
        state = {name: tensor for name, tensor in tensors.items() if name.startswith("release.")}
        shapes = {f"release.residual.{2 * i}.weight": (out, into) for i, (into, out) in enumerate(layers)}
        assert {name: tuple(t.shape) for name, t in state.items() if name.endswith("weight")} == shapes
        assert len(state) == 6
        states.append(state["release.residual.0.weight"])
    assert not torch.equal(*states)


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_learned_on_the_training_split_from_the_teacher_it_protects(small, given, seed):
    spec, task, teacher = given(f"apgp-cnn_digits-s{seed}", GenerativePerturbation, "prepare")
    assert (spec.epochs, spec.width) == (1, 6)
    assert torch.equal(task.train, small.index("train"))
    assert (len(task.train), task.epochs) == (TRAIN, EPOCHS)
    assert task.seed == derive(derive(seed, "teacher", "cnn_digits"), "method")
    x, _ = images("test")
    z = small.logits(f"ce-cnn_digits-s{seed}", x)
    torch.testing.assert_close(teacher(x.float()).double(), z, atol=1e-5, rtol=0)


def test_a_teacher_says_how_it_was_trained(small):
    results = small.made("nt-cnn_digits-s1").product.results
    assert results["parameters"] == PARAMETERS
    assert [sorted(record) for record in results["history"]] == [["cross_entropy", "kl", "lr", "total"]] * EPOCHS
