"""Distillation chains: the loss of each step, and the soft labels between steps."""

import pytest
import torch
from torch import nn

from distillab.data.dataset import Batch, ResidentImages
from distillab.distillation.chain import StudentObjective, TeacherObjective, soft_labels
from distillab.models.rescaled import Rescaled, rescaled


class Given(nn.Module):
    """Logits as a parameter, whatever the image."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, x):
        return self.logits[: len(x)]


def batch_of(labels):
    n = len(labels)
    return Batch(torch.zeros(n, 1, 2, 2), torch.tensor(labels), torch.arange(n))


def loss_of(objective, model, labels):
    (term,) = objective.terms(model, batch_of(labels)).values()
    return term


def test_the_toy_of_the_specification():
    model = Given([[2.0, 0.0]])
    loss = loss_of(StudentObjective(torch.tensor([[0.8, 0.2]]), 2.0), model, [0])
    loss.mean().backward()
    assert loss.item() == pytest.approx(0.513262, abs=1e-6)
    assert model.logits.grad[0].tolist() == pytest.approx([-0.034471, 0.034471], abs=1e-6)


def test_one_hot_soft_labels_give_the_loss_of_the_teacher():
    logits, labels = torch.randn(6, 4).tolist(), [0, 1, 2, 3, 0, 1]
    targets = nn.functional.one_hot(torch.tensor(labels), 4).float()
    student = loss_of(StudentObjective(targets, 5.0), Given(logits), labels)
    assert torch.allclose(student, loss_of(TeacherObjective(5.0), Given(logits), labels), atol=1e-6)


def test_a_perfect_copy_has_the_entropy_as_loss_and_no_gradient():
    model, temperature = Given(torch.randn(3, 5).tolist()), 7.0
    targets = torch.softmax(model.logits.detach() / temperature, dim=1)
    loss = loss_of(StudentObjective(targets, temperature), model, [0, 0, 0])
    loss.sum().backward()
    assert torch.allclose(loss, -(targets * targets.log()).sum(1), atol=1e-6)
    assert model.logits.grad.abs().max() < 1e-7


@pytest.mark.parametrize("temperature", [1.0, 20.0])
def test_the_gradient_in_the_logits_is_the_difference_over_the_temperature(temperature):
    model, targets = Given(torch.randn(4, 3).tolist()), torch.softmax(torch.randn(4, 3), dim=1)
    loss_of(StudentObjective(targets, temperature), model, [0] * 4).mean().backward()
    probs = torch.softmax(model.logits.detach() / temperature, dim=1)
    assert torch.allclose(model.logits.grad, (probs - targets) / (temperature * 4), atol=1e-7)


def test_labels_are_not_mixed_in():
    objective = StudentObjective(torch.softmax(torch.randn(4, 3), dim=1), 2.0)
    model = Given(torch.randn(4, 3).tolist())
    assert torch.equal(loss_of(objective, model, [0] * 4), loss_of(objective, model, [2] * 4))


def small_images():
    return ResidentImages(torch.arange(12, dtype=torch.uint8).reshape(3, 1, 2, 2), torch.tensor([0, 1, 0]), 16)


def test_soft_labels_are_those_of_eval_mode_at_their_temperature():
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    images = small_images()
    found = soft_labels(net, images, torch.tensor([0, 2]), 4.0)
    expected = torch.softmax(net.eval()(images.x[[0, 2]].float() / 16) / 4.0, dim=1)
    assert torch.allclose(found[[0, 2]], expected, atol=1e-6)
    assert torch.allclose(found[[0, 2]].sum(1), torch.ones(2), atol=1e-6)
    assert (found[1] == 0).all()
    assert found.dtype == torch.float32


def test_high_temperatures_soften_towards_the_uniform_distribution():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 5)).eval()
    found = [soft_labels(net, small_images(), torch.arange(3), t) for t in (1.0, 10.0, 1e6)]
    spread = [float((probs - 0.2).abs().max()) for probs in found]
    assert spread[0] > spread[1] > spread[2]
    assert spread[2] < 1e-5


def test_rescaling_divides_the_logits_and_keeps_every_decision():
    net, x = nn.Sequential(nn.Flatten(), nn.Linear(4, 5)), torch.rand(7, 1, 2, 2)
    assert torch.allclose(rescaled(net, 20.0)(x), net(x) / 20)
    assert torch.equal(Rescaled(net, 20.0)(x).argmax(1), net(x).argmax(1))
    assert rescaled(net, 1.0) is net
