"""NT against its test vector, its gradient in closed form, and its limits."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from distillab.core.errors import ContractError
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses.nt import NastyTeacher, nasty_divergence
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import SGDSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Task

Z, Z_PRE, Y = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([[1.0, 0.5, 0.0]]), torch.tensor([0])
SPEC = NastyTeacher(omega=0.04, temperature=4)


class Fixed(nn.Module):
    """A network that answers the same to anything."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, _x):
        return self.logits


def terms(spec, z, z_pre, y):
    task = Task(None, None, None, epochs=1, seed=0, network=None, needed={"ce": Fixed(z_pre)})
    return spec.objective(task).terms(nn.Identity(), Batch(z, y, torch.arange(len(y))))


def test_the_test_vector():
    got = terms(SPEC, Z, Z_PRE, Y)
    assert got.keys() == {"cross_entropy", "kl"}
    assert got["cross_entropy"].item() == pytest.approx(0.16984602, abs=1e-5)
    assert got["kl"].item() == pytest.approx(-0.04 * 0.38332665, abs=1e-5)
    assert sum(got.values()).item() == pytest.approx(0.15451295, abs=1e-5)


@pytest.mark.parametrize(("direction", "value"), [("nasty_first", 0.02395792), ("pre_first", 0.02369495)])
def test_the_direction_of_the_divergence(direction, value):
    got = nasty_divergence(Z, Z_PRE, temperature=4, direction=direction)
    assert got.item() / 16 == pytest.approx(value, abs=1e-7)
    spec = SPEC.model_copy(update={"kl_direction": direction})
    assert terms(spec, Z, Z_PRE, Y)["kl"].item() == pytest.approx(-0.04 * 16 * value, abs=1e-6)


def test_the_gradient_of_the_test_vector():
    z = Z.clone().requires_grad_()
    sum(terms(SPEC, z, Z_PRE, Y).values()).sum().backward()
    torch.testing.assert_close(z.grad, torch.tensor([[-0.173370, 0.121290, 0.052080]]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
def test_the_gradient_in_closed_form(temperature):
    stream = torch.Generator().manual_seed(0)
    z, z_pre = (torch.randn(6, 5, generator=stream, dtype=torch.float64) * 3 for _ in range(2))
    y = torch.arange(6) % 5
    z.requires_grad_()
    spec = NastyTeacher(omega=0.3, temperature=temperature)
    sum(terms(spec, z, z_pre, y).values()).sum().backward()
    p, log_ratio = (z / temperature).softmax(1), (z / temperature).log_softmax(1)
    log_ratio = log_ratio - (z_pre / temperature).log_softmax(1)
    kl = (p * log_ratio).sum(1, keepdim=True)
    expected = z.softmax(1) - F.one_hot(y, 5) - 0.3 * temperature * p * (log_ratio - kl)
    torch.testing.assert_close(z.grad, expected.detach())


def test_without_weight_it_is_cross_entropy():
    got = terms(NastyTeacher(omega=0), Z, Z_PRE, Y)
    assert got["kl"].item() == 0
    torch.testing.assert_close(sum(got.values()), F.cross_entropy(Z, Y, reduction="none"))


def test_an_equal_teacher_is_neither_far_nor_pushed_away():
    z = Z.clone().requires_grad_()
    got = terms(NastyTeacher(omega=5), z, Z, Y)["kl"]
    got.sum().backward()
    torch.testing.assert_close(got.detach(), torch.zeros(1), atol=1e-6, rtol=0)
    torch.testing.assert_close(z.grad, torch.zeros(1, 3), atol=1e-6, rtol=0)


def test_moving_away_lowers_the_loss():
    near, far = (terms(SPEC, z, Z_PRE, Y)["kl"].item() for z in (Z_PRE + 0.1 * (Z - Z_PRE), Z))
    assert far < near < 0


def training(omega):
    x = torch.randint(0, 256, (32, 1, 4, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    images = ResidentImages(x, torch.arange(32) % 4, levels=255)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ordinary, model = (nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Linear(16, 4)) for _ in range(2))
    ordinary.eval().requires_grad_(False)
    task = Task(images, torch.arange(32), Domain((1, 4, 4), 4, (0.5,), (0.3,)), 3, 0, None, {"ce": ordinary})
    objective = NastyTeacher(omega=0.1).model_copy(update={"omega": omega}).objective(task)
    recipe = TrainSpec(epochs=40, batch_size=8, optimizer=SGDSpec(lr=0.5))
    return ordinary, lambda: fit(model, images, task.train, objective, spec=recipe, augment=AugmentSpec(), seed=0)


def test_the_ordinary_teacher_stays_as_it_is():
    ordinary, train = training(omega=0.01)
    before = {name: value.clone() for name, value in ordinary.state_dict().items()}
    history = train()
    assert all(torch.equal(value, before[name]) for name, value in ordinary.state_dict().items())
    assert history[-1]["kl"] < history[0]["kl"]


def test_too_large_a_weight_is_an_error_that_names_a_term():
    _, train = training(omega=1e30)
    with pytest.raises(ContractError, match="diverged"):
        train()


@pytest.mark.parametrize("wrong", [{"omega": -1}, {"temperature": 0}, {"kl_direction": "both"}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NastyTeacher(**wrong)
