"""What a network from elsewhere must answer: each way in which it may not is one line."""

import pytest
import torch
from torch import nn

from distillab.core.errors import ContractError
from distillab.evaluate.answers import require_answers

X = torch.rand(5, 1, 4, 4, generator=torch.Generator().manual_seed(0))


class Says(nn.Module):
    """A network that says what a function says."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def logits(x):
    return x.flatten(1)[:, :3]


def asked(function, *, probabilities=False):
    network = function if isinstance(function, nn.Module) else Says(function)
    require_answers(network, X, classes=3, probabilities=probabilities, where="models.mine")


def test_logits_and_log_probabilities_pass_with_exact_zeros_among_the_latter():
    asked(logits)
    asked(lambda x: logits(x).log_softmax(1), probabilities=True)
    asked(lambda x: torch.tensor([[1.0, 0.0, 0.0]]).expand(len(x), 3).log(), probabilities=True)


def drawn(x):
    return torch.randn(len(x), 3)


def fails(x):
    raise RuntimeError("shapes\x1b[31m do not match")


@pytest.mark.parametrize(
    ("function", "probabilities", "says"),
    [
        (lambda x: x.flatten(1), False, r"of another shape; expected one tensor \(5, 3\).*got float32 \(5, 16\)"),
        (lambda x: logits(x).long(), False, "got int64"),
        (lambda x: {"logits": logits(x)}, False, "no answers.*got a dict"),
        (lambda x: logits(x) / 0, False, "no numbers; expected finite logits"),
        (lambda x: logits(x).log() - torch.inf, False, "no numbers"),
        (lambda x: torch.full((len(x), 3), torch.nan), True, "no numbers; expected probabilities"),
        (lambda x: (logits(x) * 0 + 0.5).log(), True, "do not sum to 1; expected probabilities; got 1.5; say `answers"),
        (lambda x: (logits(x) * 0 - 0.5).log(), True, "no numbers"),
        (drawn, False, "differ from call to call; put it in evaluation mode"),
        (lambda x: logits(x) - logits(x).mean(0), False, "depend on the other images of a batch; put it in evaluation"),
        (fails, False, r"fails on images; expected images of 1x4x4; got RuntimeError: shapes\\x1b\[31m do not match"),
    ],
)
def test_what_is_no_answer_is_one_line(function, probabilities, says):
    with pytest.raises(ContractError, match=f"^models.mine: .*{says}") as told:
        asked(function, probabilities=probabilities)
    assert str(told.value).isprintable()


def test_a_sum_that_is_told_is_one_that_is_wrong():
    def mostly_right(x):
        return torch.where((x == X[3]).flatten(1).all(dim=1)[:, None], torch.tensor(0.5), torch.tensor(1 / 3)).log()

    with pytest.raises(ContractError, match=r"do not sum to 1; expected probabilities; got 1\.5"):
        asked(lambda x: mostly_right(x).expand(len(x), 3), probabilities=True)


def test_a_network_in_training_mode_shows():
    network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16, track_running_stats=False), nn.Linear(16, 3))
    with pytest.raises(ContractError, match=r"depend on the other images|fails on images"):
        asked(network)
