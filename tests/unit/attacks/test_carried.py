"""What an attack on one network leads to is tried on another, whatever the first one says of it."""

import pytest
import torch
from torch import nn

from distillab.attacks.bim import BIM
from distillab.attacks.carlini_wagner_l2 import CarliniWagnerL2
from distillab.attacks.fgsm import FGSM
from distillab.attacks.pgd import PGD
from distillab.core.generators import ExampleNoise
from distillab.evaluate.run_attack import run_attack

X, Y = torch.full((1, 1, 1, 2), 0.25), torch.tensor([0])
FGSM_, BIM_ = FGSM(eps=0.1), BIM(eps=0.1, step_size=0.02, steps=10)
PGD_ = PGD(eps=0.1, step_size=0.02, steps=20)
CW, CW_PLUS = (PGD_.model_copy(update={"loss": "margin", "beyond": beyond}) for beyond in (0.0, 50.0))


def over(threshold, slope=1.0):
    """Class 1 where the first pixel is above a threshold."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[0.0, 0.0], [slope, 0.0]]))
        net[1].bias.copy_(torch.tensor([0.0, -slope * threshold]))
    return net


def carried(spec, source, model=None, **more):
    return run_attack(model or over(0.3), X, Y, [7], spec=spec, seed=0, source=source, **more)


@pytest.mark.parametrize("spec", [FGSM_, BIM_, PGD_, CW_PLUS], ids=["fgsm", "bim", "pgd", "cw+"])
@pytest.mark.parametrize("threshold", [0.9, 0.26, 0.1], ids=["never fooled", "fooled at once", "wrong before"])
def test_the_last_point_counts_whatever_the_source_says(spec, threshold):
    record = carried(spec, over(threshold))
    assert record.success.item()
    assert record.kept.flatten()[0].item() == pytest.approx(0.35)


def test_the_papers_cw_rests_where_the_source_is_fooled_and_cw_plus_goes_on():
    assert not carried(CW, over(0.26)).success
    assert carried(CW, over(0.9)).success


@pytest.mark.parametrize(("spec", "passes"), [(FGSM_, (2, 1)), (BIM_, (11, 10)), (PGD_, (21, 20))])
def test_every_step_is_counted(spec, passes):
    record = carried(spec, over(0.26))
    assert (record.forwards.item(), record.backwards.item()) == passes


def test_of_several_starts_the_one_with_the_largest_loss_is_carried():
    """One step of 0.05 from anywhere within 0.1: the largest of the first pixels."""
    spec = PGD(eps=0.1, step_size=0.05, steps=1, restarts=5)
    noise, source = ExampleNoise(3, (7,)), over(0.9)
    alone = [
        PGD(eps=0.1, step_size=0.05, steps=1).carried(source, X, Y, noise=_Restart(noise, restart)).x_adv
        for restart in range(5)
    ]
    found = spec.carried(source, X, Y, noise=noise)
    assert found.x_adv.flatten()[0] == max(each.flatten()[0] for each in alone)
    assert (found.forwards.item(), found.backwards.item()) == (10, 5)


def test_an_attack_without_a_radius_carries_what_fools_the_source():
    spec = CarliniWagnerL2(mode="fast")
    assert not carried(spec, over(1.5)).success
    assert carried(spec, over(0.4), over(0.3)).success


def test_a_network_that_is_attacked_itself_is_left_alone_at_the_first_success():
    record = run_attack(over(0.3), X, Y, [7], spec=BIM_, seed=0)
    assert record.linf.item() == pytest.approx(0.06)


class _Restart(ExampleNoise):
    """The noise of one restart, as if it were the first."""

    def __init__(self, noise, restart):
        super().__init__(noise.root, noise.ids)
        object.__setattr__(self, "restart", restart)

    def uniform(self, like, *names):
        return super().uniform(like, *names[:-1], self.restart)
