"""Whatever is computed through Python is computed by exact kernels, and the caller's own are put back."""

import pytest
import torch
from torch import nn

from distillab import ContractError, attack_model, audit_model, certify_model, steal_model

RECIPE = {"epochs": 1, "batch_size": 256}


class Watched(nn.Module):
    """A network that notes whether convolutions may be rounded while it runs, and kernels be other ones each time."""

    def __init__(self, network):
        super().__init__()
        self.network, self.seen = network, set()

    def forward(self, x):
        """Logits."""
        self.seen.add((torch.backends.cudnn.allow_tf32, torch.are_deterministic_algorithms_enabled()))
        return self.network(x)


@pytest.fixture
def watched(victim):
    """The victim, under kernels that torch has when it is imported."""
    assert torch.backends.cudnn.allow_tf32
    assert not torch.are_deterministic_algorithms_enabled()
    yield Watched(victim)
    assert torch.backends.cudnn.allow_tf32
    assert not torch.are_deterministic_algorithms_enabled()


def certified(model, x, y, *_test, monkeypatch):
    """The model's layers are read and not run: bounds are watched instead."""
    from distillab.api import certify

    real = certify.run_certifier
    monkeypatch.setattr(certify, "run_certifier", lambda *a, **k: (model(x[:1]), real(*a, **k))[1])
    certify_model(model.network, x[:8], y[:8], 0.01, "ibp")


def attacked(model, x, y, *_test, **_tools):
    attack_model(model, x[:8], y[:8], "pgd", eps=0.02, step_size=0.01)


def stolen(model, x, y, *_test, **_tools):
    steal_model(model, x[:64], y[:64], answers="logits", recipe=RECIPE)


def noted(model, x):
    model(x[:1])


def measured(model, x, y, *_test, **_tools):
    found = steal_model(model.network, x[:64], y[:64], answers="logits", recipe=RECIPE)
    found.student.register_forward_pre_hook(lambda *_: noted(model, x))
    found.accuracy(x[:8], y[:8])


def audited(model, x, y, *test, **_tools):
    audit_model(model, x[:200], y[:200], *test, answers="logits", attacks=["kd"], seeds=3, recipe=RECIPE)


@pytest.mark.parametrize("look", [certified, attacked, stolen, measured, audited])
def test_what_looks_at_a_model_does_so_by_exact_kernels(watched, digits, monkeypatch, look):
    look(watched, *digits, monkeypatch=monkeypatch)
    assert watched.seen == {(False, True)}


def test_the_callers_kernels_are_put_back_after_an_error(watched, digits):
    with pytest.raises(ContractError, match="no gradient"):
        attack_model(detached(watched), digits[0][:8], digits[1][:8], "pgd", eps=0.02, step_size=0.01)
    assert watched.seen == {(False, True)}


def detached(model):
    """The model without its gradient."""

    class Without(nn.Module):
        def forward(self, x):
            return model(x).detach()

    return Without()
