import pytest
import torch
from torch import nn

from distillab.attacks.padding import OTHERWISE, padded, padded_size


def conv_net(shape):
    c, h, _ = shape
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(c, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(16 * (h // 2) ** 2, 64), nn.ReLU(),
        nn.Linear(64, 10),
    )  # fmt: skip
    return net.eval().requires_grad_(False)


def linear_net(shape):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], 2)).requires_grad_(False)


def logits_and_gradient(net, x):
    x = x.clone().requires_grad_()
    logits = padded(net)(x)
    (gradient,) = torch.autograd.grad(logits.square().sum(), x)
    return logits.detach(), gradient


def test_sizes_are_those_of_the_instruction_set(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert [padded_size(n) for n in (1, 72, 73, 240, 250, 360)] == [72, 72, 96, 240, 264, 360]
    assert all(padded_size(n) % OTHERWISE[0] == 0 for n in range(1, 500))
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert [padded_size(n) for n in (1, 16, 17, 250)] == [16, 16, 17, 250]


@pytest.mark.parametrize(
    ("make", "shape"),
    [(conv_net, (1, 8, 8)), (conv_net, (3, 32, 32)), (linear_net, (1, 8, 8)), (linear_net, (3, 5, 5))],
)
def test_a_row_has_the_same_bits_in_every_batch_and_at_every_position(make, shape):
    net, n = make(shape), 360 if shape[1] < 32 else 168
    x = torch.rand(n, *shape, generator=torch.Generator().manual_seed(1))
    logits, gradient = logits_and_gradient(net, x)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(2))
    for size in (1, 2, 3, 7, 15, 17, 40, 64, 100, 145, 167, 250, 359):
        rows = order[:size]
        part = logits_and_gradient(net, x[rows])
        assert torch.equal(part[0], logits[rows]), f"logits of {size} rows"
        assert torch.equal(part[1], gradient[rows]), f"gradients of {size} rows"


def test_the_filler_costs_no_gradient_and_full_batches_are_passed_on():
    seen = []

    def logits_fn(x):
        seen.append(x)
        return x.flatten(1)

    full = torch.rand(96, 1, 2, 2)
    padded(logits_fn)(full)
    assert seen[0] is full
    few = torch.rand(5, 1, 2, 2, requires_grad=True)
    logits = padded(logits_fn)(few)
    assert len(seen[1]) == padded_size(5) > 5
    assert torch.equal(logits, few.flatten(1))
    assert torch.equal(torch.autograd.grad(logits.sum(), few)[0], torch.ones_like(few))
