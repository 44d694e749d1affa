"""The smallest distances of a chain's models: over attacks, views and images that count, and of whom."""

from math import inf

from attacked_run import AttackedRun, method, struck

from distillab.tables import chains


def test_only_chains_that_start_from_a_teacher_of_their_own_count():
    run = AttackedRun({"cw": method("l2"), "pgd": method("l2", eps=0.5)})
    teacher = run.teacher("ce", seed=3)
    robust = run.step(4.0, 1, seed=3, chain="robust", teacher=teacher)
    steps = [run.step(temperature, step, seed=seed) for temperature, step, seed in ((4.0, 1, 8), (1.0, 2, 3))]
    for model in (teacher, robust, *steps):
        run.attack(model, "cw", struck({1: 0.5}, farthest=9.0))
    run.attack(run.step(16.0, 0), "pgd", struck({1: 0.5}, farthest=9.0))
    found = [distances.run for distances in chains.smallest_distances(run, "l2", "worst")]
    assert [(of.chain, of.temperature, of.step, of.seed) for of in found] == [("ta", 4.0, 1, 8), ("ta", 1.0, 2, 3)]


def smallest(run, view="worst"):
    return [found.by_image.to_dict() for found in chains.smallest_distances(run, "l2", view)]


def test_the_smallest_distance_of_an_image_is_over_attacks_and_views_with_failures_at_the_farthest_point():
    run = AttackedRun({"cw": method("l2"), "ddn": method("l2")})
    step = run.step(4.0, 1)
    run.attack(step, "cw", struck({7: 0.5, 3: inf, 5: 0.9, 1: inf, 2: None}, farthest=[1.5, 2.5, 3.5, 4.5, 5.5]))
    run.attack(step, "ddn", struck({3: 0.8, 7: 0.6, 1: inf, 5: inf, 2: None}, farthest=[2.5, 1.5, 4.5, 3.5, 5.5]))
    rescaled = struck({7: inf, 3: 0.7, 5: 0.2, 1: inf, 2: None}, farthest=[1.5, 2.5, 3.5, 4.5, 5.5])
    run.attack(step, "cw", rescaled, logits="rescaled")
    assert smallest(run, "raw") == [{7: 0.5, 3: 0.8, 5: 0.9, 1: 4.5}]
    assert smallest(run, "worst") == [{7: 0.5, 3: 0.7, 5: 0.2, 1: 4.5}]


def test_attacks_on_the_most_images_count_and_of_these_the_images_that_all_of_them_saw():
    run = AttackedRun({"cw": method("l2"), "ddn": method("l2"), "few": method("l2")})
    step = run.step(1.0, 0)
    run.attack(step, "few", struck({4: 0.01, 6: 0.01}, farthest=9.0))
    run.attack(step, "cw", struck({4: 0.5, 6: 0.25, 8: 1.0}, farthest=9.0))
    run.attack(step, "ddn", struck({2: 0.1, 8: 2.0, 4: 0.125}, farthest=9.0))
    assert smallest(run) == [{4: 0.125, 8: 1.0}]
