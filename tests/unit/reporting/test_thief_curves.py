"""The curve over labels: which rows it is made of, what is drawn where, what its caption says."""

import re

import pytest
from pages import words

from distillab.reporting.drawing import panels_of
from distillab.reporting.palette import PAPER
from distillab.reporting.thief_curves import ALONE, MARGIN, PSEUDO, curve_figure, curves


@pytest.fixture
def made(teacher, knockoff, verdict, controls):
    """Two thieves with 60 labels, of whom one sees the class alone, and the papers'; CE and CMIM."""
    found = {"poor": 0.95, "told": 0.94, "paper": 0.985}
    return {
        "models": [teacher("ce", test_accuracy=0.975), teacher("cmim", test_accuracy=0.96)],
        "knockoff": [
            knockoff(key, attack, thief=thief, knockoff_accuracy=accuracy - (attack == "mkd") * 0.5, agreement=0.97)
            for key in ("ce", "cmim") for thief, accuracy in found.items() for attack in ("kd", "mkd")
        ],
        "verdicts": [
            verdict(key, "distillable", thief=thief, best_delta=0.07 - 0.01 * place)
            for key in ("ce", "cmim") for place, thief in enumerate(found)
        ],
        "labels": [
            controls("labels_20", 20, 0.777), controls("poor", 60, 0.89, seeds=8), controls("told", 60, 0.88),
            controls("poor", 60, 0.911, "pseudo_student"), controls("paper", 500, 0.982),
        ],
    }  # fmt: skip


def drawn(read):
    return curve_figure(read, curves(read))


def test_the_rows_are_controls_and_each_verdicts_strongest_knockoff(tables_of, made):
    rows = curves(tables_of(**made))
    alone = rows[rows["line"] == ALONE].set_index("labels")["accuracy"]
    assert alone.to_dict() == {20: 0.777, 60: 0.89, 500: 0.982}, "at 60, those with most seeds"
    above = rows[rows["line"] == MARGIN].set_index("labels")["accuracy"]
    assert above.to_dict() == {20: 0.778, 60: 0.891, 500: 0.983}
    knockoffs = rows[rows["attack"].notna()]
    assert set(knockoffs["attack"]) == {"kd"}
    ce = knockoffs[knockoffs["defense"] == "ce"].set_index("thief")
    assert ce["labels"].to_dict() == {"poor": 60, "told": 60, "paper": 500}
    assert ce["accuracy"].to_dict() == {"poor": 0.95, "told": 0.94, "paper": 0.985}
    assert ce["line"].to_dict() == {"poor": "ce", "told": "ce, label", "paper": "ce"}


def test_the_caption_says_what_answers_add_and_of_whom_it_speaks(tables_of, made):
    shown = drawn(tables_of(**made))
    said = words(shown.text)
    assert "With 60 labels alone a student reaches 89.0 %, with answers of ce 95.0 %." in said
    assert "over training seeds on these test images" in said
    assert "n = 1,000 test images, 3 to 8 seeds." in said
    assert "0.1 points above them" in said
    assert "Open markers" in said
    label = re.search(r'aria-label="(Accuracy[^"]*)"', shown.text)[1]
    assert "Labels alone: 77.7 % at 20; 89.0 % at 60; 98.2 % at 500." in label
    assert "95.0 % at 60, 500 answers" in label
    assert 'download="labels.csv"' in shown.text


def test_without_several_numbers_of_labels_there_is_no_curve(tables_of, made):
    made["labels"] = made["labels"][1:2]
    assert drawn(tables_of(**made)).text == ""


def test_each_pair_of_networks_has_its_own_curve(tables_of, made, knockoff, verdict, controls):
    made["knockoff"].append(knockoff("ce", "kd", student="tiny", thief="poor"))
    made["verdicts"].append(verdict("ce", "undecided", student="tiny", thief="poor"))
    made["labels"] += [controls("poor", 60, 0.5, student="tiny"), controls("labels_20", 20, 0.4, student="tiny")]
    text = drawn(tables_of(**made)).text
    assert re.findall(r'data-name="([^"]*)"', text) == ["labels", "agreement", "labels-1", "agreement-1"]
    assert "<summary>net → tiny</summary>" in text
    assert "With 60 labels alone a student reaches 50.0 %" in text


def axes_of(read):
    return [figure.axes[0] for chart in drawn(read).charts for figure in panels_of(chart)]


def strokes(ax, place):
    """What is drawn of the line that comes at this place."""
    return [line for line in ax.lines if (line.get_gid() or "").startswith(f"series{place}-")]


def test_the_margin_lies_above_the_line_and_the_teacher_across(tables_of, made):
    (ax,) = axes_of(tables_of(**made))
    ((alone,), (margin,)) = strokes(ax, 0), strokes(ax, 2)
    assert list(alone.get_xdata()) == [20, 60, 500]
    assert list(alone.get_ydata()) == pytest.approx([77.7, 89.0, 98.2])
    assert list(margin.get_ydata()) == pytest.approx([77.8, 89.1, 98.3])
    assert alone.get_linestyle() == "-"
    assert margin.get_linestyle() != "-"
    assert margin.get_marker() == ""
    (across,) = [line for line in ax.lines if line.get_gid() == "reference"]
    assert list(across.get_ydata()) == pytest.approx([97.5, 97.5])
    assert "teacher, ce" in {text.get_text() for text in ax.texts}


def test_markers_stand_at_their_thiefs_labels_full_where_all_is_seen(tables_of, made):
    (ax,) = axes_of(tables_of(**made))
    places = [round(float(y), 1) for line in strokes(ax, 3) for y in line.get_ydata()]
    assert places == [95.0, 98.5]
    assert {line.get_markerfacecolor() for line in strokes(ax, 3)} != {PAPER}
    (opened,) = strokes(ax, 4)
    assert (list(opened.get_ydata()), opened.get_markerfacecolor()) == ([pytest.approx(94.0)], PAPER)


def test_thieves_that_ask_about_other_images_are_not_joined(tables_of, made):
    (ax,) = axes_of(tables_of(**made))
    assert [len(line.get_ydata()) for line in strokes(ax, 3)] == [2], "with all labels every image is its own"
    thieves = tables_of().facts["thieves"]
    (ax,) = axes_of(tables_of({"thieves": thieves | {"poor": thieves["poor"] | {"queries": "labeled"}}}, **made))
    assert [len(line.get_ydata()) for line in strokes(ax, 3)] == [1, 1]


def test_a_crowd_of_teachers_comes_in_panels_that_all_have_the_controls(tables_of, made, teacher, knockoff, verdict):
    keys = ("nt", "st", "mad", "rsp", "wk")
    made["models"] += [teacher(key) for key in keys]
    made["knockoff"] += [knockoff(key, "kd", thief=thief) for key in keys for thief in ("poor", "paper")]
    made["verdicts"] += [verdict(key, "undecided", thief=thief) for key in keys for thief in ("poor", "paper")]
    axes = axes_of(tables_of(**made))
    assert len(axes) > 1
    for ax in axes:
        assert {ALONE, PSEUDO, MARGIN, "ce"} <= {text.get_text().replace("\n", " ") for text in ax.texts}


def test_answers_bought_have_a_panel_where_they_alone_differ(tables_of, made, verdict):
    def bought(read):
        return re.findall(r">answers bought \(log scale\)<", drawn(read).text)

    assert not bought(tables_of(**made))
    for cell in made["knockoff"]:
        cell["queries"] = 2000 if cell["thief"] == "paper" else 500
    assert not bought(tables_of(**made)), "labels differ, too"
    made["knockoff"] += [
        cell | {"thief": "half", "queries": 250} for cell in made["knockoff"] if cell["thief"] == "poor"
    ]
    made["verdicts"] += [verdict(key, "undecided", thief="half") for key in ("ce", "cmim")]
    thieves = tables_of().facts["thieves"]
    half = thieves["poor"] | {"queries": {"share": 0.5}}
    assert bought(tables_of({"thieves": thieves | {"half": half}}, **made))


def test_tick_labels_do_not_touch(tables_of, made, controls):
    made["labels"] += [controls(f"labels_{n}", n, 0.9) for n in (61, 70, 450)]
    (ax,) = axes_of(tables_of(**made))
    shown = [label.get_text() for label in ax.get_xticklabels()]
    assert (shown[0], shown[-1]) == ("20", "500")
    assert len([label for label in shown if label]) < len(shown)
