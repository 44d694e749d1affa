"""The baseline's own setting: accuracy of the LS student against its label smoothing."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting.charts import Axis, Chart, Reference
from distillab.reporting.display import Piece, paragraph, percent, setting
from distillab.reporting.drawing import show
from distillab.reporting.summaries import OVER_SEEDS, counts, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd

_SPLITS = {"validation": "val_accuracy", "test": "test_accuracy"}


def smoothings(tables: Tables) -> "pd.DataFrame":
    """Accuracy of the LS students against their label smoothing by network and split, with what was ``chosen``."""
    import pandas as pd

    models = tables["models"]
    students = models[models["role"] == "ls_student"]
    if students.empty:
        return students
    means = [over_seeds(students, ["arch", "label_smoothing"], column).assign(split=f"{split} images", order=order)
             for order, (split, column) in enumerate(_SPLITS.items(), start=1)]  # fmt: skip
    chosen = students[students["chosen"]].groupby("arch")["label_smoothing"].first()
    frame = pd.concat(means, ignore_index=True)
    return frame.assign(chosen=frame["arch"].map(chosen)).sort_values("label_smoothing", kind="stable")


def smoothing_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `smoothings` drawn, the choice marked."""
    if frame.empty:
        return paragraph("No LS student was trained.")
    models = tables["models"]
    students = models[models["role"] == "ls_student"]
    chosen = _chosen(students)
    if frame["label_smoothing"].nunique() == 1:
        return paragraph(f"One label smoothing, {chosen}: there was nothing to choose.")
    chart = Chart(
        frame,
        x=Axis("label_smoothing", "label smoothing"),
        y=Axis("value", "accuracy, %", low="low", high="high", factor=100, shared=False),
        panel="arch",
        line="split",
        look="order",
        references=(Reference("x", "chosen", "chosen"),),
    )
    return show(
        chart,
        name="smoothing",
        alt=f"Accuracy of the LS student against its label smoothing, on validation and on test images; "
        f"chosen: {chosen}.",
        caption=f"<b>The baseline is tuned on validation images: label smoothing {chosen}.</b> Upright line: the "
        f"choice. Bars: {OVER_SEEDS}, where there are three; {seeds_of(students)}; "
        f"n = {counts(students['val_n'])} validation and {counts(students['test_n'])} test images, the latter "
        "shown to judge the choice, not used for it.",
        data=frame[["arch", "split", "label_smoothing", "value", "low", "high", "seeds"]],
    )


def _chosen(students: "pd.DataFrame") -> str:
    """``"0.1 (97.2 % on validation)"``, per network where there are several."""
    best = students[students["chosen"]].groupby("arch", sort=False)[["label_smoothing", "val_accuracy"]].mean()
    several = len(best) > 1
    said = [
        setting(row.label_smoothing) + (f" for {escape(str(row.Index))}" if several else "") + _scored(row.val_accuracy)
        for row in records(best)
    ]
    return ", ".join(said)


def _scored(accuracy: float) -> str:
    return f" ({percent(accuracy)} % on validation images)" if isfinite(accuracy) else ""
