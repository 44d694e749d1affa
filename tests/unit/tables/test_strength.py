"""What a search for the closest point is called, by what others found on the same images."""

from math import inf, nan

import pytest
from attacked_run import AttackedRun, assert_row, method, struck

from distillab.tables import strength

ATTACKS = {
    "cw": method("l2", label="C&W"), "df": method("l2", label="DeepFool"), "third": method("l2"),
    "pgd": method("l2", eps=0.5), "linf": method("linf"), "aimed": method("l2", targeted=True),
    "aimed_too": method("l2", targeted=True), "sure": method("l2", kappa=5.0),
}  # fmt: skip
SHORT = {1: 0.1, 2: 0.2, 3: 0.4, 4: 0.8}
"""Distances to hold others against; their median is 0.3."""


def times(factor, distances=SHORT):
    return {image: factor * distance for image, distance in distances.items()}


def compared(cw, df=SHORT, *, at_limit=False, **others):
    """The rows of both attacks, by key, after these and others were run on one teacher."""
    run = AttackedRun(ATTACKS)
    model = run.teacher("ce")
    run.attack(model, "cw", struck(cw, at_limit=at_limit))
    for key, distances in {"df": df, **others}.items():
        if distances is not None:
            run.attack(model, key, struck(distances, at_limit=False))
    return {row["attack"]: row for row in strength.rows(run)}


def called(cw, df=SHORT, **more):
    return compared(cw, df, **more)["cw"]["strength"]


@pytest.mark.parametrize(
    ("cw", "name"),
    [
        (SHORT, ""),
        (times(1.09), ""),
        (times(1.1), ""),
        (times(1.11), "weaker"),
        (times(0.5), ""),
        (SHORT | {3: inf}, "weaker"),
        (SHORT | {4: 80.0}, ""),
        (SHORT | {2: 0.28}, "weaker"),
    ],
    ids=["as short", "9 %", "10 %", "11 %", "shorter", "one missed", "one long", "median long"],
)
def test_a_search_is_weaker_that_misses_an_image_or_has_a_median_over_a_tenth_longer(cw, name):
    assert called(cw) == name
    assert called(cw, at_limit=True) == ("cut short" if name else "")


def test_one_that_is_closer_makes_the_other_the_weaker():
    assert {key: row["strength"] for key, row in compared(times(0.9)).items()} == {"cw": "", "df": "weaker"}


@pytest.mark.parametrize(
    ("stopped", "name"),
    [((), "weaker"), ((3,), "cut short"), ((3, 4), "cut short"), ((1, 2), "weaker"), ((1, 2, 3), "cut short")],
)
def test_it_is_the_step_limit_if_that_came_on_half_of_the_images_that_it_is_behind_on(stopped, name):
    """Behind on images 3 and 4, which it misses."""
    cw = {image: inf if image > 2 else distance for image, distance in SHORT.items()}
    assert called(cw, at_limit=[image in stopped for image in cw]) == name


@pytest.mark.parametrize(("stopped", "name"), [((1,), "weaker"), ((2,), "weaker"), ((2, 3), "cut short")])
def test_images_with_too_long_a_way_count_as_those_that_are_missed(stopped, name):
    """The median is 1.5 times the other's; of images 2 and 3, and of 4 too, the way is over a tenth longer."""
    cw = SHORT | {2: 0.3, 3: 0.6, 4: 1.0}
    assert called(cw, at_limit=[image in stopped for image in cw]) == name


def test_a_search_that_ran_out_of_steps_without_a_find_is_cut_short_even_alone():
    assert called({1: 0.5, 2: inf}, None, at_limit=[False, True]) == "cut short"
    assert called({1: 0.5, 2: inf}, None, at_limit=[True, False]) == ""
    assert called({1: 0.5, 2: None}, None, at_limit=[False, False]) == ""


def test_other_images_are_not_compared():
    """Images 5 and 6 were shown to one attack each; 7 is misclassified."""
    rows = compared(SHORT | {5: inf, 7: None}, SHORT | {6: 0.01, 7: None})
    assert [rows[key]["strength"] for key in ("cw", "df")] == ["", ""]
    assert [rows[key]["n"] for key in ("cw", "df")] == [5, 5]
    assert [rows[key]["shared"] for key in ("cw", "df")] == [4, 4]


@pytest.mark.parametrize("key", ["linf", "aimed", "sure"])
def test_attacks_that_want_something_else_are_not_compared(key):
    """Another norm, a drawn target, a margin of five logits."""
    rows = compared(times(3.0), None, **{key: SHORT | {1: inf}})
    assert [row["strength"] for row in rows.values()] == ["", ""]
    assert [row["attacks"] for row in rows.values()] == [1, 1]


def test_attacks_with_the_same_target_are_compared():
    rows = compared(SHORT, None, aimed=times(2.0), aimed_too=SHORT)
    assert {key: row["strength"] for key, row in rows.items()} == {"cw": "", "aimed": "weaker", "aimed_too": ""}
    assert [rows[key]["targeted"] for key in rows] == [False, True, True]


def test_other_views_of_the_logits_and_other_networks_are_not_compared():
    run = AttackedRun(ATTACKS)
    model, other = run.step(4.0, 1), run.teacher("ls")
    run.attack(model, "cw", struck(times(3.0)))
    run.attack(model, "df", struck(SHORT), logits="rescaled")
    run.attack(model, "third", struck(SHORT), logits="from_plain", source=other)
    run.attack(other, "df", struck(SHORT))
    assert [(row["model"], row["logits"], row["strength"]) for row in strength.rows(run)] == [
        ("ta-T4-step1", "raw", ""), ("ta-T4-step1", "rescaled", ""), ("ls-net", "raw", ""),
    ]  # fmt: skip


def test_what_an_attack_of_a_fixed_radius_finds_is_there_to_be_found():
    rows = compared(SHORT | {2: inf}, None, pgd={1: inf, 2: 0.5, 3: inf, 4: 0.5})
    assert rows.keys() == {"cw"}
    assert (rows["cw"]["missed"], rows["cw"]["strength"]) == (1, "weaker")
    assert called(SHORT, None, pgd={1: inf, 2: inf, 3: inf, 4: 0.5}) == "weaker"
    assert called(SHORT, None, pgd={1: 0.5, 2: 0.5, 3: 0.5, 4: inf}) == ""


def test_every_column_of_a_comparison_of_three():
    """Beside the third C&W is the longest: medians of images 1 and 3 are 0.5 and 0.2. Image 5 is DeepFool's alone."""
    rows = compared(
        {1: 0.4, 2: inf, 3: 0.6, 4: inf, 6: None}, {1: 0.4, 2: 0.5, 3: 0.5, 4: inf, 5: 0.1},
        at_limit=[True, False, False, True, False], third={3: 0.3, 1: 0.1, 4: inf},
    )  # fmt: skip
    names = {"model": "ce-net", "role": "teacher", "defense": "ce", "arch": "net", "chain": "", "temperature": nan}
    names |= {"step": -1, "norm": "l2", "logits": "raw", "targeted": False, "seeds": 1, "attacks": 3, "missing": 0}
    assert_row(
        rows["cw"],
        names
        | {"attack": "cw", "attack_label": "C&W", "n": 4, "found": 2, "found_by_any": 3, "missed": 1}
        | {"rival": "third", "shared": 2, "median_distance": 0.5, "rival_median": 0.2, "ratio": 2.5}
        | {"at_limit": 2, "strength": "weaker"},
    )
    assert_row(
        rows["third"],
        rows["third"]
        | {"attack": "third", "n": 3, "found": 2, "found_by_any": 2, "missed": 0, "rival": "df", "shared": 2}
        | {"median_distance": 0.2, "rival_median": 0.45, "ratio": 0.2 / 0.45, "at_limit": 0, "strength": ""},
    )
    assert (rows["df"]["n"], rows["df"]["rival"], rows["df"]["strength"]) == (5, "third", "weaker")


def test_seeds_are_pooled_and_images_of_one_are_not_those_of_another():
    """With seed 0 alone C&W is as good, with seed 1 it misses image 2: the model has one name."""
    run = AttackedRun(ATTACKS)
    for seed, cw in ((0, {1: 0.5, 2: 0.5}), (1, {1: 0.5, 2: inf})):
        model = run.teacher("ce", seed=seed)
        run.attack(model, "cw", struck(cw))
        run.attack(model, "df", struck({1: 0.5, 2: 0.5}))
    first, second = strength.rows(run)
    assert (first["seeds"], first["n"], first["found"], first["missed"], first["strength"]) == (2, 4, 3, 1, "weaker")
    assert (second["n"], second["strength"]) == (4, "")
    called = strength.labels(run)
    assert called == {("ce-net", "cw", "raw"): "weaker", ("ce-net", "df", "raw"): ""}


def test_a_seed_that_one_attack_lacks_is_not_held_against_it():
    run = AttackedRun(ATTACKS)
    for seed in (0, 1):
        run.attack(run.teacher("ce", seed=seed), "df", struck(SHORT))
        run.attack(f"ce-net-s{seed}", "cw", struck(SHORT))
    run.missing = {"ce-net-s1-cw": "killed"}
    names = ("attack", "seeds", "attacks", "missing", "n", "strength")
    assert [tuple(row[name] for name in names) for row in strength.rows(run)] == [
        ("df", 2, 2, 1, 8, ""), ("cw", 1, 2, 1, 4, ""),
    ]  # fmt: skip
    run.missing |= {"ce-net-s0-cw": "killed"}
    assert [tuple(row[name] for name in names) for row in strength.rows(run)] == [("df", 2, 1, 2, 8, "")]


def test_attacks_that_break_no_image_in_common_have_no_ratio():
    rows = compared({1: 0.5, 2: inf}, {1: inf, 2: 0.5})
    assert {row["strength"] for row in rows.values()} == {"weaker"}
    assert {(row["rival"], row["shared"], row["ratio"]) for row in rows.values()} == {("", 0, None)}


@pytest.mark.parametrize(("own", "name"), [(0.0, ""), (0.1, "weaker")])
def test_a_rival_without_a_distance_is_as_close_as_can_be(own, name):
    """A noisy network may be wrong about the image itself the second time."""
    assert called({1: own}, {1: 0.0}) == name


def test_what_was_made_before_limits_were_noted_was_stopped_by_none():
    run = AttackedRun(ATTACKS)
    model = run.teacher("ce")
    run.attack(model, "cw", struck({1: inf}))
    run.attack(model, "df", struck({1: 0.5}, at_limit=True))
    assert [(row["at_limit"], row["strength"]) for row in strength.rows(run)] == [(0, "weaker"), (1, "")]
