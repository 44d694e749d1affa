from math import nan

import pytest

from distillab.reporting import sweep_views
from distillab.reporting.drawing import panels_of


def drawn_of(read):
    return sweep_views.smoothing_figure(read, sweep_views.smoothings(read))


def student(smoothing, *, chosen=False, arch="small", seed=0, val=0.9):
    return {"model": f"ls{smoothing}-{arch}", "role": "ls_student", "arch": arch, "seed": seed,
            "label_smoothing": smoothing, "chosen": chosen, "val_accuracy": val,
            "test_accuracy": 0.8 + smoothing / 10, "val_n": 50, "test_n": 100}  # fmt: skip


def test_the_choice_is_marked_and_said(tables_of):
    read = tables_of(models=[student(smoothing, chosen=smoothing == 0.2) for smoothing in (0.1, 0.2, 0.3)])
    drawn = drawn_of(read).text
    assert "smoothing 0.2 (90.0 % on validation images)" in drawn
    assert "n = 50 validation and 100 test images" in drawn


def test_lines_hold_percent_and_the_upright_line_is_at_the_choice(tables_of):
    read = tables_of(models=[student(smoothing, chosen=smoothing == 0.3) for smoothing in (0.3, 0.1)])
    (panel,) = panels_of(drawn_of(read).charts[0])
    (upright,) = [line for line in panel.axes[0].lines if line.get_gid() == "reference"]
    assert upright.get_xdata() == [0.3, 0.3]
    lines = [line.get_xydata().ravel().tolist() for line in panel.axes[0].lines if line is not upright]
    assert [0.1, 81.0, 0.3, 83.0] in [pytest.approx(line) for line in lines]


def test_one_smoothing_and_no_student_are_sentences(tables_of):
    assert "nothing to choose" in drawn_of(tables_of(models=[student(0.1, chosen=True)])).text
    assert "No LS student was trained." in drawn_of(tables_of()).text


def test_without_validation_images_the_choice_has_no_score(tables_of):
    read = tables_of(models=[student(0.1, chosen=True, val=nan)])
    assert "label smoothing, 0.1:" in drawn_of(read).text
