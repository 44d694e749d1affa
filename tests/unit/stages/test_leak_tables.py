"""Tables about what answers give away: scatter, class means, the simplex, ablations, hypotheses."""

import numpy as np
import pytest

from distillab.stages.tables import ablations, hypotheses, leaks, simplex

SEEDS = (0, 1, 2)
CMIM = {"name": "cmim", "n_powers": 25, "omega": 25.0}


@pytest.fixture
def results(made_up):
    found = made_up({"ce": {"name": "ce"}, "ls": {"name": "ls"}, "cmim": CMIM, "label_only": {"name": "label_only"}})
    accuracy = {"ce": 0.8, "ls": 0.8, "cmim": 0.95, "label_only": 0.8}
    for seed in SEEDS:
        found.add("ls_student", seed=seed, eps=0.1, test=0.7)
        for key, test in accuracy.items():
            found.add("teacher", seed=seed, defense=key, test=test, sharpness=9.0 if key == "cmim" else 0.0)
            found.add("knockoff", seed=seed, defense=key, attack="kd", test=0.6)
    return found


def test_scatter_and_resemblance_are_per_teacher_seed_and_split(results):
    rows = leaks.rows(results)
    assert len(rows) == 4 * 3 * 2
    peak = {row["defense"]: row["peak"] for row in rows if row["split"] == "train" and row["seed"] == 0}
    assert peak["cmim"] < peak["ce"]
    own = [row["resemblance"] for row in rows if row["defense"] == "ce"]
    assert np.isnan(own).all()
    assert np.isfinite([row["resemblance"] for row in rows if row["defense"] != "ce"]).all()


def test_projection_of_the_specified_point():
    point = simplex.project(np.log([[0.5, 0.2, 0.05, 0.25]]), np.array([0, 1, 3]), 1.0)
    np.testing.assert_allclose(point, [[0.342105, 0.227901]], atol=1e-6)


def test_projections_lie_in_the_triangle_and_survive_exact_zeros():
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.2, 0.3, 0.5, 0.0]]))
    for power in simplex.POWERS:
        points = simplex.project(log_probs, np.array([0, 1, 2]), power)
        assert np.isfinite(points).all()
        assert (points[:, 1] >= 0).all()
        assert (points[:, 1] <= np.sqrt(3) * np.minimum(points[:, 0], 1 - points[:, 0]) + 1e-12).all()


def test_one_seed_of_every_teacher_is_drawn_with_the_same_classes(results):
    rows = simplex.rows(results)
    assert {row["seed"] for row in rows} == {0}
    assert {row["defense"] for row in rows} == {"ce", "ls", "cmim", "label_only"}
    assert len({tuple(row["corners"]) for row in rows}) == 1
    assert {row["name"] for row in rows} == set(rows[0]["corners"])


def test_an_ablation_needs_three_values_of_one_field(made_up):
    betas = {f"cmim_b{number}": CMIM | {"beta": beta} for number, beta in enumerate((0.5, 1.0, 2.0))}
    found = made_up(betas)
    for key in betas:
        found.add("teacher", seed=0, defense=key)
        found.add("knockoff", seed=0, defense=key, attack="kd")
    rows = ablations.rows(found)
    assert {(row["method"], row["field"]) for row in rows} == {("cmim", "beta")}
    assert {row["quantity"] for row in rows} == {"accuracy", "peak", "knockoff"}
    assert sorted({row["value"] for row in rows}) == [0.5, 1.0, 2.0]
    del betas["cmim_b2"]
    assert ablations.rows(found) == []


def test_two_fields_that_vary_are_no_ablation(made_up):
    variants = {
        f"cmim_{n}": CMIM | {"beta": beta, "omega": omega} for n, beta, omega in ((0, 1, 1), (1, 2, 1), (2, 2, 2))
    }
    assert ablations.rows(made_up(variants)) == []


def test_each_hypothesis_is_decided_by_its_own_numbers(results):
    rows = {row["statement"]: row for row in hypotheses.rows(results)}
    better = rows["CMIM's teacher is more accurate than CE's"]
    assert better["value"] == pytest.approx(15)
    assert better["seeds"] == 3
    slack = next(row for row in rows.values() if row["hypothesis"] == "W4")
    scatter = [row["peak"] for row in leaks.rows(results) if (row["defense"], row["split"]) == ("cmim", "train")]
    assert slack["value"] == pytest.approx(np.log(25) / 25 - np.mean(scatter))
    same = next(row for row in rows.values() if row["hypothesis"] == "W8")
    assert same["value"] == pytest.approx(0)
    assert "W6" not in {row["hypothesis"] for row in rows.values()}  # no attacker tuned


def test_without_cmim_there_is_nothing_to_decide(made_up):
    assert hypotheses.rows(made_up({"ce": {"name": "ce"}})) == []
