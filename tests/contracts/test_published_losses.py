"""Methods of grade V against the formulas of their authors, written out in numpy: equal to 1e-6 in float64."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from distillab.core.registry import name_of
from distillab.data.dataset import Batch
from distillab.defenses import DEFENSES
from distillab.defenses.ast import sparse_divergence
from distillab.defenses.deviation import deviation
from distillab.defenses.st import largest_log_probs
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import CachedAnswers
from distillab.losses.conditional_mutual_information import conditional_mutual_information
from distillab.specs.model import Domain

EPS, OMEGA, LAMBDA, KEPT, BETA, GAMMA, SHARPNESS = 0.3, 0.04, 0.9, 2, 0.7, 0.2, 25.0
INNER_MAXIMUM = {"madry", "trades", "wong_kolter", "crown_ibp", "ibp_training"}
"""Their losses are those of an adversary's images, or bounds of them: see the tests of each."""


@st.composite
def problems(draw):
    """Logits z of a trained network and t of another one, labels, and a temperature."""
    n, k = draw(st.integers(2, 16)), draw(st.integers(3, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    z, t = draw(st.sampled_from([0.5, 2.0])) * rng.normal(size=(2, n, k))
    return SimpleNamespace(z=z, t=t, y=rng.integers(k, size=n), T=draw(st.sampled_from([1.0, 4.0, 20.0])), rng=rng)


def softmax(z, temperature=1.0):
    powers = np.exp((z - z.max(1, keepdims=True)) / temperature)
    return powers / powers.sum(1, keepdims=True)


def entropy(p, q):
    """H(p, q)."""
    return -(p * np.log(q)).sum(1)


def kl(p, q):
    return entropy(p, q) - entropy(p, p)


def one_hot(c):
    return np.eye(c.z.shape[1])[c.y]


def hard(c):
    return entropy(one_hot(c), softmax(c.z))


def without_label(c, p):
    """The distribution over the other classes."""
    others = np.array([np.delete(row, label) for row, label in zip(p, c.y, strict=True)])
    return others / others.sum(1, keepdims=True)


def label_or_not(c, p):
    own = p[np.arange(len(c.y)), c.y]
    return np.stack([own, 1 - own], axis=1)


def correlations(a, b):
    """Pearson's, row by row, with the release's guard against zero variance."""
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-8)


def nasty(c):
    return hard(c) - OMEGA * c.T**2 * kl(softmax(c.z, c.T), softmax(c.t, c.T))


def stingy(c):
    p = softmax(c.t)
    kept = np.where(p >= np.sort(p, axis=1)[:, [-KEPT]], p, 0)
    return kept / kept.sum(1, keepdims=True)


def reverse_sigmoid(c):
    p = softmax(c.t)
    moved = p - BETA * (1 / (1 + (p / (1 - p)) ** -GAMMA) - 0.5)
    return moved / moved.sum(1, keepdims=True)


def angle(c):
    """Between the gradients of all classes' losses in the last weights of a surrogate with 3 features, summed up."""
    p, q, answer = softmax(c.t), softmax(c.z), softmax(c.t[::-1])
    found = []
    for features, row in zip(c.rng.normal(size=(len(p), 3)), range(len(p)), strict=True):
        jacobian = np.stack([np.outer(q[row] - label, features).ravel() for label in np.eye(p.shape[1])])
        units = [each[row] @ jacobian for each in (answer, p)]
        units = [unit / np.linalg.norm(unit) for unit in units]
        found.append(((units[0] - units[1]) ** 2).sum())
    return np.array(found)


def predictive(c):
    """The exponential predictive divergence from the sparse answer."""
    p, r = softmax(c.z, c.T), softmax(np.where(c.t >= np.sort(c.t, axis=1)[:, [-KEPT]], c.t, -np.inf), c.T)
    return c.T**2 * (np.exp(r) * (r - p)).sum(1)


POWERS = np.array([0.25, 1.0, 3.0])


def scatter(c):
    """Equation 28's second term without lambda; Q from the other network. The exponentials themselves overflow."""
    total = 0.0
    for label in np.unique(c.y):
        rows = c.y == label
        values = [kl(softmax(a * c.z[rows]), softmax(a * c.t[[label % len(c.t)]])).mean() for a in POWERS]
        total += rows.mean() * (np.logaddexp.reduce(SHARPNESS * np.array(values)) - np.log(len(values))) / SHARPNESS
    return total


def distilled(c):
    return (1 - LAMBDA) * hard(c) + LAMBDA * c.T**2 * kl(softmax(c.t, c.T), softmax(c.z, c.T))


def decoupled(c):
    t, s = softmax(c.t, c.T), softmax(c.z, c.T)
    target = kl(label_or_not(c, t), label_or_not(c, s))
    return hard(c) + c.T**2 * (2 * target + 8 * kl(without_label(c, t), without_label(c, s)))


def correlated(c):
    s, t = softmax(c.z), softmax(c.t)
    return hard(c) + 1 - correlations(s, t) + 1 - correlations(s.T, t.T).mean()


FORMULAS = {
    "ce": hard,
    "ls": lambda c: (1 - EPS) * hard(c) + EPS * entropy(np.full_like(c.z, 1 / c.z.shape[1]), softmax(c.z)),
    "nt": nasty,
    "st": stingy,
    "rsp": reverse_sigmoid,
    "mad": angle,
    "label_only": lambda c: (1 - EPS) * np.eye(c.t.shape[1])[c.t.argmax(1)] + EPS / c.t.shape[1],
    "cmim": scatter,
    "ast": predictive,
    "kd": distilled,
    "dkd": decoupled,
    "dist": correlated,
    "knockoff_random": lambda c: entropy(softmax(c.t), softmax(c.z)),
    "argmax": lambda c: entropy(np.eye(c.t.shape[1])[c.t.argmax(1)], softmax(c.z)),
}


def tensors(c):
    return torch.from_numpy(c.z), torch.from_numpy(c.t), torch.from_numpy(c.y)


def trained(name, **fields):
    """The sum of a defense's terms; the teacher that it may need answers t."""

    def loss(c):
        z, t, y = tensors(c)
        task = SimpleNamespace(needed={"ce": lambda _x: t}, classes=z.shape[1])
        temperature = {"temperature": c.T} if name == "nt" else {}
        objective = DEFENSES[name](**fields, **temperature).objective(task)
        return torch.stack(list(objective.terms(nn.Identity(), Batch(z, y, torch.arange(len(y)))).values())).sum(0)

    return loss


def stolen(name, *, softened=False, **fields):
    """The sum of an attack's terms after its warm-up; the teacher answers the softmax of t."""

    def loss(c):
        z, t, y = tensors(c)
        task = SimpleNamespace(epochs=9, train=torch.arange(len(y)), seed=0)
        spec = KNOCKOFFS[name](**fields, **({"temperature": c.T} if softened else {}))
        objective = spec.objective(task, CachedAnswers(t.softmax(1)))
        objective.begin_epoch(8, nn.Identity())
        return torch.stack(list(objective.terms(nn.Identity(), Batch(z, y, torch.arange(len(y)))).values())).sum(0)

    return loss


def released(name, **fields):
    def probs(c):
        domain = Domain((1, 8, 8), c.t.shape[1], (0.5,), (0.3,))
        log_probs = torch.from_numpy(c.t).log_softmax(1)
        return DEFENSES[name](**fields).release({}, domain)(log_probs, torch.empty(len(log_probs), 0)).exp()

    return probs


def deviated(c):
    p, q, answer = (torch.from_numpy(softmax(each)) for each in (c.t, c.z, c.t[::-1]))
    return deviation(answer, q, nn.functional.normalize(q - p, dim=1))


def sparse(c):
    z, t, _ = tensors(c)
    return sparse_divergence(z, largest_log_probs(t, KEPT), loss="epd", temperature=c.T)


def concentrated(c):
    z, t, y = tensors(c)
    powers = torch.from_numpy(POWERS)
    log_q = (powers[:, None] * t[torch.arange(z.shape[1]) % len(t), None]).log_softmax(-1)
    return conditional_mutual_information(z, y, log_q, powers, omega=SHARPNESS).mean()


OURS = {
    "ce": trained("ce"),
    "ls": trained("ls", label_smoothing=EPS),
    "nt": trained("nt", omega=OMEGA),
    "st": lambda c: largest_log_probs(torch.from_numpy(c.t).log_softmax(1), KEPT).exp(),
    "rsp": released("rsp", beta=BETA, gamma=GAMMA),
    "mad": deviated,
    "label_only": released("label_only", label_smoothing=EPS),
    "cmim": concentrated,
    "ast": sparse,
    "kd": stolen("kd", softened=True, hard_weight=1 - LAMBDA),
    "dkd": stolen("dkd", softened=True, target_weight=2, nontarget_weight=8),
    "dist": stolen("dist"),
    "knockoff_random": stolen("knockoff_random"),
    "argmax": stolen("argmax", hard_weight=0, label_smoothing=0),
}


@pytest.mark.parametrize("name", FORMULAS)
@settings(max_examples=15, deadline=None)
@given(problem=problems())
def test_a_loss_is_that_of_its_authors(name, problem):
    expected = FORMULAS[name](problem)
    np.testing.assert_allclose(OURS[name](problem).numpy(), expected, atol=1e-6, rtol=1e-6)


def test_every_verified_method_has_its_formula_here():
    verified = {name_of(method) for method in [*DEFENSES, *KNOCKOFFS] if method.grade == "V"}
    assert verified - INNER_MAXIMUM == set(FORMULAS) == set(OURS)
