"""APGP: what the perturbation starts from, learns, and leaves alone."""

import pytest
import torch
from torch import nn

from distillab.core.errors import ContractError
from distillab.data.dataset import ResidentImages
from distillab.defenses.apgp import GenerativePerturbation, Perturbation, exchanged
from distillab.losses.divergence import kl_from_logits
from distillab.specs.model import Domain
from distillab.specs.train import AdamSpec
from distillab.training.objective import Task

DOMAIN = Domain((1, 4, 4), 4, (0.5,), (0.3,))
SPEC = GenerativePerturbation(width=32, batch_size=16)


def network(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed % 1000)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 4)
        )


def task_of(n=64, seed=5):
    x = torch.randint(0, 256, (n, 1, 4, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    return Task(ResidentImages(x, torch.arange(n) % 4, levels=255), torch.arange(n), DOMAIN, 3, seed, network)


def true_outputs(task, teacher):
    with torch.no_grad():
        return teacher(task.images.images(task.train)).mul(4).log_softmax(1)


class Sharper(nn.Module):
    """A teacher that is sure."""

    def __init__(self):
        super().__init__()
        self.network = network(9)

    def forward(self, x):
        return 4 * self.network(x)


@pytest.fixture
def teacher():
    return Sharper().eval().requires_grad_(False)


def released(spec, task, teacher):
    x = task.images.images(task.train)
    log_probs = teacher(x).log_softmax(1)
    return log_probs, spec.release(spec.prepare(task, teacher), DOMAIN)(log_probs, x)


def test_untrained_it_changes_nothing(teacher):
    log_probs, answers = released(SPEC.model_copy(update={"epochs": 0}), task_of(), teacher)
    torch.testing.assert_close(answers, log_probs)


def test_trained_it_leads_away_from_the_true_outputs(teacher):
    weak, strong = (SPEC.model_copy(update={"divergence_weight": w, "epochs": 15}) for w in (0.1, 1.0))
    log_probs, answers = released(weak, task_of(), teacher)
    _, far = released(strong, task_of(), teacher)
    assert 0 < kl_from_logits(log_probs, answers).mean() < kl_from_logits(log_probs, far).mean()


def test_without_divergence_the_predictions_stay_and_get_surer(teacher):
    spec = SPEC.model_copy(update={"divergence_weight": 0.0, "epochs": 60, "optimizer": AdamSpec(lr=0.01)})
    log_probs, answers = released(spec, task_of(), teacher)
    assert torch.equal(answers.argmax(1), log_probs.argmax(1))
    assert answers.amax(1).mean() > log_probs.amax(1).mean()


def test_without_accuracy_the_predictions_are_lost_and_the_exchange_restores_them(teacher):
    spec = SPEC.model_copy(update={"accuracy_weight": 0.0, "epochs": 20})
    log_probs, answers = released(spec, task_of(), teacher)
    assert not torch.equal(answers.argmax(1), log_probs.argmax(1))
    _, restored = released(spec.model_copy(update={"exchange": True}), task_of(), teacher)
    assert torch.equal(restored.argmax(1), log_probs.argmax(1))
    assert torch.equal(restored.sort(1).values, answers.sort(1).values)


def test_the_weight_of_the_accuracy_holds_the_predicted_class(teacher):
    spec, losses = SPEC.model_copy(update={"divergence_weight": 1.0, "epochs": 15}), []
    for weight in (0.0, 1.0):
        log_probs, answers = released(spec.model_copy(update={"accuracy_weight": weight}), task_of(), teacher)
        losses.append(-answers.gather(1, log_probs.argmax(1, keepdim=True)).mean().item())
    assert losses[0] > 1.2 * losses[1]


def test_its_training_depends_on_the_seed_alone(teacher):
    first = SPEC.prepare(task_of(), teacher)
    before = torch.get_rng_state()
    torch.rand(7)
    after = torch.get_rng_state()
    second, other = SPEC.prepare(task_of(), teacher), SPEC.prepare(task_of(seed=6), teacher)
    assert torch.equal(torch.get_rng_state(), after)
    assert not torch.equal(before, after)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["residual.0.weight"], other["residual.0.weight"])


def test_labels_are_not_used(teacher):
    task = task_of()
    other = Task(ResidentImages(task.images.x, task.images.y.flip(0), 255), task.train, DOMAIN, 3, task.seed, network)
    first, second = SPEC.prepare(task, teacher), SPEC.prepare(other, teacher)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_zeros_stay_zeros_and_shifts_do_not_matter(teacher):
    state = SPEC.model_copy(update={"epochs": 10}).prepare(task_of(), teacher)
    release = SPEC.release(state, DOMAIN)
    log_probs = torch.tensor([[0.6, 0.4, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]]).log()
    answers = release(log_probs, torch.empty(2, 1, 4, 4))
    assert answers.isneginf().tolist() == [[False, False, True, True], [False] * 4]
    torch.testing.assert_close(release(log_probs + 3, torch.empty(2, 1, 4, 4))[1], answers[1])


def test_it_is_three_dense_layers_of_the_stated_width():
    sizes = [tuple(weight.shape) for weight in Perturbation(10, 512).parameters() if weight.dim() == 2]
    assert sizes == [(512, 10), (512, 512), (10, 512)]
    assert GenerativePerturbation().width == 512


def test_an_exchange_swaps_two_values():
    log_probs = torch.tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]).log()
    got = exchanged(log_probs, torch.tensor([[2], [0]])).exp()
    torch.testing.assert_close(got, torch.tensor([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2]]))


def test_a_diverged_training_is_an_error(teacher):
    spec = SPEC.model_copy(
        update={"divergence_weight": 1e38, "optimizer": AdamSpec(lr=0.1).model_copy(update={"lr": 1e30})}
    )
    with pytest.raises(ContractError, match="diverged"):
        spec.prepare(task_of(), teacher)
