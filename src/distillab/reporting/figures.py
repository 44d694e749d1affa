"""The figures of the reports: data frames in, matplotlib figures out.

Margins are given in inches rather than found by a layout engine, which would draw every figure two more times.
"""

from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.drawing import canvas
from distillab.reporting.palette import BAND, INK, LIGHT, METHOD_COLORS, MUTED, PAPER, look, ordered
from distillab.reporting.tables import norm_label, records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

_GAIN = "knockoff minus LS student, percentage points"


def worst_case(verdicts: "pd.DataFrame", cells: "pd.DataFrame", margin: float) -> "Figure":
    """Per teacher, every attack's gain over the LS student as a tick and the best attack's with its bounds.

    Args:
        verdicts: Columns row (label), defense, best_attack, best_delta, lower, upper, in the order of drawing.
        cells: Columns row, attack, delta, one per attack.
        margin: Half-width of the band of gains too small to matter, as a share.
    """
    rows = list(verdicts["row"])
    figure, (ax,) = canvas(1, 1, height=0.4 * len(rows) + 0.3, left=_label_width(rows), top=0.3)
    _gain_axis(ax, rows, margin)
    for y, row in enumerate(records(verdicts)):
        others = cells[(cells["row"] == row.row) & (cells["attack"] != row.best_attack)]
        ticks = 100 * others["delta"].dropna()
        ax.plot(ticks, [y] * len(ticks), "|", color=MUTED, markersize=11, markeredgewidth=1.4)
        _gain(ax, y, str(row.defense), (row.best_delta, row.lower, row.upper))
    ax.set_xlabel(_GAIN)
    _note(ax, "LS student", (0, 1), ("data", "axes fraction"), ha="center")
    return figure


def deltas(cells: "pd.DataFrame", margin: float) -> "Figure":
    """One panel per attack; per teacher the gain over the LS student with its interval.

    Args:
        cells: Columns row (label), defense, attack_label, delta, delta_low, delta_high.
        margin: Half-width of the band of gains too small to matter, as a share.
    """
    attacks, rows = list(dict.fromkeys(cells["attack_label"])), list(dict.fromkeys(cells["row"]))
    columns = min(4, len(attacks))
    lines = -(-len(attacks) // columns)
    figure, axes = canvas(lines, columns, height=0.24 * len(rows) + 0.25, left=_label_width(rows), top=0.35)
    for ax, attack in zip(axes, attacks, strict=False):
        _gain_axis(ax, rows, margin)
        for row in records(cells[cells["attack_label"] == attack]):
            _gain(ax, rows.index(str(row.row)), str(row.defense), (row.delta, row.delta_low, row.delta_high))
        ax.set_title(attack)
    _finish(figure, axes, len(attacks), xlabel=_GAIN)
    return figure


def concentration(curves: "pd.DataFrame") -> "Figure":
    """Conditional mutual information against the power of the transform, one panel per split.

    Lines are means over seeds, bands their range.

    Args:
        curves: Columns defense, label, split, seed, power, cmi.
    """
    from matplotlib.scale import FuncScale

    splits = [split for split in ("train", "test") if (curves["split"] == split).any()]
    figure, axes = canvas(1, len(splits), height=2.7, left=0.6, top=0.62)
    powers = sorted(curves["power"].unique())
    for ax, split in zip(axes, splits, strict=True):
        _lines(ax, curves[curves["split"] == split], x="power", y="cmi")
        ax.set_title(f"{split} images")
        ax.set_xscale(FuncScale(ax.xaxis, (_root, _square)))
        ax.set_xticks([tick for tick in (0, 0.25, 1, 2, 4, 8) if powers[0] <= tick <= powers[-1]])
        ax.set_xticks([], minor=True)
        ax.xaxis.set_major_formatter("{x:g}")
    axes[0].set_ylim(bottom=0)
    axes[0].set_ylabel("CMI, nats")
    _finish(figure, axes, len(axes), xlabel="power (square-root scale)", legend=True)
    return figure


def robustness(curves: "pd.DataFrame", chance: float) -> "Figure":
    """Accuracy that survives every perturbation up to a distance, one panel per attack.

    Args:
        curves: Columns defense, label, attack_label, norm, seed, eps, robust_accuracy.
        chance: Accuracy of guessing, drawn as a line.
    """
    attacks = list(dict.fromkeys(curves["attack_label"]))
    figure, axes = canvas(1, len(attacks), height=2.7, left=0.6, top=0.62, share_x=False)
    for ax, attack in zip(axes, attacks, strict=True):
        panel = curves[curves["attack_label"] == attack]
        _lines(ax, panel.assign(percent=100 * panel["robust_accuracy"]), x="eps", y="percent")
        ax.axhline(100 * chance, color=MUTED, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        _note(ax, "chance", (1, 100 * chance), ("axes fraction", "data"), ha="right")
        ax.set_title(attack)
        ax.set_xlabel(f"{norm_label(str(panel['norm'].iloc[0]))} distance, pixel scale 0–1")
        ax.set(xlim=(0, None), ylim=(0, 100))
    axes[0].set_ylabel("robust accuracy, %")
    _finish(figure, axes, len(axes), legend=True)
    return figure


def training(history: "pd.DataFrame") -> "Figure":
    """Loss terms against epochs, one panel per model; one thin line per seed.

    Args:
        history: Columns label (of the model), term, seed, epoch, value.
    """
    labels = list(dict.fromkeys(history["label"]))
    terms = sorted(history["term"].unique(), key=lambda term: (term != "total", term))
    columns = min(4, len(labels))
    lines = -(-len(labels) // columns)
    figure, axes = canvas(lines, columns, height=1.25, left=0.6, top=0.62)
    for key, run in history.groupby(["label", "term", "seed"], sort=False):
        label, term = str(key[0]), str(key[1])
        index = terms.index(term)
        axes[labels.index(label)].plot(run["epoch"], run["value"], linewidth=1.2, label=term.replace("_", " "),
                                       color=LIGHT[METHOD_COLORS[index % len(METHOD_COLORS)]],
                                       linestyle=("-", (0, (4, 1.5)), (0, (1, 1.2)))[index % 3])  # fmt: skip
    for ax, label in zip(axes, labels, strict=False):
        ax.set_title(label)
    axes[0].set_ylabel("loss")
    _finish(figure, axes, len(labels), xlabel="epoch", legend=True)
    return figure


def _root(values: "ArrayLike") -> "NDArray[np.float64]":
    return np.sqrt(np.abs(np.asarray(values, dtype=np.float64)))


def _square(values: "ArrayLike") -> "NDArray[np.float64]":
    return np.square(np.asarray(values, dtype=np.float64))


def _gain_axis(ax: "Axes", rows: list[str], margin: float) -> None:
    """Teachers as rows, the LS student as a line, the margin as a band."""
    ax.axvspan(-100 * margin, 100 * margin, color=BAND, zorder=0, linewidth=0)
    ax.axvline(0, color=INK, linewidth=1.1, zorder=1)
    ax.grid(visible=False, axis="y")
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _gain(ax: "Axes", y: float, defense: str, gain: tuple[float, float, float]) -> None:
    """One gain (value, low, high) in percentage points on row ``y``."""
    value, low, high = (100 * part for part in gain)
    method = look(defense)
    ax.plot([low, high], [y, y], color=method.color, linewidth=2.2, solid_capstyle="butt")
    ax.plot([value], [y], method.marker, color=method.color, markersize=7.5, markeredgecolor=PAPER, markeredgewidth=0.8)


def _lines(ax: "Axes", frame: "pd.DataFrame", *, x: str, y: str) -> None:
    """Mean over seeds as a line and their range as a band, per defense."""
    import seaborn as sns

    for defense in ordered(list(frame["defense"].unique())):
        part, method = frame[frame["defense"] == defense], look(defense)
        sns.lineplot(
            part,
            x=x,
            y=y,
            ax=ax,
            errorbar=("pi", 100),
            err_kws={"alpha": 0.13, "linewidth": 0},
            color=method.color,
            linestyle=method.line,
            marker=method.marker,
            markersize=6,
            markeredgecolor=PAPER,
            markevery=max(1, part[x].nunique() // 8),
            label=part["label"].iloc[0],
            legend=False,
        )
    ax.set(xlabel="", ylabel="")


def _note(ax: "Axes", text: str, at: tuple[float, float], coords: tuple[str, str], *, ha: str) -> None:
    ax.annotate(text, at, xycoords=coords, xytext=(0, 3), textcoords="offset points", ha=ha, color=MUTED, fontsize=9)


def _finish(figure: "Figure", axes: "list[Axes]", used: int, *, xlabel: str = "", legend: bool = False) -> None:
    """Hide the panels that are not used, name the common axis, and put one legend above all panels."""
    for ax in axes[used:]:
        ax.set_visible(False)
    if xlabel:
        figure.supxlabel(xlabel, fontsize=10, y=0.08 / figure.get_figheight(), va="bottom")
    if legend:
        named = {
            name: handle for ax in axes[:used] for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)
        }
        figure.legend(named.values(), named.keys(), loc="upper left", ncols=min(8, len(named)), handlelength=2.8,
                      borderaxespad=0, borderpad=0, columnspacing=1.5)  # fmt: skip


def _label_width(rows: list[str]) -> float:
    """Inches that row labels need, from their length."""
    return 0.3 + 0.085 * max(map(len, rows), default=0)
