import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import entr, rel_entr

from distillab.core.errors import ContractError
from distillab.metrics.concentration import class_centroids, concentration

A = np.log([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1]])
B = np.log([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1]])
ONE_CLASS = np.array([0, 0])
POWERS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 50.0)
TV2 = {
    "A": (A, (0.0, 0.00279381, 0.01068671, 0.03332976, 0.05111551, 0.02017653, 0.0)),
    "B": (B, (0.0, 0.01092040, 0.04418460, 0.15801781, 0.37945008, 0.57822970, 0.69314718)),
}
TV3 = {"A": (A, (0.02213211, 0.04335308, -0.00624591)), "B": (B, (0.08892137, 0.25695515, 0.16703969))}


def log_of(probs):
    with np.errstate(divide="ignore"):
        return np.log(probs)


def sample(seed, n=40, k=5, zeros=0.0):
    """Labelled outputs with a share of exact zeros; class k - 1 is absent."""
    rng = np.random.default_rng(seed)
    labels = np.r_[np.arange(k - 1), rng.integers(0, k - 1, n - k + 1)]
    weights = rng.dirichlet(np.ones(k), n) + np.eye(k)[labels]
    weights[(rng.random((n, k)) < zeros) & (np.arange(k) != labels[:, None])] = 0.0
    return log_of(weights / weights.sum(axis=1, keepdims=True)), labels


def transformed(log_probs, power):
    weights = np.where(np.isneginf(log_probs), 0.0, np.exp(power * np.where(np.isneginf(log_probs), 0.0, log_probs)))
    return weights / weights.sum(axis=1, keepdims=True)


CLUSTERS = st.builds(
    sample,
    st.integers(0, 2**31),
    n=st.integers(6, 64),
    k=st.integers(2, 6),
    zeros=st.sampled_from([0.0, 0.4]),
)


@pytest.mark.parametrize("cluster", TV2)
def test_printed_curve(cluster):
    log_probs, expected = TV2[cluster]
    curve = concentration(log_probs, ONE_CLASS, POWERS)
    np.testing.assert_allclose(curve.overall, expected, atol=1e-8)
    np.testing.assert_allclose(curve.per_class[0], expected, atol=1e-8)
    assert curve.counts.tolist() == [2, 0, 0]
    assert np.isnan(curve.per_class[1:]).all()


def test_printed_centroids():
    np.testing.assert_allclose(class_centroids(A, ONE_CLASS)[0], (0.7, 0.2, 0.1))
    np.testing.assert_allclose(class_centroids(B, ONE_CLASS)[0], (0.55, 0.35, 0.1))
    np.testing.assert_allclose(class_centroids(A, ONE_CLASS, power=0.25)[0], (0.430019, 0.305350, 0.264631), atol=1e-6)
    assert np.isnan(class_centroids(A, ONE_CLASS)[1:]).all()


def slope(log_probs, labels, powers, step=1e-5):
    """The central difference of the curve."""
    ahead, behind = (concentration(log_probs, labels, np.array(powers) + sign * step).overall for sign in (1, -1))
    return (ahead - behind) / (2 * step)


@pytest.mark.parametrize("cluster", TV3)
def test_printed_slope(cluster):
    log_probs, expected = TV3[cluster]
    np.testing.assert_allclose(slope(log_probs, ONE_CLASS, (0.25, 1.0, 2.0)), expected, atol=2e-8)


def test_a_class_that_is_never_output_adds_nothing_to_the_slope():
    unused = np.c_[A, [-np.inf, -np.inf]]
    np.testing.assert_allclose(slope(unused, ONE_CLASS, (0.25, 1.0, 2.0)), TV3["A"][1], atol=2e-8)


def test_slope_is_the_published_formula():
    log_probs, labels = sample(4)
    for power in (0.25, 1.0, 3.0):
        p = transformed(log_probs, power)
        s = class_centroids(log_probs, labels, power=power)[labels]
        m1, m2 = -(p * np.log(p)).sum(axis=1), (p * np.log(p) ** 2).sum(axis=1)
        centered = -np.log(s) + (p * np.log(s)).sum(axis=1, keepdims=True)
        covariance = (p * (-np.log(p) - m1[:, None]) * centered).sum(axis=1)
        expected = (m2 - m1**2 - covariance).mean() / power
        np.testing.assert_allclose(slope(log_probs, labels, [power]), expected, atol=1e-8)


@settings(deadline=None)
@given(CLUSTERS, st.floats(0.0, 8.0))
def test_curve_is_the_mean_divergence_from_the_centroid(cluster, power):
    log_probs, labels = cluster
    q = transformed(log_probs, power)
    scatter = [rel_entr(q[labels == y], q[labels == y].mean(axis=0)).sum(axis=1) for y in np.unique(labels)]
    curve = concentration(log_probs, labels, [power])
    np.testing.assert_allclose(curve.overall, np.concatenate(scatter).mean(), atol=1e-12)
    np.testing.assert_allclose(curve.per_class[0], scatter[0].mean(), atol=1e-12)


@settings(deadline=None)
@given(CLUSTERS)
def test_curve_stays_within_its_bounds(cluster):
    log_probs, labels = cluster
    curve = concentration(log_probs, labels, np.linspace(0, 8, 9))
    present = curve.counts > 0
    bound = np.log(np.minimum(log_probs.shape[1], curve.counts[present]))
    assert (curve.per_class[present] >= 0).all()
    assert (curve.per_class[present] <= bound[:, None] + 1e-12).all()
    assert (curve.overall <= np.log(log_probs.shape[1]) + 1e-12).all()
    if np.isfinite(log_probs).all():
        np.testing.assert_allclose(curve.overall[0], 0.0, atol=1e-14)


@settings(deadline=None)
@given(CLUSTERS, st.integers(0, 2**31))
def test_renaming_classes_and_reordering_examples_change_nothing(cluster, seed):
    (log_probs, labels), rng = cluster, np.random.default_rng(seed)
    rows, classes = rng.permutation(len(labels)), rng.permutation(log_probs.shape[1])
    powers = (0.25, 1.0, 4.0)
    before = concentration(log_probs, labels, powers)
    after = concentration(log_probs[rows][:, np.argsort(classes)], classes[labels[rows]], powers)
    np.testing.assert_allclose(after.overall, before.overall, atol=1e-12)
    np.testing.assert_allclose(after.per_class[classes], before.per_class, atol=1e-12)


def test_a_large_power_leaves_the_entropy_of_the_predicted_classes():
    rng = np.random.default_rng(6)
    log_probs, labels = np.log(rng.dirichlet(np.ones(5), 40)), rng.integers(0, 5, 40)
    predicted = log_probs.argmax(axis=1)
    expected = sum(
        (labels == y).mean() * entr(np.bincount(predicted[labels == y]) / (labels == y).sum()).sum()
        for y in np.unique(labels)
    )
    assert expected > 1
    np.testing.assert_allclose(concentration(log_probs, labels, [1e5]).overall, expected, atol=1e-8)


def test_collapsed_or_single_examples_have_no_scatter():
    row = np.log([[0.2, 0.3, 0.5]])
    together = concentration(np.repeat(row, 7, axis=0), np.zeros(7, int), POWERS)
    np.testing.assert_allclose(together.overall, 0.0, atol=1e-15)
    np.testing.assert_allclose(together.overall_corrected, 0.0, atol=1e-14)
    alone = concentration(np.repeat(row, 2, axis=0), np.array([0, 2]), POWERS)
    np.testing.assert_allclose(alone.overall, 0.0, atol=1e-15)
    assert np.isnan(alone.overall_corrected).all()


def test_one_hot_rows_give_the_entropy_of_their_classes():
    log_probs = log_of(np.eye(3)[[0, 0, 1, 2]])
    curve = concentration(log_probs, np.zeros(4, int), (0.0, 0.5, 2.0))
    np.testing.assert_allclose(curve.overall, entr([0.5, 0.25, 0.25]).sum())


def test_jackknife_is_the_textbook_one():
    log_probs, _ = sample(7, n=9)
    labels = np.zeros(9, int)
    plugin = concentration(log_probs, labels, (0.25, 1.0))
    without = [concentration(np.delete(log_probs, i, axis=0), labels[1:], (0.25, 1.0)).overall for i in range(9)]
    np.testing.assert_allclose(plugin.overall_corrected, 9 * plugin.overall - 8 * np.mean(without, axis=0))


def test_jackknife_removes_the_bias_of_small_classes():
    rng = np.random.default_rng(8)
    draws = np.log(rng.dirichlet((8, 1, 1, 1), (2000, 4)))
    curves = [concentration(draw, np.zeros(4, int), [1.0]) for draw in draws]
    truth = 0.11520
    assert np.mean([curve.overall for curve in curves]) / truth == pytest.approx(0.733, rel=0.03)
    assert np.mean([curve.overall_corrected for curve in curves]) / truth == pytest.approx(1.0, abs=0.06)


def test_chunks_change_no_value(monkeypatch):
    log_probs, labels = sample(9, n=64)
    powers = np.linspace(0, 4, 23)
    whole = concentration(log_probs, labels, powers)
    monkeypatch.setattr("distillab.metrics.concentration.CHUNK", 1)
    apart = concentration(log_probs, labels, powers)
    np.testing.assert_allclose(apart.per_class, whole.per_class, atol=1e-14)
    np.testing.assert_allclose(apart.per_class_corrected, whole.per_class_corrected, atol=1e-13)


def test_peak_is_the_largest_point_of_the_grid():
    peak = concentration(A, ONE_CLASS, POWERS).peak
    assert peak.power == 2.0
    assert peak.value == pytest.approx(0.05111551)


def test_float32_inputs_are_accumulated_in_float64():
    log_probs, labels = sample(10, n=64)
    narrow, wide = (concentration(log_probs.astype(kind), labels, POWERS) for kind in (np.float32, np.float64))
    np.testing.assert_allclose(narrow.overall, wide.overall, atol=1e-6)
    assert narrow.overall.dtype == np.float64


@pytest.mark.parametrize("spoil", ["probabilities", "logits", "nan", "label", "negative label", "power", "length"])
def test_unusable_input_is_an_error(spoil):
    log_probs, labels = sample(11)
    powers = np.array([1.0])
    inputs = {
        "probabilities": (np.exp(log_probs), labels, powers),
        "logits": (log_probs + 3, labels, powers),
        "nan": (np.where(np.arange(5) == 2, np.nan, log_probs), labels, powers),
        "label": (log_probs, labels + 5, powers),
        "negative label": (log_probs, labels - 1, powers),
        "power": (log_probs, labels, -powers),
        "length": (log_probs, labels[1:], powers),
    }
    with pytest.raises(ContractError):
        concentration(*inputs[spoil])
