from math import nan

from distillab.reporting import sweep_views
from distillab.reporting.drawing import style


def student(smoothing, *, chosen=False, arch="small", seed=0, val=0.9):
    return {"model": f"ls{smoothing}-{arch}", "role": "ls_student", "arch": arch, "seed": seed,
            "label_smoothing": smoothing, "chosen": chosen, "val_accuracy": val,
            "test_accuracy": 0.8 + smoothing / 10, "val_n": 50, "test_n": 100}  # fmt: skip


def test_the_choice_is_marked_and_said(tables_of):
    read = tables_of(models=[student(smoothing, chosen=smoothing == 0.2) for smoothing in (0.1, 0.2, 0.3)])
    drawn = sweep_views.smoothing_figure(read).text
    assert "smoothing 0.2 (90.0 % on validation images)" in drawn
    assert "n = 50 validation and 100 test images" in drawn


def test_lines_hold_percent_and_the_upright_line_is_at_the_choice():
    import pandas as pd

    frame = pd.DataFrame({"arch": "small", "split": "test", "label_smoothing": [0.3, 0.1],
                          "value": [0.9, 0.8], "low": nan, "high": nan})  # fmt: skip
    with style():
        (ax,) = sweep_views.smoothing(frame, {"small": 0.3}).axes
    line = next(line for line in ax.lines if line.get_label() == "test images")
    assert line.get_xydata().tolist() == [[0.1, 80.0], [0.3, 90.0]]
    assert ax.lines[-1].get_xdata() == [0.3, 0.3]


def test_one_smoothing_and_no_student_are_sentences(tables_of):
    assert "nothing to choose" in sweep_views.smoothing_figure(tables_of(models=[student(0.1, chosen=True)])).text
    assert "No LS student was trained." in sweep_views.smoothing_figure(tables_of()).text


def test_without_validation_images_the_choice_has_no_score(tables_of):
    read = tables_of(models=[student(0.1, chosen=True, val=nan)])
    assert "label smoothing, 0.1:" in sweep_views.smoothing_figure(read).text
