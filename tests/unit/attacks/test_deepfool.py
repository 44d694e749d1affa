"""DeepFool and the Jacobian it steps along."""

import pytest
import torch
from linear_networks import X, Y, toy
from torch import nn

from distillab.attacks.deepfool import DeepFool
from distillab.attacks.jacobian import jacobian
from distillab.evaluate.run_attack import run_attack


def relu_net(classes=6):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(30, 40), nn.ReLU(), nn.Linear(40, classes)).eval()
    x = torch.rand(25, 1, 5, 6)
    with torch.no_grad():
        return net, x, net(x).argmax(1)


@pytest.mark.parametrize(("norm", "exact"), [("l2", 0.2), ("linf", 1 / 7)])
@pytest.mark.parametrize("scale", [1.0, 40.0, 1 / 40])
def test_the_toy_is_met_and_the_overshoot_is_taken_back(norm, exact, scale):
    unrefined, refined = (
        run_attack(toy(scale), X, Y, [0], spec=DeepFool(norm=norm, refine=n), seed=0).distance.item() for n in (0, 10)
    )
    assert unrefined == pytest.approx(1.02 * exact, rel=0.01)
    assert exact <= refined <= 1.001 * unrefined / 1.02 * 1.002


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_refining_never_lengthens_and_all_fall(norm):
    net, x, y = relu_net()
    rough, fine = (run_attack(net, x, y, range(25), spec=DeepFool(norm=norm, refine=n), seed=0) for n in (0, 15))
    assert rough.success.all()
    assert (fine.distance <= rough.distance * (1 + 1e-6)).all()
    assert fine.distance.mean() < rough.distance.mean()


def test_fewer_candidates_cost_fewer_passes():
    net, x, y = relu_net()
    few, many = (run_attack(net, x, y, range(25), spec=DeepFool(candidates=n), seed=0) for n in (2, 6))
    assert few.backwards.double().mean() < many.backwards.double().mean()
    assert many.distance.mean() <= few.distance.mean()


def test_a_target_is_reached():
    net, x, y = relu_net()
    target = (y + 2) % 6
    record = run_attack(net, x, y, range(25), spec=DeepFool(), seed=0, y_target=target)
    assert record.success.double().mean() > 0.9
    assert torch.equal(record.label_adv[record.success], target[record.success])


def test_the_jacobian_holds_the_gradients_of_the_chosen_logits():
    net, x, _ = relu_net()
    logits, full = jacobian(net, x)
    assert torch.allclose(logits, net(x))
    one = torch.autograd.functional.jacobian(lambda row: net(row).squeeze(0), x[3:4])
    assert torch.allclose(full[3], one.squeeze(1).view(6, 1, 5, 6), atol=1e-6)
    chosen = torch.stack([torch.arange(25) % 6, (torch.arange(25) + 3) % 6], dim=1)
    _, some = jacobian(net, x, chosen)
    assert torch.allclose(some, full[torch.arange(25)[:, None], chosen])


@pytest.mark.parametrize("y_target", [None, torch.tensor([1])], ids=["untargeted", "targeted"])
def test_a_crossing_that_rounding_may_undo_is_none(y_target):
    """The first points ahead are ahead by 1e-7 of the logits, in another batch they might be behind."""

    class Grazing(nn.Module):
        """The label's logit falls along the first pixel, and stays just below the other's once it is there."""

        def forward(self, x):
            ahead = 0.2 - (x[:, 0, 0, 0] - 0.5)
            graze = torch.where(ahead > -0.1, ahead.clamp(min=-2e-7), ahead)
            return torch.stack([1 + graze + 0 * ahead, torch.ones_like(ahead)], dim=1)

    x = torch.full((1, 1, 1, 2), 0.5)
    record = run_attack(Grazing(), x, torch.tensor([0]), [0], spec=DeepFool(steps=5), seed=0, y_target=y_target)
    assert not record.success.item()
