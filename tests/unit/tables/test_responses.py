"""The table ``responses``: softened answers, by powers of probabilities instead of logits."""

import by_hand
import numpy as np
import pytest

from distillab.tables import profiles, responses

LABELS = {"train": [0, 1, 2], "val": [0, 1, 2], "test": [0, 1, 2, 0]}
SAID = {
    ("ce", 5): [(0.7, 0.2, 0.1), (0.25, 0.6, 0.15), (0.1, 0.1, 0.8), (0.3, 0.5, 0.2)],
    ("ce", 6): [(0.5, 0.3, 0.2), (0.1, 0.5, 0.4), (0.3, 0.1, 0.6), (0.6, 0.3, 0.1)],
    ("ls", 5): [(0.9, 0.06, 0.04), (0.5, 0.3, 0.2), (0.03, 0.02, 0.95), (0.8, 0.15, 0.05)],
    ("ls", 6): [(0.4, 0.3, 0.3), (0.3, 0.4, 0.3), (0.5, 0.3, 0.2), (0.8, 0.1, 0.1)],
    ("ls", 8): [(0.4, 0.3, 0.3), (0.3, 0.4, 0.3), (0.5, 0.3, 0.2), (0.8, 0.1, 0.1)],
}
RIGHT = {
    ("ce", 5): [0, 1, 2],
    ("ce", 6): [0, 1, 2, 3],
    ("ls", 5): [0, 2, 3],
    ("ls", 6): [0, 1, 3],
    ("ls", 8): [0, 1, 3],
}
"""Images that a teacher classifies correctly; an unprotected one need not."""


@pytest.fixture
def results(made_up):
    """Unprotected teachers come last; another network's, which must not be the reference, first."""
    found = made_up(("ls", "ce"), labels=LABELS)
    for defense, seed in [("ls", 6), ("ls", 5), ("ls", 8), ("ce", 5), ("ce", 6)]:
        found.teacher(defense, seed=seed, test=SAID[defense, seed])
    found.teacher("ce", seed=8, net="slim", test=SAID["ce", 6])
    found.knockoff("kd", found.teacher("ls", seed=8, test=SAID["ls", 8]))
    return found


def softened(defense, seed, images, temperature):
    probs = np.array(SAID[defense, seed])[images] ** (1 / temperature)
    return probs / probs.sum(axis=1, keepdims=True)


def divergence(first, second):
    return (first * np.log(first / second)).sum(axis=1).mean()


def expected(defense, seed, temperature):
    images = RIGHT[defense, seed]
    said = softened(defense, seed, images, temperature)
    entropies = np.array([by_hand.entropy(row) for row in said])
    second, top = np.sort(said, axis=1)[:, 1:].T
    plain = softened("ce", seed, images, temperature) if seed != 8 else np.full_like(said, np.nan)
    return {
        "teacher": f"{defense}-wide",
        "defense": defense,
        "defense_label": defense.upper(),
        "seed": seed,
        "temperature": temperature,
        "n": len(images),
        "entropy": entropies.mean(),
        "entropy_sd": np.sqrt(((entropies - entropies.mean()) ** 2).mean()),
        "support": np.exp(entropies).mean(),
        "gap": (top - second).mean(),
        "kl_from_plain": divergence(said, plain),
        "kl_to_plain": divergence(plain, said),
    }


def test_every_row_is_that_of_its_teacher_seed_and_temperature(results, same_row):
    rows = responses.rows(results)
    teachers = [("ls", 6), ("ls", 5), ("ls", 8), ("ce", 5), ("ce", 6)]
    wanted = [(*teacher, temperature) for teacher in teachers for temperature in (1.0, 4.0, 20.0)]
    assert len(rows) == len(wanted) + 3
    for row, of in zip(rows, wanted, strict=False):
        same_row(row, expected(*of))
    assert {(row["teacher"], row["seed"], row["kl_from_plain"]) for row in rows[len(wanted) :]} == {("ce-slim", 8, 0.0)}


def test_zeros_that_meet_mass_are_infinitely_far(made_up):
    found = made_up(("ce", "st"), labels=LABELS | {"test": [0]})
    found.teacher("ce", test=[(0.5, 0.5, 0.0)])
    found.teacher("st", test=[(1.0, 0.0, 0.0)])
    row = responses.rows(found)[3]
    assert (row["teacher"], row["entropy"], row["support"], row["gap"]) == ("st-wide", 0.0, 1.0, 1.0)
    assert (row["kl_from_plain"], row["kl_to_plain"]) == (pytest.approx(np.log(2)), np.inf)


def test_answers_that_are_read_in_blocks_say_the_same(results, same_row, monkeypatch):
    """Of one image each: some blocks have no image that is classified correctly."""
    whole = [*responses.rows(results), *profiles.rows(results)]
    monkeypatch.setattr("distillab.metrics.arrays.BLOCK", 3)
    for row, expected in zip([*responses.rows(results), *profiles.rows(results)], whole, strict=True):
        same_row(row, expected, rel=1e-12)
