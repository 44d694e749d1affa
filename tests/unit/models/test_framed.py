"""What stands around a network from elsewhere."""

import torch
from torch import nn

from distillab.models.brought import BROUGHT
from distillab.models.brought.framed import Finite, InBatches, Logarithm, framed


class Exactly(nn.Module):
    """A network that takes three images and no other number."""

    def forward(self, x):
        assert len(x) == 3
        return x.flatten(1)


def test_a_fixed_batch_gets_any_number_of_images_and_passes_gradients():
    for n in (1, 2, 3, 7):
        x = torch.rand(n, 1, 2, 2, requires_grad=True)
        out = InBatches(Exactly(), 3)(x)
        assert torch.equal(out, x.flatten(1))
        (gradient,) = torch.autograd.grad(out.sum(), x)
        assert torch.equal(gradient, torch.ones_like(x))


def test_an_exact_zero_stays_one_and_breaks_no_gradient():
    logits = torch.tensor([[0.0, 1.0, -200.0]], requires_grad=True)
    log_probs = Logarithm()(logits.softmax(1))
    assert torch.equal(log_probs.exp(), logits.softmax(1))
    assert log_probs[0, 2] == -torch.inf
    (gradient,) = torch.autograd.grad(Finite()(log_probs).log_softmax(1)[0, 0], logits)
    assert gradient.isfinite().all()
    assert gradient.abs().max() > 0.1


def test_what_rounding_puts_below_zero_is_zero_and_no_more_than_that():
    found = Logarithm()(torch.tensor([[1.0, -1e-8], [1.5, -0.5], [torch.nan, 1.0]]))
    assert found[0].tolist() == [0, -torch.inf]
    assert found[1:].isnan().tolist() == [[False, True], [True, False]]


class Clearing(nn.Module):
    """A network that writes into its images."""

    def forward(self, x):
        return x.mul_(0).flatten(1)


def test_a_network_that_writes_into_its_images_changes_none():
    x = torch.rand(3, 1, 2, 2)
    before = x.clone()
    model = framed(Clearing(), BROUGHT.parse({"name": "torchscript", "torchscript": "model.pt"}))
    assert not model(x).any()
    assert torch.equal(x, before)
    model(x.requires_grad_()).sum().backward()  # as attacks ask
    assert torch.equal(x, before)
