"""Chains: what each step learns, from whose soft labels, at which temperature, on which images, from which start."""

import pytest
import torch
from small_project import EPOCHS, TRAIN, VAL, forward, images

from distillab.core.seeds import derive
from distillab.data.dataset import Batch
from distillab.stages import distill
from distillab.stages.training import train_member


def all_training(small):
    """Training and validation images: nothing is tuned on chains."""
    return torch.cat([small.index("train"), small.index("val")])


@pytest.fixture
def trained(small, monkeypatch, tmp_path):
    """Train a step anew; what its training was asked, its objective and the network it began with."""

    def run(member_id):
        calls = []

        def record(member, *arguments, role, objective, index, begin):
            def watched(task, data, device):
                calls.append({"role": role, "task": task, "objective": objective(task, data, device)})
                return calls[-1]["objective"]

            def started(model):
                begin(model)
                first.update({name: tensor.clone() for name, tensor in model.state_dict().items()})

            first = {}
            product = train_member(member, *arguments, role=role, objective=watched, index=index, begin=started)
            calls[-1]["first"] = first
            return product

        monkeypatch.setattr(distill, "train_member", record)
        made = small.remade(small.member(member_id), tmp_path / member_id)
        (call,) = calls
        return call | {"made": made}

    return run


def loss(objective, z, y, index):
    (term,) = objective.terms(lambda _x: z, Batch(torch.zeros(len(z), 1, 8, 8), y, index)).values()
    return term


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("chain", "temperature"), [("ta-T1", 1), ("ta-T4", 4)])
def test_soft_labels_are_the_softened_answers_to_all_training_images(small, chain, temperature, seed):
    for step in (0, 1):
        made = small.made(f"{chain}-step{step}-s{seed}-labels")
        x, _ = images("train")
        rows = all_training(small)
        expected = torch.zeros(97, 5, dtype=torch.float64)
        expected[rows] = (small.logits(f"{chain}-step{step}-s{seed}", x[rows]) / temperature).softmax(1)
        torch.testing.assert_close(made.tensors["probs"].double(), expected, atol=1e-6, rtol=0)
        assert made.product.device == "cpu"
    assert len(rows) == TRAIN + VAL
    assert not torch.equal(made.tensors["probs"], small.made(f"{chain}-step0-s{seed}-labels").tensors["probs"])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("temperature", [1, 4])
@pytest.mark.parametrize("step", [1, 2])
def test_a_step_learns_the_labels_of_the_step_before(small, trained, temperature, step, seed):
    """``-sum_i Q_i ln softmax(Z / T)_i`` with the labels Q of the same seed and temperature."""
    chain = f"ta-T{temperature}"
    call = trained(f"{chain}-step{step}-s{seed}")
    x, y = images("train")
    index = all_training(small)[[2, 40, 61]]
    z = small.logits("ce-cnn_digits-s0", x[index])
    soft = (small.logits(f"{chain}-step{step - 1}-s{seed}", x[index]) / temperature).softmax(1)
    expected = -(soft * (z / temperature).log_softmax(1)).sum(1)
    torch.testing.assert_close(loss(call["objective"], z, y[index], index).double(), expected, atol=1e-6, rtol=0)
    assert call["role"] == f"step {step}"


@pytest.mark.parametrize(("chain", "temperature"), [("ta-T1", 1), ("ta-T4", 4)])
def test_the_first_step_learns_hard_labels_at_its_temperature(small, trained, chain, temperature):
    call = trained(f"{chain}-step0-s1")
    x, y = images("train")
    index = all_training(small)[:5]
    z = small.logits("ce-cnn_digits-s0", x[index])
    expected = -(z / temperature).log_softmax(1)[torch.arange(5), y[index]]
    torch.testing.assert_close(loss(call["objective"], z, y[index], index), expected)
    assert call["role"] == "step 0"


def test_a_chain_trains_on_all_training_images(small, trained):
    call = trained("ta-T4-step1-s0")
    assert torch.equal(call["task"].train, all_training(small))
    assert call["task"].seed == derive(derive(0, "step 1", "cnn_digits"), "method")
    assert len(call["made"].product.results["history"]) == EPOCHS


@pytest.mark.parametrize("seed", [0, 1])
def test_every_step_and_temperature_starts_from_the_warm_start_of_its_seed(small, trained, seed):
    start = small.made(f"ta-warm-cnn_digits-s{seed}").tensors
    for member in (f"ta-T1-step0-s{seed}", f"ta-T4-step0-s{seed}", f"ta-T4-step2-s{seed}"):
        first = trained(member)["first"]
        assert first.keys() == start.keys()
        assert all(torch.equal(tensor, start[name]) for name, tensor in first.items())


def test_without_a_warm_start_a_step_begins_afresh(small, trained, monkeypatch):
    member = small.member("ta-T4-step0-s0")
    parents = {role: parent for role, parent in member.parents.items() if role != "warm"}
    monkeypatch.setitem(small.workspace.plan.members, member.id, member.model_copy(update={"parents": parents}))
    first = trained(member.id)["first"]
    warm = small.made("ta-warm-cnn_digits-s0").tensors
    assert not torch.equal(first["network.3.weight"], warm["network.3.weight"])


def test_steps_temperatures_and_seeds_give_different_networks(small):
    x, _ = images("test")
    ids = [f"ta-T{t}-step{step}-s{seed}" for t in (1, 4) for step in (0, 1, 2) for seed in (0, 1)]
    said = [forward(small.weights(i), x) for i in ids]
    assert min((a - b).abs().max() for i, a in enumerate(said) for b in said[:i]) > 1e-3
