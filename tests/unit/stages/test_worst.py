"""The worst case over attacks is taken image by image, and says when direct attacks cannot be trusted."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from distillab.stages.tables import responses, worst

METHODS = {
    "a": {"norm": "linf", "targeted": False},
    "b": {"norm": "linf", "targeted": False},
    "t": {"norm": "linf", "targeted": True},
}


class Attacked:
    """Stands in for `Results`: attacks on one model by name, distance per image."""

    def __init__(self, distances, correct, *, carried=()):
        self.frames = {
            name: pd.DataFrame({"id": np.arange(len(values)), "correct": correct[: len(values)], "distance": values})
            for name, values in distances.items()
        }
        self.carried = carried
        self.workspace = SimpleNamespace(plan=SimpleNamespace(facts={"attacks": METHODS}))

    def members(self, _stage):
        return [
            SimpleNamespace(
                id=name,
                axes={"attack": name[0]},
                parents={"model": "m"} | ({"source": "n"} if name in self.carried else {}),
                spec={"attack": {"eps": 0.1} if name[0] == "a" else {}},
            )
            for name in self.frames
        ]

    def attacked(self, member):
        return self.frames[member.id]

    def run_of(self, _model):
        fields = ("model", "role", "defense", "arch", "chain", "temperature", "step", "seed")
        return SimpleNamespace(key=lambda: dict.fromkeys(fields, 0))


CORRECT = np.array([True, True, True, False])


def test_an_image_falls_to_any_attack_within_the_budget():
    results = Attacked({"a": [0.05, np.inf, 0.2, np.inf], "b": [np.inf, 0.1, 0.11, np.inf]}, CORRECT)
    (row,) = worst.rows(results)
    assert (row["eps"], row["attacks"], row["n"]) == (0.1, 2, 4)
    assert row["robust_accuracy"] == 0.25
    assert row["best_single"] == 0.5
    assert row["clean_accuracy"] == 0.75
    assert 1 - row["robust_accuracy"] == pytest.approx((1 - row["clean_accuracy"]) + row["boundary"])


def test_targeted_attacks_and_images_that_only_some_attacks_saw_do_not_count():
    results = Attacked({"a": [np.inf] * 4, "b": [np.inf] * 3, "t": [0.01] * 4}, CORRECT)
    (row,) = worst.rows(results)
    assert (row["attacks"], row["n"], row["robust_accuracy"]) == (2, 3, 1.0)


@pytest.mark.parametrize(("carried", "wins"), [(("a2",), True), ((), False)])
def test_a_carried_over_attack_that_wins_is_a_warning(carried, wins):
    results = Attacked({"a": [np.inf] * 4, "a2": [0.05, np.inf, np.inf, np.inf]}, CORRECT, carried=carried)
    (row,) = worst.rows(results)
    assert row["transfer_wins"] is wins
    assert row["robust_accuracy"] == 0.5


def test_answers_are_compared_with_the_unprotected_teachers(made_up):
    results = made_up({"ce": {"name": "ce"}, "ls": {"name": "ls"}})
    for key, sharpness in (("ce", 0.0), ("ls", 6.0)):
        results.add("teacher", seed=0, defense=key, test=1.0, sharpness=sharpness)
    rows = {(row["defense"], row["temperature"]): row for row in responses.rows(results)}
    assert rows["ce", 1.0]["kl_from_plain"] == rows["ce", 4.0]["kl_to_plain"] == 0
    assert rows["ls", 1.0]["kl_from_plain"] > 0
    assert rows["ls", 1.0]["entropy"] < rows["ce", 1.0]["entropy"] < rows["ce", 20.0]["entropy"]
    assert all(1 <= row["support"] <= 4 for row in rows.values())
    profile = [row["value"] for row in responses.profile_rows(results) if row["defense"] == "ls"]
    assert len(profile) == 4
    assert profile == sorted(profile, reverse=True)
    assert sum(profile) == pytest.approx(0, abs=1e-6)
