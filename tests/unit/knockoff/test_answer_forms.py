"""What an answer shows, by closed forms."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.knockoff.answer_forms import shown
from distillab.specs.thief import RoundedProbabilities, TopClasses

P = torch.tensor([[0.50, 0.26, 0.14, 0.10], [0.04, 0.90, 0.05, 0.01], [0.25, 0.25, 0.25, 0.25], [0.0, 0.4, 0.0, 0.6]])


def probs(form, p=P):
    return shown(p.log(), form).exp()


def close(found, expected):
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-6, rtol=0)


def test_probabilities_are_given_out_as_they_are():
    log_probs = P.log()
    assert shown(log_probs, "probabilities") is log_probs


def test_a_label_is_the_first_of_the_likeliest_classes_and_nothing_else():
    found = probs("label")
    assert found.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert set(shown(P.log(), "label").flatten().tolist()) == {0.0, -torch.inf}


def test_answers_that_name_the_same_class_show_the_same_label():
    other = torch.tensor([[0.40, 0.39, 0.11, 0.10], [0.24, 0.26, 0.25, 0.25]])
    assert torch.equal(probs("label", other), probs("label")[:2])


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [[0.5, 1 / 6, 1 / 6, 1 / 6], [1 / 30, 0.9, 1 / 30, 1 / 30]]),
        (2, [[0.5, 0.26, 0.12, 0.12], [0.025, 0.9, 0.05, 0.025]]),
        (3, [[0.5, 0.26, 0.14, 0.1], [0.04, 0.9, 0.05, 0.01]]),
    ],
)
def test_the_likeliest_classes_are_kept_and_the_rest_is_spread_evenly(k, expected):
    close(probs(TopClasses(top=k))[:2], expected)


@pytest.mark.parametrize("k", [4, 9])
def test_as_many_as_there_are_classes_are_all_probabilities(k):
    assert torch.equal(shown(P.log(), TopClasses(top=k)), P.log())


def test_an_answer_without_a_rest_leaves_the_others_impossible():
    close(probs(TopClasses(top=2))[3], [0.0, 0.4, 0.0, 0.6])
    assert shown(P.log(), TopClasses(top=2))[3, 0] == -torch.inf


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        (0, [[0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 0, 1]]),
        (1, [[5 / 10, 3 / 10, 1 / 10, 1 / 10], [0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0.4, 0, 0.6]]),
        (2, P.tolist()),
    ],
)
def test_rounded_probabilities_are_rescaled_and_an_empty_answer_says_nothing(digits, expected):
    """Halves round to even, as everywhere in torch."""
    close(probs(RoundedProbabilities(rounded=digits)), expected)


FORMS = [
    "label",
    TopClasses(top=1),
    TopClasses(top=2),
    RoundedProbabilities(rounded=1),
    RoundedProbabilities(rounded=3),
]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 30), st.sampled_from(FORMS))
def test_an_answer_is_a_distribution_and_names_the_same_class(seed, sharpness, form):
    z = sharpness * torch.randn(6, 5, generator=torch.Generator().manual_seed(seed))
    found = shown(z.log_softmax(1), form).exp()
    torch.testing.assert_close(found.sum(1), torch.ones(6), atol=1e-5, rtol=0)
    assert (found >= 0).all()
    named = found.gather(1, z.argmax(1, keepdim=True))[:, 0]
    assert torch.allclose(named, found.max(1).values, atol=1e-6)


def test_what_is_not_shown_changes_nothing():
    """The likeliest class and its probability the same, everything else moved."""
    moved = torch.tensor([[0.50, 0.10, 0.22, 0.18], [0.02, 0.90, 0.02, 0.06]])
    close(probs(TopClasses(top=1), moved), probs(TopClasses(top=1))[:2].tolist())
    assert not torch.allclose(probs(TopClasses(top=2), moved), probs(TopClasses(top=2))[:2])
