import pytest
import torch
import torch.nn.functional as F
from torch import nn

from distillab.core.generators import forked
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses import ast
from distillab.defenses.ast import AdversarialSparseTeacher, sparse_divergence
from distillab.losses.divergence import kl_from_logits
from distillab.specs.model import Domain
from distillab.training.objective import Task

CLASSES = 4
MEAN, STD = (0.4, 0.5), (0.25, 0.2)
Z = torch.tensor([[1.0, 0.2, -0.3, 0.0]], dtype=torch.float64)
R = torch.tensor([[0.6, 0.4, 0.0, 0.0]], dtype=torch.float64)


@pytest.fixture
def images():
    x = torch.randint(0, 256, (30, 2, 4, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    return ResidentImages(x, torch.arange(30) % CLASSES, levels=255)


def network(seed=0, normalized=False):
    with forked(seed, "init"):
        layers = [nn.Flatten(), nn.Linear(32, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, CLASSES)]
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))

    class Normalized(nn.Module):
        def forward(self, x):
            return (x - mean) / std

    return nn.Sequential(*([Normalized()] if normalized else []), *layers)


def linear():
    with forked(1, "init"):
        return nn.Sequential(nn.Flatten(), nn.Linear(32, CLASSES))


def objective_of(spec, images, train=None, teacher=None):
    teacher = (teacher or network(9)).eval().requires_grad_(False)
    train = torch.arange(len(images)) if train is None else train
    objective = spec.objective(Task(images, train, Domain((2, 4, 4), CLASSES, MEAN, STD), 3, 5, None, {"ce": teacher}))
    objective.begin_epoch(0, nn.Identity())
    return objective


def batch_of(images, index):
    index = torch.as_tensor(index)
    return Batch(images.images(index), images.y[index], index)


def test_the_printed_term_with_its_temperature_squared():
    got = sparse_divergence(Z, 6 * R.log(), loss="epd", temperature=6)
    assert got.item() == pytest.approx(36 * 0.33485437, abs=1e-5)


@pytest.mark.parametrize("loss", ["kl_rp", "kl_pr"])
def test_the_divergences_it_is_compared_with(loss):
    target = torch.tensor([[0.5, 1.0, 0.0, -1.0]], dtype=torch.float64)
    p, r = (Z / 3).softmax(1), (target / 3).softmax(1)
    first, second = (r, p) if loss == "kl_rp" else (p, r)
    expected = 9 * kl_from_logits(first.log(), second.log())
    torch.testing.assert_close(sparse_divergence(Z, target, loss=loss, temperature=3), expected)
    if loss == "kl_rp":
        assert sparse_divergence(Z, 6 * R.log(), loss=loss, temperature=6).isfinite().all()


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.0])
def test_terms_against_the_formula(images, ratio):
    spec = AdversarialSparseTeacher(weight=0.3, temperature=4, ratio=ratio, steps=3)
    objective, batch = objective_of(spec, images), batch_of(images, range(12))
    model = linear()
    terms = objective.terms(model, batch)
    assert terms.keys() == {"cross_entropy", "divergence"}
    with torch.no_grad():
        z, z_adv = model(batch.x), model(objective.counterpart(batch))
    top = z_adv.topk(round(ratio * CLASSES), dim=1).indices
    r = (torch.full_like(z_adv, -torch.inf).scatter(1, top, z_adv.gather(1, top)) / 4).softmax(1)
    assert ((r > 0).sum(1) == round(ratio * CLASSES)).all()
    p = (z / 4).softmax(1)
    release = F.kl_div(p, r, reduction="none", log_target=True).sum(1)
    torch.testing.assert_close(terms["divergence"].detach(), 0.3 * 16 * release)
    torch.testing.assert_close(terms["cross_entropy"].detach(), 0.7 * F.cross_entropy(z, batch.y, reduction="none"))


def test_the_image_itself_and_all_classes_leave_nothing_to_change(images):
    spec = AdversarialSparseTeacher(weight=0.5, ratio=1, source="clean")
    model = linear()
    divergence = objective_of(spec, images).terms(model, batch_of(images, range(8)))["divergence"]
    torch.testing.assert_close(divergence, torch.zeros(8), atol=1e-5, rtol=0)


def test_the_target_has_no_gradient_no_dropout_and_no_part_in_the_statistics(images):
    objective, batch = objective_of(AdversarialSparseTeacher(steps=2), images), batch_of(images, range(8))
    model = network().train()
    modes, x_seen = [], []

    def watch(module, inputs):
        modes.append((module.training, torch.is_grad_enabled()))
        x_seen.append(inputs[0].detach())

    model[1].register_forward_pre_hook(watch)
    plain = network().train()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        objective.terms(model, batch)
        after = torch.get_rng_state()
        torch.manual_seed(1)
        plain(batch.x)
        assert torch.equal(after, torch.get_rng_state())
    assert modes == [(True, True), (False, False)]
    assert torch.equal(x_seen[1], objective.counterpart(batch).flatten(1))
    assert all(torch.equal(value, plain.state_dict()[name]) for name, value in model.state_dict().items())


def test_the_gradient_is_that_of_a_constant_target(images):
    objective, batch = objective_of(AdversarialSparseTeacher(weight=1, steps=2), images), batch_of(images, range(8))
    model = linear()
    objective.terms(model, batch)["divergence"].mean().backward()
    target = ast.largest_log_probs(model(objective.counterpart(batch)).detach(), 1)
    logits = model(batch.x)
    (expected,) = torch.autograd.grad(
        sparse_divergence(logits, target, loss="epd", temperature=6).mean(), model[1].weight
    )
    torch.testing.assert_close(model[1].weight.grad, expected)


# Its adversarial images


class Counting(nn.Module):
    """Logits (x w, 0, 0, 0); counts its calls."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.weight = nn.Parameter(torch.linspace(-1, 1, 32))

    def forward(self, x):
        self.calls += 1
        return F.pad((x.flatten(1) @ self.weight)[:, None], (0, CLASSES - 1))


def test_they_are_made_once_at_the_far_corner_of_the_ball(images):
    """For a linear teacher: 0.075 down the weights' signs for the class they stand for, up for the others."""
    teacher = Counting()
    objective = objective_of(AdversarialSparseTeacher(), images, teacher=teacher)
    assert teacher.calls == 40
    x = images.images(torch.arange(30))
    side = torch.where(images.y == 0, -1.0, 1.0)[:, None, None, None]
    corner = (x + 0.075 * side * teacher.weight.detach().sign().view(2, 4, 4)).clamp(0, 1)
    torch.testing.assert_close(objective.counterpart(batch_of(images, range(30))), corner)
    objective.terms(network(), batch_of(images, range(30)))
    assert teacher.calls == 40


def test_there_is_no_random_start(images):
    made = [objective_of(AdversarialSparseTeacher(steps=3), images).images for _ in range(2)]
    assert torch.equal(*made)
    x = images.images(torch.arange(30))
    assert (made[0] - x).abs().max() <= 3 * 0.0025 + 1e-6


def test_each_image_has_its_own_whatever_the_split(images):
    spec = AdversarialSparseTeacher(steps=3)
    train = torch.tensor([7, 3, 21, 12])
    whole, part = objective_of(spec, images), objective_of(spec, images, train)
    assert len(part.images) == 4
    batch = batch_of(images, [12, 7])
    torch.testing.assert_close(part.counterpart(batch), whole.counterpart(batch))
    assert (whole.counterpart(batch) - batch.x).abs().max() <= 0.0075 + 1e-6


def test_unrelated_partners_are_drawn_each_epoch(images):
    objective = objective_of(AdversarialSparseTeacher(steps=1, pairing="unrelated"), images)
    first = objective.partner
    assert first.sort().values.equal(torch.arange(30))
    assert not first.equal(torch.arange(30))
    index = torch.tensor([4, 9])
    assert objective.counterpart(batch_of(images, index)).equal(objective.images[first[index]])
    objective.begin_epoch(1, nn.Identity())
    assert not objective.partner.equal(first)
    objective.begin_epoch(0, nn.Identity())
    assert objective.partner.equal(first)


@pytest.mark.parametrize("pairing", ["same_index", "unrelated"])
def test_of_large_sets_the_batch_itself_is_attacked(images, monkeypatch, pairing):
    spec = AdversarialSparseTeacher(steps=3, pairing=pairing)
    stored = objective_of(AdversarialSparseTeacher(steps=3), images)
    monkeypatch.setattr(ast, "MOST_STORED", 29)
    lazy, batch = objective_of(spec, images), batch_of(images, range(10))
    assert lazy.images is None
    own, made = stored.counterpart(batch), lazy.counterpart(batch)
    if pairing == "same_index":
        torch.testing.assert_close(made, own)
        moved = Batch(batch.x.flip(3), batch.y, batch.index)
        assert (lazy.counterpart(moved) - moved.x).abs().max() <= 0.0075 + 1e-6
    else:
        nearest = (made[:, None] - own[None]).abs().amax((2, 3, 4)).argmin(1)
        assert nearest.sort().values.equal(torch.arange(10))
        assert not nearest.equal(torch.arange(10))


def test_the_releases_space_is_the_normalized_one_clipped_to_the_unit_interval(images):
    teacher = network(9, normalized=True).eval()
    spec = AdversarialSparseTeacher(pgd_space="normalized_release", steps=40)
    batch = batch_of(images, range(30))
    made = objective_of(spec, images, teacher=teacher).counterpart(batch)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    clean = (batch.x - mean) / std
    u = clean.clone()
    for _ in range(40):
        u.requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(teacher[1:](u), batch.y), u)
        u = (u.detach() + 0.01 * gradient.sign()).clamp(clean - 0.3, clean + 0.3).clamp(0, 1)
    torch.testing.assert_close(made, u * std + mean, atol=1e-5, rtol=0)
    dark = (clean < -0.3).nonzero()[0].tolist()
    assert made[tuple(dark)].item() == pytest.approx(MEAN[dark[1]])


def test_clean_targets_attack_nothing(images):
    teacher = Counting()
    objective = objective_of(AdversarialSparseTeacher(source="clean"), images, teacher=teacher)
    batch = batch_of(images, range(5))
    assert objective.counterpart(batch) is batch.x
    assert teacher.calls == 0


# Its settings


def test_defaults_are_the_cifar10_column():
    spec = AdversarialSparseTeacher()
    assert (spec.weight, spec.temperature, spec.kept(10), spec.steps) == (0.05, 6.0, 2, 40)
    assert AdversarialSparseTeacher(ratio=0.07).kept(100) == 7
    assert AdversarialSparseTeacher(ratio=0.01).kept(10) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"loss": "kl_pr"}, {"source": "clean", "pairing": "unrelated"}, {"weight": 1.5}, {"ratio": 0}, {"temperature": 0}],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(reversed(wrong)))):
        AdversarialSparseTeacher(**wrong)


def test_no_radius_is_a_radius(images):
    objective = objective_of(AdversarialSparseTeacher(eps=0, steps=2), images)
    assert torch.equal(objective.images, images.images(torch.arange(30)))
