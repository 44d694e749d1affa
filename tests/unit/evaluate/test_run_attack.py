from typing import ClassVar, Literal

import pytest
import torch
from torch import nn

from distillab.attacks.pgd import PGD
from distillab.attacks.result import AttackResult
from distillab.core.errors import ContractError
from distillab.evaluate.run_attack import run_attack
from distillab.specs.attack import AttackSpec


class Claims(AttackSpec):
    """An attack that adds ``shift`` to every pixel and claims ``success``."""

    name: Literal["claims"] = "claims"
    norm: Literal["linf"] = "linf"
    shift: float = 0.0
    success: bool = True
    eps: float = 1.0
    kind: ClassVar = "fixed_radius"
    passes: ClassVar = 1

    @property
    def max_distance(self):
        return self.eps

    def run(self, logits_fn, x, y, *, noise, y_target=None):  # noqa: ARG002
        n = len(x)
        count = torch.ones(n, dtype=torch.int64)
        success = torch.full((n,), self.success)
        return AttackResult(x + self.shift, success, torch.full((n,), 0.123), count, count, y >= 0)


@pytest.fixture
def net():
    """Logits (0.5 - x, x - 0.5) of the first pixel: class 1 above 0.5."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[-1.0, 0, 0, 0], [1.0, 0, 0, 0]]))
        net[1].bias.copy_(torch.tensor([0.5, -0.5]))
    return net


X = torch.tensor([0.25, 0.45, 0.75, 0.40])[:, None, None, None].expand(4, 1, 2, 2).clone()
Y = torch.tensor([0, 0, 0, 0])
IDS = [10, 11, 12, 13]


def test_success_and_distances_are_recomputed_not_believed(net):
    record = run_attack(net, X, Y, IDS, spec=Claims(shift=0.125), seed=0)
    assert record.id.tolist() == IDS
    assert record.label_clean.tolist() == [0, 0, 1, 0]
    assert record.correct.tolist() == [True, True, False, True]
    assert record.success.tolist() == [False, True, False, True]
    assert record.label_adv.tolist() == [0, 1, 1, 1]
    assert record.distance.tolist() == pytest.approx([torch.inf, 0.125, torch.nan, 0.125], nan_ok=True)
    assert record.l0.tolist() == pytest.approx([torch.nan, 4, torch.nan, 4], nan_ok=True)
    assert record.l1.tolist() == pytest.approx([torch.nan, 0.5, torch.nan, 0.5], nan_ok=True)
    assert record.l2.tolist() == pytest.approx([torch.nan, 0.25, torch.nan, 0.25], nan_ok=True)
    assert record.linf.tolist() == pytest.approx([torch.nan, 0.125, torch.nan, 0.125], nan_ok=True)
    assert record.forwards.tolist() == [1, 1, 0, 1]
    assert record.at_limit.tolist() == [True, True, False, True]
    assert not record.randomized_forward
    assert record.zero_gradient_share == 0


def test_only_the_first_images_are_attacked_and_only_the_first_successes_kept(net):
    record = run_attack(net, X, Y, IDS, spec=Claims(shift=0.125, batch_size=1), seed=0, keep=1)
    assert record.kept_ids.tolist() == [11]
    assert torch.equal(record.kept, X[1:2] + 0.125)
    assert run_attack(net, X, Y, IDS, spec=Claims(shift=0.125, images=2), seed=0).id.tolist() == [10, 11]


def test_columns_are_arrays_of_one_length(net):
    columns = run_attack(net, X, Y, IDS, spec=Claims(shift=0.125), seed=0).columns()
    assert {len(values) for values in columns.values()} == {4}
    assert list(columns)[:3] == ["id", "label", "label_clean"]
    assert columns["at_limit"].dtype == bool
    assert "kept" not in columns


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (Claims(shift=0.6), "pixels out of range"),
        (Claims(shift=-0.6), "pixels out of range"),
        (Claims().model_copy(update={"shift": float("nan")}), "pixels out of range"),
        (Claims(shift=0.125, eps=0.1), "over budget"),
        (Claims(shift=0.125, success=False), "a failure has a changed image"),
    ],
)
def test_false_claims_are_refused(net, spec, message):
    with pytest.raises(ContractError, match=message) as error:
        run_attack(net, X, Y, IDS, spec=spec, seed=0)
    assert "attack claims" in str(error.value)


@pytest.mark.parametrize("wrong", [X - 0.3, X + 0.3, X * torch.nan])
def test_images_out_of_range_are_refused(net, wrong):
    with pytest.raises(ContractError, match="attacked images: pixels out of range"):
        run_attack(net, wrong, Y, IDS, spec=Claims(), seed=0)


def test_lengths_targets_and_infinite_outputs_are_refused(net):
    with pytest.raises(ContractError, match="do not match"):
        run_attack(net, X, Y, IDS[:3], spec=Claims(), seed=0)
    with pytest.raises(ContractError, match="target class is the label"):
        run_attack(net, X, Y, IDS, spec=Claims(), seed=0, y_target=torch.tensor([1, 1, 0, 1]))
    net[1].bias.data.fill_(torch.inf)
    with pytest.raises(ContractError, match="not finite"):
        run_attack(net, X, Y, IDS, spec=Claims(), seed=0)


def test_logits_that_sum_to_one_by_chance_are_no_probabilities():
    net = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
    net[1].weight.data.copy_(torch.tensor([[2.0], [0.0]]))
    record = run_attack(net, torch.full((1, 1, 1, 1), 0.5), torch.tensor([0]), [0], spec=Claims(), seed=0)
    assert record.correct.all()


def test_a_class_that_is_not_the_target_is_a_failure(net):
    wide = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    wide[1].weight.data.copy_(torch.cat([net[1].weight.data, torch.zeros(1, 4)]))
    wide[1].bias.data.copy_(torch.cat([net[1].bias.data, torch.tensor([-9.0])]))
    for target, reached in ((1, True), (2, False)):
        record = run_attack(
            wide, X[1:2], Y[1:2], [0], spec=Claims(shift=0.125), seed=0, y_target=torch.tensor([target])
        )
        assert record.success.item() is reached
        assert record.label_adv.item() == (1 if reached else 0)


def test_a_noisy_model_is_flagged(net):
    class Noisy(nn.Module):
        def forward(self, x):
            return net(x) + torch.rand(len(x), 2) * 1e-3

    assert run_attack(Noisy(), X, Y, IDS, spec=Claims(shift=0.125), seed=0).randomized_forward


def test_nothing_to_attack_is_a_table_without_attacks(net):
    record = run_attack(net, X[2:3], Y[2:3], [12], spec=PGD(eps=0.1, step_size=0.1), seed=0)
    assert record.distance.isnan().all()
    assert record.kept.shape == (0, 1, 2, 2)


def test_the_model_is_restored_after_an_error(net):
    net.train()
    with pytest.raises(ContractError):
        run_attack(net, X, Y, IDS, spec=Claims(shift=0.6), seed=0)
    assert net.training
    assert all(parameter.requires_grad for parameter in net.parameters())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"y": Y.float()}, "not one class for each image in the labels; expected int64 (n,); got float32 (4,)"),
        ({"y": Y.int()}, "got int32 (4,)"),
        ({"y": torch.eye(4, dtype=torch.int64)}, "got int64 (4, 4)"),
        ({"y": Y + 2}, "labels out of range; expected classes 0 to 1 of the model; got 2 to 2"),
        ({"y": Y - 1}, "labels out of range; expected classes 0 to 1 of the model; got -1 to -1"),
        ({"y_target": Y + 2}, "targets out of range; expected classes 0 to 1 of the model; got 2 to 2"),
        ({"y_target": Y + 1.0}, "not one class for each image in the targets"),
        ({"x": X.to(torch.uint8)}, "attacked images: no images; expected floating point (n, c, h, w); got uint8"),
        ({"x": X[:, 0]}, "attacked images: no images; expected floating point (n, c, h, w); got float32 (4, 2, 2)"),
        ({"x": X.double()}, "images of another precision than the model's; expected torch.float32; got torch.float64"),
    ],
)  # fmt: skip
def test_what_are_no_images_or_labels_is_one_line(net, change, says):
    given = {"x": X, "y": Y} | change
    with pytest.raises(ContractError) as error:
        run_attack(net, given.pop("x"), given.pop("y"), IDS, spec=Claims(), seed=0, **given)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


class Answering(nn.Module):
    """A model whose output ``form`` makes of logits."""

    def __init__(self, net, form):
        super().__init__()
        self.net, self.form = net, form

    def forward(self, x):
        return self.form(self.net(x))


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (lambda z: (z, z), "the model's output is no tensor; expected logits (n, k); got a tuple; return them alone"),
        (lambda z: {"logits": z}, "got a dict"),
        (lambda z: z[:, 0], "output is no logits; expected floating point (4, k) for 4 images, k at least 2"),
        (lambda z: z[:, :1], "got float32 (4, 1)"),
        (lambda z: z[:2], "got float32 (2, 2)"),
        (lambda z: z.long(), "got int64 (4, 2)"),
        (lambda z: z.detach(), "the model's logits have no gradient"),
    ],
)  # fmt: skip
def test_a_model_without_plain_logits_is_one_line(net, form, says):
    with pytest.raises(ContractError) as error:
        run_attack(Answering(net, form), X, Y, IDS, spec=Claims(), seed=0)
    assert says in str(error.value)


def test_statistics_of_the_batch_are_refused(net):
    whole = nn.Sequential(nn.BatchNorm2d(1, track_running_stats=False), net)
    with pytest.raises(ContractError, match="BatchNorm2d at 0: normalization by the batch's own statistics"):
        run_attack(whole, X, Y, IDS, spec=Claims(), seed=0)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_may_round(dtype, norm):
    wide = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).to(dtype)
    x = torch.linspace(0, 1, 256, dtype=dtype).reshape(4, 1, 8, 8)
    y = wide(x).argmax(dim=1)
    record = run_attack(wide, x, y, IDS, spec=PGD(norm=norm, eps=0.1, step_size=0.1, steps=3), seed=0)
    assert record.linf.dtype == record.distance.dtype == torch.float32
    assert record.columns()["l2"].dtype == "float32"


def test_half_precision_is_no_license(net):
    with pytest.raises(ContractError, match="over budget"):
        run_attack(net.half(), X.half(), Y, IDS, spec=Claims(shift=0.125, eps=0.12), seed=0)


@pytest.mark.parametrize("gradient", [False, True])
def test_the_callers_tensors_stay_as_they_were(net, gradient):
    x, y = X.clone().requires_grad_(gradient), Y.clone()
    record = run_attack(net, x, y, IDS, spec=PGD(eps=0.2, step_size=0.1, random_start=False), seed=0)
    assert record.success.any()
    assert not record.kept.requires_grad
    assert (x.requires_grad, x.grad) == (gradient, None)
    assert torch.equal(x, X)
    assert torch.equal(y, Y)
    assert all(parameter.grad is None for parameter in net.parameters())
