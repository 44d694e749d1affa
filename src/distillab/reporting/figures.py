"""The figures of the reports: data frames in, matplotlib figures out.

Margins are given in inches rather than found by a layout engine, which would draw every figure two more times.
"""

from typing import TYPE_CHECKING

from distillab.reporting.drawing import canvas
from distillab.reporting.palette import BAND, INK, LIGHT, METHOD_COLORS, MUTED, PAPER, look
from distillab.reporting.panels import crowds, draw_lines, finish, label_width, legend_height, note, part_title
from distillab.reporting.tables import norm_label, records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAIN = "knockoff minus LS student, percentage points"
_LINEAR, _FAR = 1.0, 10.0
"""Where a gain has more than ``_FAR`` points, those beyond ``_LINEAR`` are drawn on a logarithmic scale."""


def worst_case(verdicts: "pd.DataFrame", cells: "pd.DataFrame", margin: float) -> "Figure":
    """Per teacher, every attack's gain over the LS student as a tick and the best attack's with its bounds.

    Args:
        verdicts: Columns row (label), defense, best_attack, best_delta, lower, upper, in the order of drawing.
        cells: Columns row, attack, delta, one per attack.
        margin: Half-width of the band of gains too small to matter, as a share.
    """
    rows = list(verdicts["row"])
    figure, (ax,) = canvas(1, 1, height=0.4 * len(rows) + 0.3, left=label_width(rows), top=0.3)
    xlabel = _gain_axis(ax, rows, margin, verdicts["best_delta"], cells["delta"])
    for y, row in enumerate(records(verdicts)):
        others = cells[(cells["row"] == row.row) & (cells["attack"] != row.best_attack)]
        ticks = 100 * others["delta"].dropna()
        ax.plot(ticks, [y] * len(ticks), "|", color=MUTED, markersize=11, markeredgewidth=1.4)
        _gain(ax, y, str(row.defense), (row.best_delta, row.lower, row.upper))
    ax.set_xlabel(xlabel)
    note(ax, "LS student", (0, 1), ("data", "axes fraction"), ha="center")
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
    figure, axes = canvas(lines, columns, height=0.2 * len(rows) + 0.2, left=label_width(rows), top=0.35)
    xlabel = ""
    for ax, attack in zip(axes, attacks, strict=False):
        xlabel = _gain_axis(ax, rows, margin, cells["delta"])
        for row in records(cells[cells["attack_label"] == attack]):
            _gain(ax, rows.index(str(row.row)), str(row.defense), (row.delta, row.delta_low, row.delta_high))
        ax.set_title(attack)
    finish(figure, axes, len(attacks), xlabel=xlabel)
    return figure


def robustness(curves: "pd.DataFrame", chance: float) -> "Figure":
    """Accuracy that is left after the closest points that attacks found, seven lines a panel, by norm and network.

    Args:
        curves: Columns defense, label, panel, norm, seed, eps, robust_accuracy.
        chance: Accuracy of guessing, drawn as a line.
    """
    titles = list(dict.fromkeys(curves["panel"]))
    parts = {title: crowds(list(curves.loc[curves["panel"] == title, "defense"])) for title in titles}
    panels = [(title, place, keys) for title in titles for place, keys in enumerate(parts[title])]
    top, columns = legend_height(list(curves["label"])), min(3, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = canvas(lines, columns, height=2.7 if lines == 1 else 2.1, left=0.6, top=top, share_x=False)
    for ax, (title, place, keys) in zip(axes, panels, strict=False):
        panel = curves[(curves["panel"] == title) & curves["defense"].isin(keys)]
        draw_lines(ax, panel.assign(percent=100 * panel["robust_accuracy"]), x="eps", y="percent")
        ax.axhline(100 * chance, color=MUTED, linewidth=1, linestyle=(0, (2, 2)), zorder=4)
        note(ax, "chance", (1, 100 * chance), ("axes fraction", "data"), ha="right")
        ax.set_title(part_title(title, place, len(parts[title])))
        ax.set_xlabel(f"{norm_label(str(panel['norm'].iloc[0]))} distance, pixel scale 0–1")
        ax.set(xlim=(0, None), ylim=(0, 100))
    axes[0].set_ylabel("robust accuracy at most, %")
    finish(figure, axes, len(panels), legend=True)
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
    figure, axes = canvas(lines, columns, height=1.25, left=0.6, top=legend_height(terms))
    for key, run in history.groupby(["label", "term", "seed"], sort=False):
        label, term = str(key[0]), str(key[1])
        index = terms.index(term)
        axes[labels.index(label)].plot(run["epoch"], run["value"], linewidth=1.2, label=term.replace("_", " "),
                                       color=LIGHT[METHOD_COLORS[index % len(METHOD_COLORS)]],
                                       linestyle=("-", (0, (4, 1.5)), (0, (1, 1.2)))[index % 3])  # fmt: skip
    for ax, label in zip(axes, labels, strict=False):
        ax.set_title(label)
    axes[0].set_ylabel("loss")
    finish(figure, axes, len(labels), xlabel="epoch", legend=True)
    return figure


def _gain_axis(ax: "Axes", rows: list[str], margin: float, *gains: "pd.Series[float]") -> str:
    """Teachers as rows, the LS student as a line, the margin as a band; returns what the axis shows."""
    ax.axvspan(-100 * margin, 100 * margin, color=BAND, zorder=0, linewidth=0)
    ax.axvline(0, color=INK, linewidth=1.1, zorder=1)
    ax.grid(visible=False, axis="y")
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    if max((100 * each.abs().max() for each in gains), default=0) <= _FAR:
        return _GAIN
    ax.set_xscale("symlog", linthresh=_LINEAR, linscale=1.2)
    ax.set_xticks((-100, -10, -1, 0, 1, 10, 100), ("−100", "−10", "−1", "0", "1", "10", "100"))
    ax.minorticks_off()
    return f"{_GAIN} (logarithmic beyond ±{_LINEAR:g})"


def _gain(ax: "Axes", y: float, defense: str, gain: tuple[float, float, float]) -> None:
    """One gain (value, low, high) in percentage points on row ``y``."""
    value, low, high = (100 * part for part in gain)
    method = look(defense)
    ax.plot([low, high], [y, y], color=method.color, linewidth=2.2, solid_capstyle="butt", clip_on=False)
    ax.plot([value], [y], marker=method.marker, linestyle="", color=method.color, markersize=7.5 * method.size,
            markeredgecolor=PAPER, markeredgewidth=0.6, clip_on=False)  # fmt: skip
