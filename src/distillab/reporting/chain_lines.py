"""Lines of distillation chains: means over seeds of any quantity against the temperature or the step."""

from typing import TYPE_CHECKING

from distillab.reporting.charts import Axis, Chart, Reference
from distillab.reporting.display import Piece, paragraph
from distillab.reporting.drawing import show
from distillab.reporting.summaries import OVER_SEEDS, over_seeds, seeds_range

if TYPE_CHECKING:
    import pandas as pd

TEMPERATURES = "temperature of the training (log scale)"
STEPS = "step of the chain (0: teacher)"
_SHOWN = ["panel", "series", "x", "value", "low", "high", "seeds"]


def chain_line(
    frame: "pd.DataFrame",
    column: str,
    panel: str,
    name: str,
    order: int,
    *,
    counterpart: bool = False,
    x: str = "temperature",
    scale: float = 1.0,
) -> "pd.DataFrame":
    """Means over seeds as the rows that make one line of `chain_figure`, with the chain that they are about."""
    means = over_seeds(frame, ["chain", x], column)
    means = means.assign(**{name: scale * means[name].astype("float64") for name in ("value", "low", "high")})
    return means.assign(panel=panel, series=name, order=order, counterpart=counterpart, x=means[x])


def chain_lines(parts: "list[pd.DataFrame]") -> "pd.DataFrame":
    """The rows of many lines; with several chains each has panels of its own."""
    import pandas as pd

    if not parts:
        return pd.DataFrame(columns=[*_SHOWN, "chain", "order", "counterpart"])
    lines = pd.concat(parts, ignore_index=True)
    several = lines["chain"].nunique() > 1
    return lines.assign(panel=lines["chain"] + ": " + lines["panel"]) if several else lines


def chain_figure(
    frame: "pd.DataFrame", *, name: str, what: str, caption: str, xlabel: str = TEMPERATURES, title: str = ""
) -> Piece:
    """The rows of `chain_lines` drawn, with their intervals explained and their data behind a link.

    Args:
        frame: Also ``baseline``, where a panel has a line across it at the teacher's.
        name: Unique on the page.
        what: The quantity, for the alt text.
        caption: HTML.
        xlabel: `TEMPERATURES`, `STEPS`, or the name of a parameter.
        title: Of the upright axis, where panels do not say it.
    """
    if frame["value"].isna().all():
        return paragraph(f"{what.rstrip(',')}: no finite result to draw.")
    shown = frame.sort_values(["order", "counterpart", "x"], kind="stable")
    order = shown["panel"].map(list(dict.fromkeys(frame["panel"])).index)
    doubling = xlabel == TEMPERATURES or (bool((frame["x"] > 0).all()) and frame["x"].nunique() > 2)
    chart = Chart(
        shown.assign(place=order).sort_values("place", kind="stable"),
        x=Axis("x", xlabel, "log" if doubling else "linear", ticks="values"),
        y=Axis("value", title, low="low", high="high", shared=False),
        panel="panel",
        line="series",
        look="order",
        hollow="counterpart",
        references=(Reference("y", "baseline", "teacher, T = 1"),) if "baseline" in frame else (),
    )
    said = f"{caption} {seeds_range(frame.loc[frame['value'].notna(), 'seeds'])}. {_bars(frame)}"
    return show(chart, name=name, alt=f"{what} against the {xlabel}.", caption=said, data=frame[_SHOWN])


def _bars(drawn: "pd.DataFrame") -> str:
    if drawn["low"].isna().all():
        return "No intervals below three seeds."
    few = " A point without a bar rests on fewer than three seeds." if drawn["low"].isna().any() else ""
    return f"Bars: {OVER_SEEDS}.{few}"
