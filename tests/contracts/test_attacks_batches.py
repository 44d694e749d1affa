"""An example's result is its own: in float64, where rounding is out of the way, whatever else is in its batch."""

import pytest
import torch
from attack_cases import attack_it, conv_net, count, dense_net, every, images, spec_of

from distillab.core.generators import ExampleNoise

NETWORKS = pytest.mark.parametrize(
    ("make", "shape"), [(conv_net, (1, 8, 8)), (dense_net, (3, 5, 5))], ids=["conv", "dense"]
)
TOLERANCE = {"rtol": 0.0, "atol": 1e-9, "equal_nan": True}
pytestmark = every


def doubles(n, make, shape):
    net = make()
    x, y = images(n, net, shape)
    return net.double(), x.double(), y


def require_agreement(whole, part, rows):
    """Equal decisions, and numbers to 1e-9; ``rows`` are the part's positions in the whole."""
    expected, found = whole.columns(), part.columns()
    for name in expected:
        a, b = torch.from_numpy(expected[name])[rows], torch.from_numpy(found[name])
        torch.testing.assert_close(b, a, **TOLERANCE, msg=lambda said, name=name: f"{name}: {said}")
    kept = dict(zip(whole.kept_ids.tolist(), whole.kept, strict=True))
    for i, image in zip(part.kept_ids.tolist(), part.kept, strict=True):
        torch.testing.assert_close(image, kept[i], **TOLERANCE)


@NETWORKS
def test_batch_size_changes_no_decision_and_no_number(attack, norm, make, shape):
    most = count(attack, 120)
    net, x, y = doubles(most, make, shape)
    whole = attack_it(net, x, y, spec_of(attack, norm, batch_size=most), keep=most)
    assert whole.distance.dtype == whole.kept.dtype == torch.float64
    assert whole.success.any()
    assert attack.kind == "minimum_norm" or whole.success.sum() < whole.correct.sum()
    for batch_size, n in ((50, most), (7, min(21, most)), (1, min(5, most))):
        part = attack_it(net, x[:n], y[:n], spec_of(attack, norm, batch_size=batch_size), keep=most)
        require_agreement(whole, part, slice(0, n))


@NETWORKS
def test_order_and_batch_mates_change_no_decision_and_no_number(attack, norm, make, shape):
    most = count(attack, 80)
    net, x, y = doubles(most, make, shape)
    whole = attack_it(net, x, y, spec_of(attack, norm, batch_size=most), keep=most)
    order = torch.randperm(most, generator=torch.Generator().manual_seed(4))
    for rows in (order, order[: most // 3]):
        spec = spec_of(attack, norm, batch_size=31)
        part = attack_it(net, x[rows], y[rows], spec, ids=rows.tolist(), keep=most)
        require_agreement(whole, part, rows)


def test_a_direct_call_agrees_with_the_harness_on_every_example(attack, norm):
    most = count(attack, 20)
    net, x, y = doubles(most, conv_net, (1, 8, 8))
    net.requires_grad_(False)
    spec = spec_of(attack, norm, batch_size=7)
    record = attack_it(net, x, y, spec, keep=most)
    rows = record.correct.nonzero().squeeze(1)
    result = spec.run(net, x[rows], y[rows], noise=ExampleNoise(3, tuple(rows.tolist())))
    assert torch.equal(result.success, record.success[rows])
    assert torch.equal(result.forwards, record.forwards[rows])
    assert torch.equal(result.backwards, record.backwards[rows])
    torch.testing.assert_close(result.x_adv[result.success], record.kept, **TOLERANCE)
