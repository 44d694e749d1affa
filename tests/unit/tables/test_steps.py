"""Steps against one another, in closed form: pairs over images and seeds, views, temperatures, and who counts."""

import pytest
from attacked_run import AttackedRun, assert_row, method, struck, three_seeds

from distillab.core.seeds import derive
from distillab.metrics.intervals import image_difference
from distillab.tables import steps

ATTACKS = {
    "cw": method("l2"),
    "pgd": method("l2", eps=0.5),
    "jsma": method("l0", targeted=True),
    "aimed": method("l2", targeted=True),
    "deepfool": method("linf"),
    "never": method("l1"),
}
GROWTH = {1.0: {8: 1 / 64, 3: 2 / 64, 5: 9 / 64}, 4.0: {8: 16 / 64, 3: -8 / 64, 5: 1 / 64}}
"""By temperature and seed, how much farther every image lies with every step."""

NEARER = 1 / 32
"""What attacks on logits over the temperature gain with every step."""

IDS = {8: (40, 8, 24, 16), 3: (24, 8, 40), 5: (16, 40)}
"""By seed, the images that every step classifies correctly: none is its row."""


def frame(temperature, step, seed, *, gain=0.0, scale=1.0):
    """Distances that differ by image, in an order that differs by step; 91 and 92 are right at one step alone."""
    ids = IDS[seed] if step % 2 else IDS[seed][::-1]
    found = {image: scale * (1 + image / 64 + step * (GROWTH[temperature][seed] - gain)) for image in ids}
    return struck({90 + i: scale / 64 if step == i else None for i in (1, 2)} | found, farthest=100.0)


@pytest.fixture
def run():
    """Two temperatures, steps 0 to 2, three seeds; whatever must not count is nearer than anything that does."""
    made, close = AttackedRun(ATTACKS), struck({8: 1 / 64, 16: 1 / 64, 24: 1 / 64, 40: 1 / 64}, farthest=100.0)
    for temperature in GROWTH:
        for step in range(3):
            for seed in (8, 3, 5):
                model = made.step(temperature, step, seed=seed)
                made.attack(model, "cw", frame(temperature, step, seed))
                made.attack(model, "deepfool", frame(temperature, step, seed, scale=0.25))
                for key in ("pgd", "jsma", "aimed"):
                    made.attack(model, key, close)
                if temperature > 1:
                    made.attack(model, "cw", frame(temperature, step, seed, gain=NEARER), logits="rescaled")
    teacher = made.teacher("ce", seed=3)
    made.attack(teacher, "cw", close)
    for step in (1, 2):
        made.attack(made.step(4.0, step, seed=3, chain="robust", teacher=teacher), "cw", close)
    return made


def over_seeds(values):
    return dict(zip(("difference", "low", "high"), three_seeds(values), strict=True)) | {"seeds": 3}


def expected(norm, view, *, gain=0.0, scale=1.0):
    """The rows of one norm and view: pairs of steps, each at every temperature and over all of them.

    Seed 3, the first in order, has three images, and on every image the same difference.
    """
    growth = {t: [GROWTH[t][seed] - (gain if t > 1 else 0) for seed in (3, 5, 8)] for t in GROWTH}
    images = {"images_low": None, "images_high": None, "n": 3}
    first = {t: values[0] for t, values in growth.items()}
    for earlier, later in ((0, 1), (0, 2), (1, 2)):
        key = {"chain": "ta", "norm": norm, "view": view, "earlier": earlier, "later": later}
        farther = scale * (later - earlier)
        for temperature, values in growth.items():
            yield (
                key
                | {"temperature": temperature}
                | over_seeds([farther * value for value in values])
                | images
                | {"images_difference": farther * first[temperature]}
            )
        means = [farther * (one + other) / 2 for one, other in zip(*growth.values(), strict=True)]
        yield key | {"temperature": -1.0} | over_seeds(means)


def test_every_column_of_every_row(run):
    """Attacks in L2 saw both views, those in Linf the logits as they are."""
    wanted = [
        *expected("l2", "raw"),
        *expected("l2", "worst", gain=NEARER),
        *expected("linf", "raw", scale=0.25),
        *expected("linf", "worst", scale=0.25),
    ]
    for row, known in zip(steps.rows(run), wanted, strict=True):
        assert_row(row, known)


def test_the_interval_over_images_is_that_of_the_first_seed_later_minus_earlier():
    run = AttackedRun({"cw": method("l2")})
    for seed, shift in ((6, 40.0), (2, 0.0)):
        earlier, later = run.step(1.0, 0, seed=seed), run.step(1.0, 3, seed=seed)
        run.attack(earlier, "cw", struck({9: 1.0, 4: 2.0, 6: 4.0, 1: 3.0}, farthest=9.0))
        run.attack(later, "cw", struck({4: 2.5 + shift, 9: 2.0 + shift, 1: 2.0 + shift, 6: 7.0 + shift}, farthest=9.0))
    row = steps.rows(run)[0]
    images = image_difference([1.0, 0.5, 3.0, -1.0], [0.0] * 4, seed=derive(0, "steps"))
    assert (row["difference"], row["low"], row["high"], row["seeds"]) == (20.875, None, None, 2)
    assert (row["images_difference"], row["images_low"], row["images_high"], row["n"]) == (
        0.875, images.low, images.high, 4,
    )  # fmt: skip
    assert -1.0 <= images.low < 0.875 < images.high <= 3.0


def test_seeds_count_where_both_steps_have_them_and_a_common_image():
    """Seed 1 lacks the later step, 2 the earlier one, and of 3 no image is right at both; 4 and 0 are left."""
    run = AttackedRun({"cw": method("l2")})
    for step, seeds in ((0, (1, 4, 3, 0)), (1, (4, 2, 3, 0))):
        for seed in seeds:
            image = 10 * (step + 1) if seed == 3 else 10
            run.attack(run.step(2.0, step, seed=seed), "cw", struck({image: 1.0 + step * (seed + 1)}, farthest=9.0))
    rows = steps.rows(run)
    assert [(row["view"], row["temperature"], row["seeds"], row["difference"]) for row in rows] == [
        ("raw", 2.0, 2, 3.0),
        ("worst", 2.0, 2, 3.0),
    ]


@pytest.mark.parametrize(("second", "every"), [((5, 3), [4.0]), ((7,), [])], ids=["two seeds", "none in common"])
def test_the_mean_over_temperatures_is_over_seeds_that_all_of_them_have(second, every):
    """At temperature 1 seeds 5 and 6 move by 5 and 6; at 8 every seed moves by 3."""
    run = AttackedRun({"cw": method("l2")})
    for temperature, seeds in ((1.0, (5, 6)), (8.0, second)):
        for seed in seeds:
            for step in (0, 1):
                moved = step * (seed if temperature == 1 else 3)
                model = run.step(temperature, step, seed=seed)
                run.attack(model, "cw", struck({10: 1.0 + moved}, farthest=9.0))
    rows = [row for row in steps.rows(run) if row["view"] == "raw"]
    assert [row["difference"] for row in rows if row["temperature"] == -1] == every
    assert [row["difference"] for row in rows if row["temperature"] > 0] == [5.5, 3.0]


def test_a_temperature_without_a_step_leaves_the_mean_over_all_of_them_out():
    run = AttackedRun({"cw": method("l2")})
    for temperature, step in ((1.0, 0), (1.0, 1), (8.0, 0)):
        run.attack(run.step(temperature, step), "cw", struck({10: 1.0 + step}, farthest=9.0))
    assert [row["temperature"] for row in steps.rows(run)] == [1.0, 1.0]


def test_chains_do_not_mix():
    run = AttackedRun({"cw": method("l2")})
    for chain, growth in (("ta", 1.0), ("long", 4.0)):
        for step in (0, 1):
            run.attack(run.step(1.0, step, chain=chain), "cw", struck({10: 1 + step * growth}, farthest=9.0))
    assert [(row["chain"], row["difference"]) for row in steps.rows(run) if row["view"] == "raw"] == [
        ("ta", 1.0),
        ("long", 4.0),
    ]


def test_norms_come_in_the_order_of_the_attacks_that_count():
    """A budget and a target in Linf come first, and neither makes it the first norm."""
    attacks = {
        "pgd": method("linf", eps=0.1),
        "aimed": method("linf", targeted=True),
        "cw": method("l2"),
        "deepfool": method("linf"),
    }
    run = AttackedRun(attacks)
    for step in (0, 1):
        model = run.step(4.0, step)
        for key in attacks:
            run.attack(model, key, struck({1: 0.5 + step, 2: 0.25}, farthest=9.0))
    assert list(dict.fromkeys(row["norm"] for row in steps.rows(run))) == ["l2", "linf"]
