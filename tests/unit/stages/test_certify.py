"""What a certificate's rows hold: which images, which radius, bounds against intervals written out, what it cost."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from small_project import images

from distillab.stages import certify

EPS, IMAGES, HALVINGS = (0.001, 0.004), 11, 2
FLOAT32 = 1e-4


def interval_margins(weights, x, y, eps):
    """``Z_y - Z_j`` at least: intervals through both convolutions, the last layer's rows merged."""
    w = {name: tensor.double() for name, tensor in weights.items()}
    low, high = (x - eps).clamp(0, 1) - 0.5, (x + eps).clamp(0, 1) - 0.5
    for layer in ("network.0", "network.3"):
        center, half = (low + high) / 2, (high - low) / 2
        mid = F.conv2d(center, w[f"{layer}.weight"], w[f"{layer}.bias"], padding=1)
        half = F.conv2d(half, w[f"{layer}.weight"].abs(), padding=1)
        low, high = (F.max_pool2d(end.relu(), 2) for end in (mid - half, mid + half))
    center, half = (low + high).flatten(1) / 2, (high - low).flatten(1) / 2
    rows = w["network.7.weight"][y][:, None] - w["network.7.weight"][None]
    bias = w["network.7.bias"][y][:, None] - w["network.7.bias"][None]
    return (rows @ center[..., None])[..., 0] + bias - (rows.abs() @ half[..., None])[..., 0]


def least(margins, y):
    return margins.scatter(1, y[:, None], torch.inf).amin(1)


def certified_images(small):
    x, y = images("test")
    ids = small.index("test")[:IMAGES]
    return x[ids], y[ids], ids


def proves(weights, z, x, y, eps):
    """Whether the bound at this radius exceeds what rounding may have added."""
    return least(interval_margins(weights, x, y, eps), y) > FLOAT32 * (1 + z.abs().amax(1))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_row_is_the_bound_of_one_image_at_one_radius(small, seed):
    model = f"ce-cnn_digits-s{seed}"
    frame = small.made(f"{model}-certify-ibp").frame
    x, y, ids = certified_images(small)
    weights = small.weights(model)
    z = small.logits(model, x)
    right = z.argmax(1) == y
    assert frame["id"].tolist() == ids.tolist() * 2
    assert frame["eps"].tolist() == [eps for eps in EPS for _ in range(IMAGES)]
    for eps, rows in frame.groupby("eps"):
        assert rows["label"].tolist() == y.tolist()
        assert rows["predicted"].tolist() == z.argmax(1).tolist()
        clean = least(z.gather(1, y[:, None]) - z, y)
        bound = least(interval_margins(weights, x, y, eps), y)
        np.testing.assert_allclose(rows["margin"], torch.where(right, bound, clean), atol=1e-4)
        sure = proves(weights, z, x, z.argmax(1), eps)
        assert rows["certified"].tolist() == (sure & right).tolist()
        assert rows["certified_prediction"].tolist() == sure.tolist()
        assert rows["by"].tolist() == ["ibp" if each else "" for each in sure]
    assert 0 < frame["certified"].sum() < right.sum() * 2


@pytest.mark.parametrize("seed", [0, 1])
def test_a_radius_is_the_largest_that_was_certified(small, seed):
    """Two halvings of [0, largest], and the radii of the rows themselves: one number for each image."""
    model = f"ce-cnn_digits-s{seed}"
    frame = small.made(f"{model}-certify-ibp").frame
    x, y, _ = certified_images(small)
    weights, z = small.weights(model), small.logits(model, x)
    right = z.argmax(1) == y
    radius = torch.where(right & proves(weights, z, x, y, EPS[-1]), EPS[-1], 0.0).double()
    step = EPS[-1]
    for _ in range(HALVINGS):
        step /= 2
        tried = torch.stack(
            [proves(weights, z[[i]], x[[i]], y[[i]], float(radius[i]) + step)[0] for i in range(IMAGES)]
        )
        radius = torch.where(right & tried & (radius < EPS[-1]), radius + step, radius)
    for eps in EPS:
        radius = torch.where(right & proves(weights, z, x, y, eps), radius.clamp(min=eps), radius)
    np.testing.assert_allclose(frame["radius"], radius.repeat(2), rtol=1e-6)
    assert frame["radius"].nunique() > 1


def test_double_precision_is_used_where_it_is_asked_for(small, tmp_path):
    member = small.member("ce-cnn_digits-s0-certify-ibp")
    wide = member.model_copy(update={"spec": member.spec | {"precision": "float64"}})
    frame = small.remade(wide, tmp_path).frame
    x, y, _ = certified_images(small)
    right = small.logits("ce-cnn_digits-s0", x).argmax(1) == y
    bound = least(interval_margins(small.weights("ce-cnn_digits-s0"), x.float().double(), y, EPS[0]), y)
    assert frame["margin"].dtype == np.float64
    np.testing.assert_allclose(frame["margin"][:IMAGES][right.numpy()], bound[right], atol=1e-9)
    assert small.made(member.id).frame["margin"].dtype == np.float32


def test_no_radius_is_sought_where_no_halving_is_asked_for(small, tmp_path):
    member = small.member("ce-cnn_digits-s0-certify-ibp")
    frame = small.remade(member.model_copy(update={"spec": member.spec | {"radius_steps": 0}}), tmp_path).frame
    assert frame["radius"].isna().all()
    assert len(frame) == 2 * IMAGES


def test_seconds_are_per_image_and_by_radius(small, monkeypatch, tmp_path):
    """A clock that is looked at before and after each radius, then around the search for radii."""
    clock = iter([1.0, 12.0, 20.0, 53.0, 60.0, 104.0])
    monkeypatch.setattr(certify, "time", SimpleNamespace(process_time=lambda: next(clock)))
    product = small.remade(small.member("ce-cnn_digits-s0-certify-ibp"), tmp_path).product
    assert product.run["seconds_per_image"] == [1.0, 3.0]
    assert product.run["radius_seconds_per_image"] == 4.0
    assert product.run.keys() == {"seconds_per_image", "radius_seconds_per_image", "peak_memory"}
    assert product.device == "cpu"


def test_the_peak_of_memory_is_that_of_the_bounds(small, monkeypatch, tmp_path):
    monkeypatch.setattr(certify, "PeakMemory", lambda: SimpleNamespace(bytes=lambda: 12345))
    run = small.remade(small.member("ce-cnn_digits-s0-certify-ibp"), tmp_path).product.run
    assert run["peak_memory"] == 12345


def test_progress_names_the_radius_and_counts_the_images(small):
    from distillab.certify import CERTIFIERS
    from distillab.certify.trace import trace
    from distillab.stages.inputs import prepared_data, trained_network

    member, device = small.made("ce-cnn_digits-s0-certify-ibp").member, torch.device("cpu")
    data = prepared_data(member, small.workspace, device)
    graph = trace(trained_network("ce-cnn_digits-s0", small.workspace, data, device), data.domain.shape)
    x, y, _ = certified_images(small)
    lines = []
    frame, _ = certify.certificates(
        CERTIFIERS.parse({"name": "ibp"}),
        graph,
        x.float(),
        y,
        eps=(EPS[0], 0.0015, EPS[1]),
        radius_steps=2,
        progress=lines.append,
    )
    assert lines == [
        "eps 0.001: 11 of 11 images",
        "eps 0.0015: 11 of 11 images",
        "eps 0.004: 11 of 11 images",
        "radii up to 0.004 in 2 halvings",
    ]
    assert np.isclose(frame["radius"], 0.004 / 2).any(), "the first halving is of the largest radius"


def test_a_radius_between_the_halvings_that_was_asked_about_counts(small):
    """One halving tries 0.002 alone: an image certified at a smaller or larger radius of the rows has that one."""
    from distillab.certify import CERTIFIERS
    from distillab.certify.trace import trace
    from distillab.stages.inputs import prepared_data, trained_network

    member, device = small.made("ce-cnn_digits-s0-certify-ibp").member, torch.device("cpu")
    data = prepared_data(member, small.workspace, device)
    graph = trace(trained_network("ce-cnn_digits-s0", small.workspace, data, device), data.domain.shape)
    x, y, _ = certified_images(small)

    def found(*eps, steps):
        spec = CERTIFIERS.parse({"name": "ibp"})
        return certify.certificates(spec, graph, x.float(), y, eps=eps, radius_steps=steps)[0]["radius"][:IMAGES]

    fine = found(EPS[1], steps=8)
    (image, between), *_ = [(i, r) for i, r in fine.items() if 0 < r < EPS[1] and not np.isclose(r, EPS[1] / 2)]
    assert found(between, EPS[1], steps=1)[image] == between
