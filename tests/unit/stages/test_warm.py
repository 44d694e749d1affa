"""The warm start of a chain: one epoch from hard labels at T = 1, for each seed its own."""

import torch
from small_project import TRAIN, forward, images

from distillab.data.dataset import Batch
from distillab.stages import warm

START = "ta-warm-cnn_digits"


def test_it_is_one_epoch_of_plain_cross_entropy(small, monkeypatch, tmp_path):
    asked = {}

    def train(member, *_arguments, role, objective):
        asked.update(member=member.id, role=role, objective=objective(None, None, None))

    monkeypatch.setattr(warm, "train_member", train)
    small.remade(small.member(f"{START}-s1"), tmp_path)
    assert (asked["member"], asked["role"]) == (f"{START}-s1", "warm")
    x, y = images("train")
    weights = small.weights("ce-cnn_digits-s0")
    z = forward(weights, x)
    terms = asked["objective"].terms(lambda _x: z, Batch(x, y, torch.arange(len(y))))
    torch.testing.assert_close(terms["cross_entropy"], -z.log_softmax(1)[torch.arange(len(y)), y])


def test_each_seed_has_its_own_and_no_place_among_the_results(small):
    first, second = (small.made(f"{START}-s{seed}") for seed in (0, 1))
    assert first.member.path == second.member.path == ""
    assert [len(made.product.results["history"]) for made in (first, second)] == [1, 1]
    assert not torch.equal(first.tensors["network.7.weight"], second.tensors["network.7.weight"])


def test_it_has_learned_something(small):
    x, y = images("train")
    index = small.index("train")
    log_probs = forward(small.made(f"{START}-s0").tensors, x[index]).log_softmax(1)
    assert -log_probs[torch.arange(TRAIN), y[index]].mean() < 1.6
