"""Verdicts follow from the bounds, for the label and for what is predicted instead."""

import math

import pytest
import torch
from torch import nn

from distillab.certify.best import Best
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.trace import trace
from distillab.core.errors import ContractError, SpecError
from distillab.evaluate.run_certifier import BATCH, radii, run_certifier
from distillab.stages.certify import certificates


def line(dtype=torch.float32):
    """Logits (10 x, 5): the margin of class 0 within eps is 10 (x - eps) - 5, that of class 1 is 5 - 10 (x + eps)."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(1, 2)).to(dtype).requires_grad_(requires_grad=False)
    net[1].weight.copy_(torch.tensor([[10.0], [0.0]]))
    net[1].bias.copy_(torch.tensor([0.0, 5.0]))
    return trace(net, (1, 1, 1))


def images(*values, dtype=torch.float32):
    return torch.tensor(values, dtype=dtype)[:, None, None, None]


X = images(0.9, 0.55, 0.1, 0.9, 0.55, 0.60001)
Y = torch.tensor([0, 0, 1, 1, 1, 0])


def test_verdicts_of_the_label_and_of_the_prediction():
    table = run_certifier(IBP(), line(), X, Y, eps=0.1)
    assert table.label.tolist() == Y.tolist()
    assert table.predicted.tolist() == [0, 0, 1, 0, 0, 0]
    assert table.certified.tolist() == [True, False, True, False, False, False]
    assert table.certified_prediction.tolist() == [True, False, True, True, False, False]
    assert table.by == ("ibp", "", "ibp", "ibp", "", "")
    assert table.margin.tolist() == pytest.approx([3, -0.5, 3, -4, -0.5, 1e-4], abs=2e-5)


def test_a_margin_that_could_be_rounding_is_no_certificate():
    assert run_certifier(IBP(), line(), X, Y, eps=0.1).slack.tolist() == [False] * 5 + [True]
    exact = run_certifier(IBP(), line(torch.float64), X.double(), Y, eps=0.1)
    assert exact.certified.tolist()[-1]
    assert not exact.slack.any()
    wrong = run_certifier(IBP(), line(), X, 1 - Y, eps=0.1)
    assert wrong.slack.tolist() == [False] * 5 + [True]
    assert not wrong.certified[-1]
    assert wrong.margin[-1] < 0


def test_the_prediction_is_certified_where_it_is_the_label_and_only_there_the_label_is():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 3)).requires_grad_(
        requires_grad=False
    )
    graph, x = trace(net, (1, 4, 4)), torch.rand(20, 1, 4, 4)
    predicted = graph(x).argmax(1)
    truth = run_certifier(Best(), graph, x, predicted, eps=0.02)
    lie = run_certifier(Best(), graph, x, (predicted + 1) % 3, eps=0.02)
    assert truth.certified.any()
    assert not truth.certified.all()
    assert torch.equal(truth.certified, truth.certified_prediction)
    assert torch.equal(truth.certified, lie.certified_prediction)
    assert truth.by == lie.by
    assert not lie.certified.any()
    assert (lie.margin <= 0).all()
    assert set(truth.by) <= {"ibp", "dual", "crown", "alpha_crown", "lp", ""}


def test_batches_are_of_one_size_and_are_reported():
    x = images(*torch.linspace(0, 1, BATCH + 5).tolist())
    done = []
    table = run_certifier(Dual(), line(), x, torch.zeros(len(x), dtype=torch.int64), eps=0.1, progress=done.append)
    assert done == [BATCH, BATCH + 5]
    assert table.certified.sum() == (x.flatten() > 0.6).sum()


def test_a_radius_is_found_where_the_label_is_predicted():
    found = radii(Dual(), line(torch.float64), X.double(), Y, largest=0.32, halvings=5)
    assert found.tolist() == pytest.approx([0.32, 0.05, 0.32, 0, 0, 0.1])


def test_radii_beyond_the_grid_are_kept_and_none_are_made_up():
    frame, cost = certificates(Dual(), line(), X, Y, eps=(0.03, 0.2), radius_steps=1)
    first, last = frame[frame["eps"] == 0.03], frame[frame["eps"] == 0.2]
    assert first["certified"].tolist() == [True, True, True, False, False, True]
    assert last["certified"].tolist() == [True, False, True, False, False, False]
    assert first["radius"].tolist() == last["radius"].tolist() == pytest.approx([0.2, 0.03, 0.2, 0, 0, 0.03])
    assert [len(cost["seconds_per_image"]), cost["peak_memory"] >= 0] == [2, True]
    assert frame["radius"].max() == 0.2
    without, _ = certificates(Dual(), line(), X, Y, eps=(0.03,))
    assert all(math.isnan(radius) for radius in without["radius"])


def test_a_network_that_is_right_about_nothing_has_a_table_of_zero_radii():
    wrong = 1 - torch.tensor([0, 0, 1, 0, 0, 0])
    frame, _ = certificates(IBP(), line(), X, wrong, eps=(0.03, 0.2), radius_steps=3)
    assert frame["radius"].tolist() == [0.0] * 12
    assert not frame["certified"].any()
    assert frame["certified_prediction"].tolist()[:6] == [True, True, True, True, True, True]


@pytest.mark.parametrize(("x", "says"), [(255 * X, r"^x: pixels are outside their range"), (X - 1, r"^x: pixels")])
def test_images_of_another_range_are_one_clear_error(x, says):
    with pytest.raises(SpecError, match=says):
        run_certifier(IBP(), line(), x, Y, eps=0.1)


def test_where_no_image_is_right_no_radius_is_looked_for():
    wrong = 1 - line()(X).argmax(dim=1)
    assert radii(IBP(), line(), X, wrong, largest=0.1, halvings=8).tolist() == [0.0] * len(X)
    frame, _ = certificates(IBP(), line(), X, wrong, eps=[0.1], radius_steps=8)
    assert frame["radius"].tolist() == [0.0] * len(X)
    assert not frame["certified"].any()


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (X, Y.float(), "not one class for each image in the labels; expected int64 (n,); got float32 (6,)"),
        (X, Y + 1, "labels out of range; expected classes 0 to 1 of the model; got 1 to 2"),
        (X, Y[:2], "images, labels and the network do not match; expected as many of both, images (1, 1, 1) of "),
        (X.double(), Y, "got 6 images (1, 1, 1) of torch.float64, 6 labels"),
        (X.expand(6, 1, 2, 2), Y, "got 6 images (1, 2, 2) of torch.float32, 6 labels"),
        (X[:0], Y[:0], "got 0 images"),
    ],
)
def test_what_are_no_images_or_labels_of_the_network_is_one_line(x, y, says):
    for certify in (
        lambda: run_certifier(IBP(), line(), x, y, eps=0.1),
        lambda: radii(IBP(), line(), x, y, largest=0.1, halvings=2),
    ):
        with pytest.raises(ContractError) as error:
            certify()
        assert says in str(error.value)


def test_statistics_of_the_batch_are_refused():
    net = nn.Sequential(nn.BatchNorm2d(1, track_running_stats=False), nn.Flatten(), nn.Linear(1, 2)).eval()
    with pytest.raises(
        SpecError, match="BatchNorm2d at 0: normalization by the batch's own statistics; expected running"
    ):
        trace(net, (1, 1, 1))
