"""The black box: released probabilities and a counter, nothing else."""

import pytest
import torch
from torch import nn

from distillab.data.dataset import Batch
from distillab.knockoff.teacher import CachedAnswers, LiveAnswers, Teacher


def everything(log_probs, _images):
    return log_probs


def top_one(log_probs, _images):
    """Releases the predicted class alone: exact zeros everywhere else."""
    return torch.full_like(log_probs, -torch.inf).scatter(1, log_probs.argmax(1, keepdim=True), 0.0)


@pytest.fixture
def model():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
    for number, parameter in enumerate(network.parameters()):
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    return network


def images(n, seed=0):
    return torch.rand(n, 1, 2, 2, generator=torch.Generator().manual_seed(seed))


def batch_of(x, index=None):
    return Batch(x, torch.zeros(len(x), dtype=torch.long), torch.arange(len(x)) if index is None else index)


def test_queries_are_counted_per_image(model):
    teacher = Teacher(model, everything)
    answers = LiveAnswers(teacher)
    assert teacher.queries == 0
    teacher.query(images(3))
    teacher.query(images(1))
    answers(batch_of(images(5)))
    assert teacher.queries == 9


def test_answers_are_probabilities_of_the_network_in_eval_mode(model):
    model.train()
    teacher = Teacher(model, everything)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    probs = teacher.query(images(6))
    assert torch.equal(probs, teacher.query(images(6)))
    torch.testing.assert_close(probs, model(images(6)).softmax(1))
    torch.testing.assert_close(probs.sum(1), torch.ones(6))
    assert probs.dtype == torch.float32
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_no_gradient_leads_into_the_black_box(model):
    x = images(2).requires_grad_()
    assert not Teacher(model, everything).query(x).requires_grad
    assert not LiveAnswers(Teacher(model, everything))(batch_of(x)).requires_grad


def test_a_student_can_learn_from_live_answers(model):
    """Answers made in inference mode must not poison the student's graph."""
    logits = torch.zeros(4, 3, requires_grad=True)
    answers = LiveAnswers(Teacher(model, everything))(batch_of(images(4)))
    (answers.exp() * logits.log_softmax(1)).sum().backward()
    assert logits.grad.isfinite().all()
    assert logits.grad.any()


def test_what_is_released_is_the_defenses_decision(model):
    probs = Teacher(model, top_one).query(images(6))
    assert torch.equal(probs.sort(1).values, torch.tensor([[0.0, 0.0, 1.0]]).expand(6, 3))


@pytest.mark.parametrize("live", [False, True])
def test_exact_zeros_survive(model, live):
    teacher = Teacher(model, top_one)
    answers = LiveAnswers(teacher) if live else CachedAnswers(teacher.query(images(6)))
    log_probs = answers(batch_of(images(6)))
    assert (log_probs.isneginf().sum(1) == 2).all()
    assert (log_probs.max(1).values == 0).all()


def test_cached_answers_belong_to_images_whatever_their_order(model):
    teacher = Teacher(model, everything)
    probs = teacher.query(images(6))
    answers = CachedAnswers(probs)
    index = torch.tensor([4, 0, 4])
    assert torch.equal(answers(batch_of(images(3, seed=9), index)), probs[index].log())
    assert teacher.queries == 6
