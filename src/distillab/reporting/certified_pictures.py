"""Bounds on networks of a few units, drawn: a ladder from intervals to the exact minimum, and a polytope."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.core.errors import ArtifactError
from distillab.reporting.display import Html, number, paragraph
from distillab.reporting.drawing import canvas, show, style
from distillab.reporting.palette import BAND, INK, MUTED, PAPER, RULE, series
from distillab.reporting.panels import finish, label_width, legend_height, note

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_COMMAND = "python benchmarks/certify/toys.py"


def ladder_figure(results: str | Path) -> Html:
    """Every certifier on the test vectors, from the exact minimum down, with what is and what is not a theorem.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    import pandas as pd

    record = _record(results)
    if record is None:
        return paragraph(f"Bounds on tiny networks were not recorded; <code>{_COMMAND}</code> computes them.")
    bounds = pd.DataFrame(record["ladder"])
    with style():
        return show(
            _ladder(bounds),
            name="ladder",
            alt="Lower bounds of seven certifiers on three tiny networks, from the exact minimum down to intervals.",
            caption="<b>The ladder on three tiny networks</b>, two inputs and six hidden units each. Theorems on every "
            "network: no bound lies right of the exact minimum (line), and each certifier down to CROWN is at least "
            f"as tight as the next. The rest is no theorem{_counterexamples(bounds)}.",
            data=bounds,
        )


def polytope_figure(results: str | Path) -> Html:
    """What a ball becomes under a network with two inputs and two logits, and what certifiers must assume.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    record = _record(results)
    if record is None:
        return Html("")
    plane = record["plane"]
    said = ", ".join(f"{name} {number(value)}" for name, value in plane["bounds"].items())
    with style():
        return show(
            _polytope(plane),
            name="polytope",
            alt="Left, a square of inputs in pieces; right, its image among the logits inside convex outlines.",
            caption="<b>The convex outer polytope.</b> Left: a ball around an image of two pixels, cut where a hidden "
            "unit changes its sign. Right: the logits that the ball can reach (filled: exactly these; the network "
            "is linear on each piece) and what each certifier cannot exclude, drawn from its bounds in many "
            "directions. Below the line the class is right. Where an outline crosses the line, the certifier "
            f"proves nothing. Smallest margin: exactly {number(plane['exact'])}; by bounds {said}.",
        )


def _record(results: str | Path) -> dict[str, Any] | None:
    """What the script kept; None where it did not run."""
    path = Path(results) / "toys.json"
    if not path.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError("not JSON", where=str(path), got=str(error), do=_COMMAND) from error
    if missing := {"ladder", "plane"} - set(record):
        raise ArtifactError("lacks keys", where=str(path), expected=", ".join(sorted(missing)), do=_COMMAND)
    return record


def _counterexamples(bounds: "pd.DataFrame") -> str:
    """Where intervals beat a method that costs more, and where CROWN and the dual beat each other."""
    wide = bounds.pivot_table(index="network", columns="certifier", values="bound")

    def where(better: str, worse: str) -> str:
        names = [str(name) for name in wide.index[wide[better] > wide[worse] + 1e-6]]
        return f"{better} beats {worse} on {' and '.join(names)}" if names else ""

    pairs = (("IBP", "WK dual"), ("IBP", "CROWN"), ("WK dual", "CROWN"), ("CROWN", "WK dual"))
    found = [said for pair in pairs if (said := where(*pair))]
    return f": {'; '.join(found)}" if found else ""


def _ladder(bounds: "pd.DataFrame") -> "Figure":
    rungs, networks = (list(dict.fromkeys(bounds[column])) for column in ("certifier", "network"))
    figure, axes = canvas(1, len(networks), height=0.34 * len(rungs), left=label_width(rungs), top=0.35, share_x=False)
    for ax, name in zip(axes, networks, strict=True):
        values = list(bounds.loc[bounds["network"] == name, "bound"])
        ax.grid(visible=False, axis="y")
        ax.set_yticks(range(len(rungs)), rungs)
        ax.set_ylim(len(rungs) - 0.4, -0.7)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.axvline(values[0], color=INK, linewidth=1.1, zorder=1)
        ax.hlines(range(len(rungs)), values, values[0], color=MUTED, linewidth=1.2)
        ax.plot(values, range(len(rungs)), "o", color=series(1).color, markersize=7.5, markeredgecolor=PAPER)
        ax.margins(x=0.12)
        ax.set_title(f"network {name}")
    finish(figure, axes, len(axes), xlabel="lower bound of the margin, logits")
    return figure


def _polytope(plane: dict[str, Any]) -> "Figure":
    outlines = {name: np.array(corners) for name, corners in plane["outlines"].items()}
    top = legend_height(list(outlines))
    figure, (ball, logits) = canvas(1, 2, height=3.7, left=0.65, top=top, share_x=False, share_y=False)
    for piece in plane["pieces"]:
        for ax, corners, color in ((ball, piece["inputs"], BAND), (logits, piece["logits"], RULE)):
            ax.fill(*np.transpose(corners), facecolor=color, edgecolor=MUTED, linewidth=0.9)
    for rank, (name, outline) in enumerate(outlines.items(), start=1):
        drawn, closed = series(rank), np.vstack([outline, outline[:1]])
        logits.plot(*closed.T, color=drawn.color, linestyle=drawn.line, linewidth=1.8, label=name)
    ball.plot(*([value] for value in plane["x"]), "o", color=INK, markersize=6, markeredgecolor=PAPER)
    ball.set_title("the ball around an image")
    ball.set(xlabel="first pixel", ylabel="second pixel", aspect="equal")
    logits.set_title("its logits")
    logits.set(xlabel="logit of the right class", ylabel="logit of the other class")
    _decision(logits, np.vstack(list(outlines.values())))
    finish(figure, [ball, logits], 2, legend=True)
    return figure


def _decision(ax: "Axes", corners: "NDArray[np.float64]") -> None:
    """Equal scales, and the line on which both logits are the same."""
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    half = 0.55 * float((corners.max(axis=0) - corners.min(axis=0)).max())
    ax.axline((0, 0), slope=1, color=INK, linewidth=1.1, zorder=1)
    (left, bottom), (right, top) = middle - half, middle + half
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    note(ax, "right class below the line", (0.02, 0.02), ("axes fraction", "axes fraction"), ha="left")
