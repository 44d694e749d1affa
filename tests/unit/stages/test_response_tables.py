"""What a teacher's answers say beside those of the unprotected teacher."""

import pytest

from distillab.stages.tables import responses


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
