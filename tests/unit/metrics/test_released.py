"""What an answer shows is the same for whoever measures it as for the thief who learns from it."""

import numpy as np
import pytest
import torch

from distillab.knockoff.answer_forms import shown
from distillab.metrics.released import released
from distillab.specs.thief import RoundedProbabilities, TopClasses

FORMS = {
    "probabilities": "probabilities", "label": "label", "top 1": TopClasses(top=1), "top 3": TopClasses(top=3),
    "top 9": TopClasses(top=9), "rounded 0": RoundedProbabilities(rounded=0),
    "rounded 1": RoundedProbabilities(rounded=1),
    "rounded 3": RoundedProbabilities(rounded=3),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_as_a_thief_sees_it(form):
    probs = np.random.default_rng(0).dirichlet(np.full(6, 0.3), size=400).astype(np.float32)
    probs[:2] = [1, 0, 0, 0, 0, 0], [1 / 6] * 6
    with np.errstate(divide="ignore"):
        log_probs = np.log(probs)
    plain = form if isinstance(form, str) else form.plain()
    ours = np.exp(released(log_probs, plain))
    assert np.allclose(ours, shown(torch.from_numpy(log_probs), form).exp().numpy(), atol=1e-6)
    assert np.allclose(ours.sum(axis=1), 1, atol=1e-5)


def test_by_hand():
    log_probs = np.log(np.array([[0.62, 0.3, 0.08, 0.0001]]))
    assert np.exp(released(log_probs, "label")).tolist() == [[1, 0, 0, 0]]
    assert np.allclose(np.exp(released(log_probs, {"rounded": 1})), [[0.6, 0.3, 0.1, 0]])
    assert np.allclose(np.exp(released(log_probs, {"top": 1})), [[0.62, 0.38 / 3, 0.38 / 3, 0.38 / 3]])
