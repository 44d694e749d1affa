"""What every training against a certified bound keeps: its loss, its ramps, its cascades."""

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import nn

from distillab.certify.decision import certify
from distillab.certify.dual import Dual
from distillab.certify.trace import trace
from distillab.core.errors import SpecError
from distillab.core.registry import name_of
from distillab.data.dataset import Batch, ResidentImages, batches
from distillab.defenses.certified_training import robust_cross_entropy, robust_errors
from distillab.defenses.crown_ibp import CROWNIBP
from distillab.defenses.ibp_training import IBPTraining
from distillab.defenses.wong_kolter import WongKolter
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import AdamSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Task

SHAPE, CLASSES, EPS = (1, 6, 6), 3, 0.05
METHODS = (WongKolter, IBPTraining, CROWNIBP)
every = pytest.mark.parametrize("method", METHODS, ids=name_of)


def network(seed=0, dtype=torch.float32, scale=3.0):
    torch.manual_seed(seed)
    layers = nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(27, 8), nn.ReLU()
    net = nn.Sequential(*layers, nn.Linear(8, CLASSES)).to(dtype)
    with torch.no_grad():
        net[5].weight.mul_(scale)
    return net


def images(n=48):
    stream = torch.Generator().manual_seed(0)
    y = torch.arange(n) % CLASSES
    x = torch.randint(0, 40, (n, *SHAPE), generator=stream)
    x[torch.arange(n), 0, y * 2] += 180
    return ResidentImages(x.to(torch.uint8), y, levels=255)


def task_of(source, epochs=4, needed=None):
    domain = Domain(SHAPE, CLASSES, (0.5,), (0.3,))
    return Task(source, torch.arange(len(source)), domain, epochs, 7, None, needed or {})


def batch_of(source, n=6, dtype=torch.float32):
    index = torch.arange(n)
    return Batch(source.images(index).to(dtype), source.y[index], index)


def ready(method, net, *, epochs=4, at=2, **fields):
    """The objective at an epoch, by default the one in which the ramp is over."""
    settings = {"eps": EPS, "clean_weight": 0.0, "clean_weight_start": 0.0, **fields}
    objective = method(**settings).objective(task_of(images(), epochs))
    objective.begin_epoch(at, net)
    return objective


def loss_of(objective, net, batch):
    return torch.stack(list(objective.terms(net, batch).values())).sum(0)


def worst_seen(net, batch, steps=40):
    """Cross-entropy at the worst of PGD's points in the ball and in [0, 1]."""
    lower, upper = (batch.x - EPS).clamp(min=0), (batch.x + EPS).clamp(max=1)
    x, worst = batch.x, F.cross_entropy(net(batch.x), batch.y, reduction="none").detach()
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(net(x), batch.y, reduction="sum"), x)
        x = torch.minimum(torch.maximum(x.detach() + EPS / 5 * gradient.sign(), lower), upper)
        worst = torch.maximum(worst, F.cross_entropy(net(x), batch.y, reduction="none").detach())
    return worst


@every
def test_the_robust_loss_is_above_cross_entropy_everywhere_in_the_ball(method):
    net, batch = network(dtype=torch.float64), batch_of(images(), dtype=torch.float64)
    loss, worst = loss_of(ready(method, net), net, batch).detach(), worst_seen(net, batch)
    assert (loss >= worst).all()
    assert (worst > F.cross_entropy(net(batch.x), batch.y, reduction="none")).all()


@every
def test_at_radius_zero_it_is_the_cross_entropy(method):
    net, batch = network(dtype=torch.float64), batch_of(images(), dtype=torch.float64)
    loss = loss_of(ready(method, net, eps=0.0, eps_start=0.0), net, batch)
    torch.testing.assert_close(loss, F.cross_entropy(net(batch.x), batch.y, reduction="none"))


@every
def test_gradients_match_finite_differences(check_slope, method):
    net, batch = network(dtype=torch.float64), batch_of(images(), dtype=torch.float64)
    objective = ready(method, net, at=1, eps_start=0.01, clean_weight=0.3)

    def loss():
        objective.begin_epoch(1, net)
        return loss_of(objective, net, batch).mean()

    check_slope(loss, list(net.parameters()))


@every
def test_all_weight_on_clean_images_is_ordinary_training(method):
    net, batch = network(), batch_of(images())
    terms = ready(method, net, clean_weight=1.0, clean_weight_start=1.0).terms(net, batch)
    assert terms.keys() == {"cross_entropy"}
    torch.testing.assert_close(terms["cross_entropy"], F.cross_entropy(net(batch.x), batch.y, reduction="none"))


@every
def test_weights_mix_both_terms(method):
    net, batch = network(), batch_of(images())
    (alone,) = ready(method, net).terms(net, batch).values()
    mixed = ready(method, net, clean_weight=0.25).terms(net, batch)
    torch.testing.assert_close(mixed["robust_cross_entropy"], 0.75 * alone)
    clean = F.cross_entropy(net(batch.x), batch.y, reduction="none")
    torch.testing.assert_close(mixed["cross_entropy"], 0.25 * clean)


def test_the_radius_grows_linearly_with_the_images_seen():
    spec = IBPTraining(eps=0.1, eps_start=0.02, ramp=2, clean_weight=0.5)
    shares = [spec.ramped(epochs, of=10) for epochs in (0, 0.5, 1, 2, 7)]
    assert shares == [0, 0.25, 0.5, 1, 1]
    assert [spec.eps_at(share) for share in shares] == pytest.approx([0.02, 0.04, 0.06, 0.1, 0.1])
    assert [spec.clean_weight_at(share) for share in shares] == pytest.approx([1, 0.875, 0.75, 0.5, 0.5])
    assert IBPTraining().ramped(1, of=8) == 0.25
    assert IBPTraining(ramp=0).ramped(0, of=8) == 1


def test_batches_of_an_epoch_see_a_growing_radius():
    """48 images: batches of 12 are quarters of an epoch, and the ramp of 2 epochs is over in the third."""
    seen = []

    class Watched(WongKolter):
        def margins(self, graph, x, y, at):
            seen.append((at.epochs, at.share))
            return super().margins(graph, x, y, at)

    objective, net = Watched(ramp=2).objective(task_of(images())), network()
    for epoch in (0, 1, 2):
        objective.begin_epoch(epoch, net)
        for batch in batches(images(), torch.arange(48), batch_size=12):
            objective.terms(net, batch)
    assert seen == [(quarter / 4, min(1, quarter / 8)) for quarter in range(12)]


def test_ties_are_errors():
    margins, y = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1e-6, 1.0], [0.0, 2.0, -1.0]]), torch.tensor([0, 0, 0])
    assert robust_errors(margins, y).tolist() == [True, False, True]
    expected = torch.tensor([1 + 1 + torch.e**-1, 1 + 1 + torch.e**-1, 1 + torch.e**-2 + torch.e]).log()
    torch.testing.assert_close(robust_cross_entropy(margins, y), expected, atol=1e-5, rtol=0)


@every
def test_training_certifies_what_it_could_not_before(method):
    source, net = images(), network()
    objective = ready(method, net)
    before = objective.diagnostics(net)
    assert trained(net, source, method(eps=EPS))[-1]["robust_error"] < 0.5 < before["robust_error"]
    assert before["robust_error"] >= before["error"]


@every
def test_what_is_watched_is_the_final_radius_from_the_first_epoch_on(method):
    """A ramp from 0 begins where a network certifies whatever it is right about; its end is far beyond that."""
    net = network(1)
    at_start, at_end = (ready(method, net, at=at, eps=0.3, eps_start=0.0).diagnostics(net) for at in (0, 3))
    assert at_start == at_end
    assert at_start["robust_error"] > at_start["error"]


def trained(net, source, spec, *, epochs=12, channels_last=False, **options):
    recipe = TrainSpec(epochs=epochs, batch_size=12, optimizer=AdamSpec(lr=0.02), checkpoint_every=1,
                       channels_last=channels_last)  # fmt: skip
    objective = spec.objective(task_of(source, epochs, options.pop("needed", None)))
    index = objective.positions(torch.arange(len(source)))
    return fit(net, source, index, objective, spec=recipe, augment=AugmentSpec(), seed=3, **options)


class KilledError(Exception):
    """Stands for a signal between two epochs."""


@every
@pytest.mark.parametrize("channels_last", [False, True], ids=["", "channels_last"])
def test_a_resumed_training_equals_an_uninterrupted_one(method, tmp_path, channels_last):
    def killed(epoch, _record):
        if epoch == 2:
            raise KilledError

    spec, source, whole, parts = method(eps=EPS), images(), network(), network()
    history = trained(whole, source, spec, epochs=4, channels_last=channels_last)
    resumable = {"epochs": 4, "channels_last": channels_last, "checkpoint": tmp_path / "c"}
    with pytest.raises(KilledError):
        trained(parts, source, spec, progress=killed, **resumable)
    parts = network(seed=9)
    assert trained(parts, source, spec, **resumable) == history
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), parts.parameters(), strict=True))


@every
def test_the_bound_is_that_of_the_network_in_use(method):
    """Neither dropout nor train mode reaches the loss, and both are as they were afterwards."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Dropout(0.9), nn.Linear(8, CLASSES)).train()
    batch = batch_of(images())
    loss = loss_of(ready(method, net), net, batch)
    torch.testing.assert_close(loss, loss_of(ready(method, net), net, batch))
    assert net.training
    assert net[3].training


def test_batch_normalization_is_refused():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(32, CLASSES))
    with pytest.raises(SpecError, match="batch normalization"):
        ready(WongKolter, net)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"eps": -0.1}, "greater than or equal to 0"),
        ({"eps": 0.1, "eps_start": 0.2}, "eps_start <= eps"),
        ({"clean_weight": 1.5}, "less than or equal to 1"),
        ({"norm": "l0"}, "linf"),
        ({"eps": "1/0"}, "not a fraction"),
    ],
)
def test_impossible_settings_are_refused(fields, match):
    with pytest.raises(ValidationError, match=match):
        IBPTraining(**fields)


def own_certificates(net, source, eps):
    batch, graph = batch_of(source, len(source)), trace(net, SHAPE)
    return certify(Dual(), graph, batch.x, graph(batch.x).argmax(dim=1), eps)


def test_a_cascade_learns_from_what_no_network_before_it_certifies():
    source, first, second = images(), network(seed=1).eval(), network(seed=3).eval()
    certified = own_certificates(first, source, 0.08), own_certificates(second, source, 0.08)
    assert 0 < certified[0].sum() < (certified[0] | certified[1]).sum() < len(source)
    spec, train = WongKolter(eps=0.08, after="one"), torch.arange(len(source))
    for needed, known in (({"one": first}, certified[0]), ({"one": first, "two": second}, certified[0] | certified[1])):
        kept = spec.objective(task_of(source, needed=needed)).positions(train)
        assert torch.equal(kept, train[~known])
    assert torch.equal(spec.objective(task_of(source)).positions(train), train)


def test_certificates_of_a_wrong_prediction_count_in_a_cascade():
    """The first stage answers: what it certifies never reaches the second, right or wrong."""
    source, constant = images(), network().eval()
    with torch.no_grad():
        constant[5].weight.zero_()
        constant[5].bias.copy_(torch.tensor([5.0, 0.0, 0.0]))
    with pytest.raises(SpecError, match="end the cascade one network earlier"):
        WongKolter(eps=EPS, after="one").objective(task_of(source, needed={"one": constant})).positions(
            torch.arange(48)
        )


def test_a_cascade_names_the_network_before_it():
    assert WongKolter(after="one").needs == ("one",)
    assert WongKolter().needs == ()
