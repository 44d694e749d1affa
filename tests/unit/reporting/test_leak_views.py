from math import nan

import pytest

from distillab.reporting import leak_figures, leak_views


def leak(defense, split, peak, *, seed=0, power=0.5, resemblance=0.8):
    return {"teacher": f"{defense}-net", "defense": defense, "defense_label": defense, "arch": "net", "seed": seed,
            "split": split, "peak": peak, "peak_power": power, "peak_corrected": peak / 2, "similarity": 0.25,
            "resemblance": resemblance, "n": 100}  # fmt: skip


def curve(defense, power, cmi, *, label=-1, split="train", arch="net", seed=0):
    return {"teacher": f"{defense}-{arch}", "defense": defense, "defense_label": defense, "arch": arch, "seed": seed,
            "split": split, "power": power, "label": label, "cmi": cmi, "n": 100}  # fmt: skip


def answer(defense, power, x, y, *, name="a", label=0):
    return {"defense": defense, "teacher": f"{defense}-net", "seed": 0, "power": power, "label": label, "name": name,
            "corners": ["a", "b", "c"], "x": x, "y": y}  # fmt: skip


def test_leaks_stand_in_the_order_of_every_figure_with_the_range_of_their_powers(tables_of):
    rows = [leak("cmim", split, 0.04, seed=s, power=0.2 + s / 10) for split in ("train", "test") for s in range(2)]
    rows += [leak("ce", split, 0.5, resemblance=nan) for split in ("train", "test")]
    table = leak_views.leaks_table(tables_of(leaks=rows)).text
    assert table.index(">ce, ") < table.index(">cmim, ")
    assert "0.2 to 0.3" in table
    assert 'title="nothing to compare: this is the reference"' in table
    assert "0.250" in table.split(">ce, ")[1].split("</tr>")[0], "half the peak: corrected"


def test_a_split_that_was_not_measured_is_a_dash(tables_of):
    table = leak_views.leaks_table(tables_of(leaks=[leak("ce", "train", 0.5)])).text
    assert table.count('title="not measured"') == 5


def test_the_finding_names_the_extremes_of_the_training_images(tables_of, teacher):
    rows = [curve(d, p, c * p) for d, c in (("ce", 0.5), ("cmim", 0.01)) for p in (0.0, 1.0)]
    rows += [curve("ce", 1.0, 9.0, split="test")]
    read = tables_of(models=[teacher("ce"), teacher("cmim")], cmi=rows)
    drawn = leak_figures.concentration_figure(leak_figures.concentrations(read)).text
    assert "cmim has the tightest clusters and ce the widest: largest CMI on training images 0.0100 and 0.500" in drawn


def test_the_finding_says_the_largest_cmi_as_the_table_does(tables_of, teacher):
    rows = [
        curve("ce", p, cmi, seed=s) for s, both in enumerate(((0.1, 0.4), (0.5, 0.2))) for p, cmi in enumerate(both)
    ]
    read = tables_of(models=[teacher("ce")], cmi=rows)
    drawn = leak_figures.concentration_figure(leak_figures.concentrations(read)).text
    assert "largest CMI of 0.450 nats on training images" in drawn, "the mean of 0.4 and 0.5, the peaks of two seeds"


def test_one_teacher_is_compared_with_none(tables_of, teacher):
    read = tables_of(models=[teacher("mine")], cmi=[curve("mine", p, 0.3 * p) for p in (0.0, 1.0)])
    drawn = leak_figures.concentration_figure(leak_figures.concentrations(read)).text
    assert "The answers of mine have a largest CMI of 0.300 nats on training images." in drawn
    assert "widest" not in drawn


def test_networks_are_not_averaged_together(tables_of):
    rows = [curve("ce", p, p, arch=arch) for arch in ("net", "deep") for p in (0.0, 1.0)]
    assert (
        leak_figures.concentration_figure(leak_figures.concentrations(tables_of(cmi=rows))).text.count("<figure") == 2
    )


def test_single_classes_are_those_of_the_triangles(tables_of):
    rows = [curve("ce", p, p, label=y) for y in range(-1, 3) for p in (0.0, 1.0)]
    read = tables_of(cmi=rows, simplex=[answer("ce", 1.0, 0, 0, name="c", label=2)])
    drawn = leak_figures.classes_figure(leak_figures.single_classes(read)).text
    assert ">class c<" in drawn
    assert ">class a<" not in drawn
    assert leak_figures.classes_figure(leak_figures.single_classes(tables_of(cmi=rows[:2]))).text == ""


def test_points_that_coincide_are_drawn_once_and_counted(tables_of):
    points = [answer("ce", 1.0, 0.101, 0.2), answer("ce", 1.0, 0.099, 0.2), answer("ce", 1.0, 0.12, 0.2)]
    read = tables_of(simplex=points)
    found = leak_figures.answers(read)
    assert sorted(zip(found["x"], found["count"], strict=True)) == [(0.1, 2), (0.12, 1)]


@pytest.mark.parametrize(("defenses", "figures"), [(("cmim", "ce"), 1), (("ls", "ce"), 2), (("ls",), 1), ((), 0)])
def test_the_papers_teachers_come_first_and_the_others_are_folded(tables_of, defenses, figures):
    points = [answer(defense, power, 0.1, 0.1) for defense in defenses for power in (0.25, 4.0)]
    read = tables_of(simplex=points)
    drawn = leak_figures.simplex_figure(read, leak_figures.answers(read)).text
    assert drawn.count("<figure") == figures
    assert drawn.count("<details>") == (figures == 2)
    assert "power (0.25, 4)" in drawn or not defenses
