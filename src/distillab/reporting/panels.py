"""Pieces that figures share: lines with bands, quiet notes, the common axis and legend."""

from typing import TYPE_CHECKING

from distillab.reporting.palette import MUTED, PAPER, look, ordered

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


MOST = 7
"""Lines of a panel that can be told apart."""


def crowds(keys: "list[str]") -> "list[list[str]]":
    """Defenses in the order of every figure, so few at a time that a panel can show them; the first is in each part."""
    first, *rest = ordered(keys)
    if len(rest) < MOST:
        return [[first, *rest]]
    return [[first, *rest[start : start + MOST - 1]] for start in range(0, len(rest), MOST - 1)]


def part_title(title: str, part: int, parts: int) -> str:
    """``title``, and which of several panels with the same title this is."""
    return f"{title}, {part + 1} of {parts}" if parts > 1 else title


def draw_lines(ax: "Axes", frame: "pd.DataFrame", *, x: str, y: str) -> None:
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
            markersize=6 * method.size,
            markeredgecolor=PAPER,
            markevery=max(1, part[x].nunique() // 8),
            label=part["label"].iloc[0],
            legend=False,
        )
    ax.set(xlabel="", ylabel="")


def note(ax: "Axes", text: str, at: tuple[float, float], coords: tuple[str, str], *, ha: str) -> None:
    """Small text just above a place of the panel."""
    ax.annotate(text, at, xycoords=coords, xytext=(0, 3), textcoords="offset points", ha=ha, color=MUTED, fontsize=9)


def finish(figure: "Figure", axes: "list[Axes]", used: int, *, xlabel: str = "", legend: bool = False) -> None:
    """Hide the panels that are not used (those above show the ticks), name the common axis, put a legend on top."""
    for index, ax in enumerate(axes[used:], start=used):
        ax.set_visible(False)
        place = ax.get_subplotspec()
        if place is not None:
            axes[index - place.get_gridspec().ncols].tick_params(labelbottom=True)
    if xlabel:
        figure.supxlabel(xlabel, fontsize=10, y=0.08 / figure.get_figheight(), va="bottom")
    if legend:
        named = {
            name: handle for ax in axes[:used] for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)
        }
        figure.legend(named.values(), named.keys(), loc="upper left", ncols=in_a_row(list(named)), handlelength=2.8,
                      borderaxespad=0, borderpad=0, columnspacing=1.5)  # fmt: skip


def legend_height(names: list[str]) -> float:
    """Inches above panels with titles that `finish` needs for a legend of these names."""
    names = list(dict.fromkeys(names))
    return 0.43 + 0.19 * -(-len(names) // in_a_row(names))


def label_width(rows: list[str]) -> float:
    """Inches that row labels need, from their length."""
    return 0.3 + 0.085 * max(map(len, rows), default=0)


def in_a_row(names: list[str]) -> int:
    """Entries of a legend that fit side by side."""
    return max(1, min(8, len(names), 110 // (max(map(len, names), default=0) + 9)))
