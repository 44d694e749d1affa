"""The baseline's own setting: accuracy of the LS student against its label smoothing."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting.display import Html, paragraph, percent, setting
from distillab.reporting.drawing import canvas, show, style
from distillab.reporting.palette import INK, PAPER, series
from distillab.reporting.panels import finish, legend_height
from distillab.reporting.summaries import OVER_SEEDS, counts, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SPLITS = {"validation": "val_accuracy", "test": "test_accuracy"}


def smoothing_figure(tables: Tables) -> Html:
    """Validation and test accuracy of the LS students against their label smoothing, the chosen one marked."""
    models = tables["models"]
    students = models[models["role"] == "ls_student"]
    if students.empty:
        return paragraph("No LS student was trained.")
    chosen = _chosen(students)
    if students["label_smoothing"].nunique() == 1:
        return paragraph(f"One label smoothing, {chosen}: there was nothing to choose.")
    means = [over_seeds(students, ["arch", "label_smoothing"], column).assign(split=split)
             for split, column in _SPLITS.items()]  # fmt: skip
    import pandas as pd

    frame = pd.concat(means, ignore_index=True)
    with style():
        return show(
            smoothing(frame, students[students["chosen"]].groupby("arch")["label_smoothing"].first().to_dict()),
            name="smoothing",
            alt="Accuracy of the LS student against its label smoothing, on validation and on test images; "
            f"chosen: {chosen}.",
            caption=f"<b>The baseline is tuned on validation images: label smoothing {chosen}.</b> Upright line: the "
            f"choice. Bars: {OVER_SEEDS}, where there are three; {seeds_of(students)}; "
            f"n = {counts(students['val_n'])} validation and {counts(students['test_n'])} test images, the latter "
            "shown to judge the choice, not used for it.",
            data=frame[["arch", "split", "label_smoothing", "value", "low", "high", "seeds"]],
        )


def smoothing(frame: "pd.DataFrame", chosen: dict[str, float]) -> "Figure":
    """One panel per network, one line per split.

    Args:
        frame: Columns arch, split, label_smoothing, value, low, high; shares.
        chosen: Network to the label smoothing that validation images chose.
    """
    archs = list(dict.fromkeys(frame["arch"]))
    figure, axes = canvas(1, len(archs), height=2.2, left=0.7, top=legend_height(list(_SPLITS)), share_y=False)
    for ax, arch in zip(axes, archs, strict=True):
        for index, split in enumerate(_SPLITS):
            _line(ax, frame[(frame["arch"] == arch) & (frame["split"] == split)], split, index)
        if arch in chosen:
            ax.axvline(chosen[arch], color=INK, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        ax.set_title(arch)
    axes[0].set_ylabel("accuracy, %")
    finish(figure, axes, len(axes), xlabel="label smoothing", legend=True)
    return figure


def _line(ax: "Axes", line: "pd.DataFrame", split: str, index: int) -> None:
    line, drawn = line.dropna(subset=["value"]).sort_values("label_smoothing"), series(index + 1)
    ax.plot(line["label_smoothing"], 100 * line["value"], color=drawn.color, marker=drawn.marker, linestyle=drawn.line,
            markeredgecolor=PAPER, markersize=6, label=f"{split} images")  # fmt: skip
    ax.vlines(line["label_smoothing"], 100 * line["low"], 100 * line["high"],
              color=drawn.color, linewidth=1.2, alpha=0.7)  # fmt: skip


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
