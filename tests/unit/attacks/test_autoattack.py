"""AutoAttack through this project is the library's, apart from where its random numbers come from."""

import pytest
import torch
from pyautoattack import AutoAttack as Library
from pyautoattack.autopgd_base import APGDAttack
from pyautoattack.fab_pt import FABAttack_PT
from pyautoattack.square import SquareAttack
from torch import nn

from distillab.attacks.autoattack import AutoAttack
from distillab.attacks.pgd import PGD
from distillab.core.errors import SpecError
from distillab.core.generators import ExampleNoise
from distillab.evaluate.run_attack import run_attack

NAMES = {"linf": "Linf", "l2": "L2"}
norms = pytest.mark.parametrize("norm", NAMES)


def linear(classes, scale=1.0):
    torch.manual_seed(5)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, classes))
    with torch.no_grad():
        net[1].weight.mul_(scale)
        net[1].bias.mul_(scale)
    return net.eval()


def images(n, net):
    x = torch.rand(n, 1, 6, 6, generator=torch.Generator().manual_seed(2)) * 0.6 + 0.2
    return x, net(x).argmax(dim=1)


def exact_distances(net, x, y, norm):
    """To the nearest hyperplane, in the image's interior."""
    logits, weight = net(x), net[1].weight
    steepness = (weight[y][:, None] - weight[None]).norm(p=1 if norm == "linf" else 2, dim=2)
    ways = (logits.gather(1, y[:, None]) - logits) / steepness
    return ways.scatter(1, y[:, None], torch.inf).amin(dim=1).detach()


@norms
@pytest.mark.parametrize("classes", [2, 3, 5, 12])
def test_of_a_linear_network_it_finds_what_there_is(norm, classes):
    net = linear(classes)
    x, y = images(24, net)
    exact = exact_distances(net, x, y, norm)
    eps = exact.median().item()
    record = run_attack(net, x, y, range(24), spec=AutoAttack(norm=norm, eps=eps, steps=20, queries=20), seed=0)
    assert record.success[exact < 0.99 * eps].all()
    assert not record.success[exact > 1.001 * eps].any()


@norms
def test_the_librarys_own_run_gives_the_same_flags(norm):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 24), nn.ReLU(), nn.Linear(24, 10)).eval().requires_grad_(False)
    with torch.no_grad():
        net[-1].weight.mul_(50)
    x, y = images(16, net)
    eps = {"linf": 0.02, "l2": 0.08}[norm]
    record = run_attack(net, x, y, range(16), spec=AutoAttack(norm=norm, eps=eps, queries=100), seed=0)
    library = Library(net, norm=NAMES[norm], eps=eps, seed=0)
    library.square.n_queries = 100
    _, y_adv = library.run_standard_evaluation(x, y, batch_size=16)
    assert 0 < record.success.sum() < 16
    assert torch.equal(record.success, y_adv != y)


def settings_of(attack):
    ignored = {"model", "predict", "seed", "logger", "random_choice", "y_target", "target_class", "orig_dim", "ndims"}
    return {name: value for name, value in vars(attack).items() if name not in ignored}


def test_its_attacks_are_set_as_in_the_standard_version(monkeypatch):
    """Each attack is looked at when it is about to run; none finds anything."""
    made = []

    def apgd(self, x, y, x_init=None):
        made.append(("t" if self.y_target is not None else "ce", settings_of(self)))
        return x, None, None, x

    def fab(self, x, y, use_rand_start=False, is_targeted=False):
        assert is_targeted
        assert not use_rand_start
        made.append((f"fab {self.target_class}", settings_of(self) | {"targeted": True}))
        return x

    def square(self, x, y):
        made.append(("square", settings_of(self)))
        return torch.ones(len(x)), x

    for kind, run in ((APGDAttack, apgd), (FABAttack_PT, fab), (SquareAttack, square)):
        monkeypatch.setattr(kind, "attack_single_run", run)
    net = linear(10)
    x, y = images(3, net)
    AutoAttack(eps=0.1).run(net, x, y, noise=ExampleNoise(0, (0, 1, 2)))
    library = Library(net, norm="Linf", eps=0.1, seed=0, device=x.device)
    library.apgd.loss, library.fab.targeted = "ce", True
    expected = [("ce", settings_of(library.apgd))]
    targeted = settings_of(library.apgd_targeted)
    expected += [("t", targeted)] * targeted["n_target_classes"]
    expected += [(f"fab {rank}", settings_of(library.fab)) for rank in range(2, 2 + library.fab.n_target_classes)]
    expected += [("square", settings_of(library.square))]
    assert made == expected


def test_a_masked_gradient_does_not_hide_a_linear_network():
    """Cross-entropy is saturated at a scale of 1e5: PGD sees nothing, the scale-free attacks see all."""
    net = linear(5, scale=1e5)
    x, y = images(24, net)
    eps = 2 * exact_distances(net, x, y, "linf").max().item()
    blind = run_attack(net, x, y, range(24), spec=PGD(eps=eps, step_size=eps / 4, random_start=False), seed=0)
    assert blind.zero_gradient_share > 0.5
    assert not blind.success.all()
    assert run_attack(net, x, y, range(24), spec=AutoAttack(eps=eps, steps=10, queries=5), seed=0).success.all()


class Stairs(nn.Module):
    """A linear network of images in 64 levels: all gradients are zero."""

    def __init__(self):
        super().__init__()
        self.net = linear(10)

    def forward(self, x):
        return self.net((x * 64).round().detach() / 64 + 0 * x)


@norms
def test_a_network_without_gradients_falls_to_random_search(norm):
    net = Stairs().eval()
    x, y = images(12, net)
    eps = {"linf": 0.2, "l2": 0.7}[norm]
    found = [
        run_attack(net, x, y, range(12), spec=AutoAttack(norm=norm, eps=eps, steps=3, queries=q), seed=0).success.sum()
        for q in (1, 300)
    ]
    assert found[1] > found[0]
    assert found[1] >= 10


@norms
def test_random_search_finds_the_same_whoever_is_in_the_batch(norm):
    net = Stairs().eval()
    x, y = images(12, net)
    spec = AutoAttack(norm=norm, eps={"linf": 0.1, "l2": 0.5}[norm], steps=2, queries=200)
    whole = run_attack(net, x, y, range(12), spec=spec, seed=0)
    rows = torch.tensor([7, 2, 11])
    part = run_attack(net, x[rows], y[rows], rows.tolist(), spec=spec, seed=0)
    assert whole.success.sum() >= 3
    assert torch.equal(part.forwards, whole.forwards[rows])
    assert torch.equal(part.distance, whole.distance[rows])


@norms
def test_no_single_attack_finds_more(norm):
    torch.manual_seed(1)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 24), nn.ReLU(), nn.Linear(24, 10)).eval()
    x, y = images(40, net)
    eps = {"linf": 0.02, "l2": 0.1}[norm]
    ours = run_attack(net, x, y, range(40), spec=AutoAttack(norm=norm, eps=eps, steps=30, queries=30), seed=0)
    pgd = run_attack(net, x, y, range(40), spec=PGD(norm=norm, eps=eps, step_size=eps / 4, restarts=3), seed=0)
    assert ours.success[pgd.success].all()


def test_an_example_that_withstands_all_costs_all_passes():
    net = linear(12)
    x, y = images(5, net)
    spec = AutoAttack(eps=1e-6, steps=7, queries=11)
    record = run_attack(net, x, y, range(5), spec=spec, seed=0)
    assert not record.success.any()
    assert (record.forwards == spec.passes).all()
    assert (record.backwards == 10 * 8 + 9 * 7).all()
    assert AutoAttack(eps=1e-6).passes == 10 * 101 + 9 + 9 * 202 + 5001 + 20


def test_it_says_nothing(capsys, recwarn):
    net = Stairs().eval()
    x, y = images(4, net)
    run_attack(net, x, y, range(4), spec=AutoAttack(eps=1e-4, steps=3, queries=3), seed=0)
    assert capsys.readouterr() == ("", "")
    assert not recwarn.list


def test_fewer_iterations_than_the_standard_versions_show_in_the_name():
    assert AutoAttack(eps=0.1).display_name == "AutoAttack"
    assert AutoAttack(eps=0.1, steps=10).display_name == "AutoAttack, cut short"
    assert AutoAttack(eps=0.1, queries=50).display_name == "AutoAttack, cut short"


def test_targets_are_refused():
    net = linear(5)
    x, y = images(2, net)
    with pytest.raises(SpecError, match="no targeted version"):
        AutoAttack(eps=0.1).run(net, x, y, noise=ExampleNoise(0, (0, 1)), y_target=(y + 1) % 5)
    with pytest.raises(ValueError, match="target"):
        AutoAttack(eps=0.1, target="random")


def test_images_that_its_squares_do_not_fit_into_are_refused():
    net, x, y = nn.Sequential(nn.Flatten(), nn.Linear(24, 5)), torch.rand(2, 1, 4, 6), torch.tensor([0, 1])
    with pytest.raises(SpecError, match=r"too small.*expected 5x5 or more; got 4x6"):
        AutoAttack(norm="l2", eps=0.1).run(net, x, y, noise=ExampleNoise(0, (0, 1)))
