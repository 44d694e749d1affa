"""The curve over labels: which rows it is made of, what is drawn where, what its caption says."""

import re

import pytest
from pages import words

from distillab.reporting import thief_figures
from distillab.reporting.thief_curves import curve_figure, curve_rows


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


def test_the_rows_are_controls_and_each_verdicts_strongest_knockoff(tables_of, made):
    rows = curve_rows(tables_of(**made), "net → small", "small")
    alone = rows[rows["what"] == thief_figures.ALONE].set_index("labels")["accuracy"]
    assert alone.to_dict() == {20: 0.777, 60: 0.89, 500: 0.982}, "at 60, those with most seeds"
    knockoffs = rows[rows["what"] == thief_figures.KNOCKOFF]
    assert set(knockoffs["attack"]) == {"kd"}
    ce = knockoffs[knockoffs["defense"] == "ce"].set_index("thief")
    assert ce["labels"].to_dict() == {"poor": 60, "told": 60, "paper": 500}
    assert ce["accuracy"].to_dict() == {"poor": 0.95, "told": 0.94, "paper": 0.985}
    assert ce["answers"].to_dict() == {"poor": "probabilities", "told": "label", "paper": "probabilities"}


def test_the_caption_says_what_answers_add_and_of_whom_it_speaks(tables_of, made):
    shown = curve_figure(tables_of(**made))
    said = words(shown.text)
    assert "With 60 labels alone a student reaches 89.0 %, with answers of ce 95.0 %." in said
    assert "over training seeds on these test images" in said
    assert "n = 1,000 test images of Digits, 3 to 8 seeds." in said
    assert "0.1 points above them, the margin" in said
    assert "Open markers" in said
    label = re.search(r'aria-label="(Accuracy[^"]*)"', shown.text)[1]
    assert "Labels alone: 77.7 % at 20; 89.0 % at 60; 98.2 % at 500." in label
    assert "95.0 % at 60, 500 answers" in label
    assert 'download="labels.csv"' in shown.text


def test_without_several_numbers_of_labels_there_is_no_curve(tables_of, made):
    made["labels"] = made["labels"][1:2]
    assert curve_figure(tables_of(**made)).text == ""


def test_each_pair_of_networks_has_its_own_curve(tables_of, made, knockoff, verdict, controls):
    made["knockoff"].append(knockoff("ce", "kd", student="tiny", thief="poor"))
    made["verdicts"].append(verdict("ce", "undecided", student="tiny", thief="poor"))
    made["labels"] += [controls("poor", 60, 0.5, student="tiny"), controls("labels_20", 20, 0.4, student="tiny")]
    drawn = curve_figure(tables_of(**made)).text
    assert drawn.count("<svg") == 2
    assert "<summary>net → tiny</summary>" in drawn
    assert "With 60 labels alone a student reaches 50.0 %" in drawn


def axes_of(tables_of, made):
    rows = curve_rows(tables_of(**made), "net → small", "small")
    return thief_figures.label_curves(rows, ("teacher", 0.975), 0.01).axes


def lines_of(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def test_the_margin_lies_above_the_line_and_the_teacher_across(tables_of, made):
    first = axes_of(tables_of, made)[0]
    (alone,), (margin,) = lines_of(first, "LS students"), lines_of(first, "LS students plus margin")
    assert list(alone.get_xdata()) == [20, 60, 500]
    assert list(alone.get_ydata()) == pytest.approx([77.7, 89.0, 98.2])
    assert list(margin.get_ydata()) == pytest.approx([78.7, 90.0, 99.2])
    assert any(
        list(line.get_ydata()) == pytest.approx([97.5, 97.5]) for line in first.lines if len(line.get_ydata()) == 2
    )


def test_markers_stand_at_their_thiefs_labels_full_where_all_is_seen(tables_of, made):
    first, second = axes_of(tables_of, made)[:2]
    (full,) = lines_of(first, "knockoffs of ce")
    assert list(full.get_xdata()) == pytest.approx([60, 500], rel=0.15)
    assert list(full.get_ydata()) == pytest.approx([95.0, 98.5])
    assert full.get_markerfacecolor() == full.get_color()
    opened = [
        line for line in first.lines if line.get_markerfacecolor() == thief_figures.PAPER and line.get_marker() == "o"
    ]
    assert [list(line.get_ydata()) for line in opened] == [pytest.approx([94.0])]
    assert list(lines_of(second, "knockoffs of ce")[0].get_ydata()) == pytest.approx([97.0, 97.0])


def test_answers_bought_have_a_panel_where_they_alone_differ(tables_of, made, verdict):
    assert len(axes_of(tables_of, made)) == 2
    for cell in made["knockoff"]:
        cell["queries"] = 2000 if cell["thief"] == "paper" else 500
    assert len(axes_of(tables_of, made)) == 2, "labels differ, too"
    made["knockoff"] += [
        cell | {"thief": "half", "queries": 250} for cell in made["knockoff"] if cell["thief"] == "poor"
    ]
    made["verdicts"] += [verdict(key, "undecided", thief="half") for key in ("ce", "cmim")]
    thieves = tables_of().facts["thieves"]
    half = thieves["poor"] | {"queries": {"share": 0.5}}
    rows = curve_rows(tables_of({"thieves": thieves | {"half": half}}, **made), "net → small", "small")
    last = thief_figures.label_curves(rows, None, 0.01).axes[2]
    assert "answers bought" in last.get_xlabel()
    assert [label.get_text() for label in last.get_xticklabels()] == ["500", "250"]
    assert list(lines_of(last, "knockoffs of ce")[0].get_ydata()) == pytest.approx([95.0, 95.0])


def test_tick_labels_do_not_touch(tables_of, made, controls):
    made["labels"] += [controls(f"labels_{n}", n, 0.9) for n in (61, 70, 450)]
    shown = [label.get_text() for label in axes_of(tables_of, made)[0].get_xticklabels()]
    assert shown == ["500", "70", "20"]
