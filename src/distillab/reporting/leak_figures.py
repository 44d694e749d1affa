"""How concentrated a teacher's answers are, drawn: against the power of a transform, by class, and on triangles."""

from html import escape
from math import sqrt
from typing import TYPE_CHECKING

from distillab.reporting.charts import Axis, Chart, Outline, by_defense, spread
from distillab.reporting.display import Html, Piece, folded, number, paragraph, setting
from distillab.reporting.drawing import show
from distillab.reporting.names import marked
from distillab.reporting.palette import ordered
from distillab.reporting.selection import kind_of
from distillab.reporting.summaries import counts, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

FIRST = (UNPROTECTED, "nasty", "concentrated")
"""The kinds of the defenses in the paper's figure 2, which has one of each."""

_WIDEST = 5
"""Teachers shown first where none is of the paper's kinds."""

_SHAPES = ("circles", "squares", "triangles")
"""How the classes of a triangle's corners are drawn."""


def concentrations(tables: Tables) -> "pd.DataFrame":
    """The table ``cmi`` over all classes in the order of every figure, with the label of each line.

    ``class_label`` is what was ``label``.
    """
    frame = _named(tables, tables["cmi"])
    return by_defense(frame[frame["class_label"] == -1].sort_values("split", ascending=False, kind="stable"))


def concentration_figure(frame: "pd.DataFrame") -> Html:
    """The rows of `concentrations` drawn: CMI against power, training and test images; a figure per teacher network."""
    if frame.empty:
        return paragraph("No CMI was measured.")
    parts = [_concentration(part, str(arch)) for arch, part in frame.groupby("arch", sort=False)]
    return Html("".join(part.text for part in parts))


def _extremes(peaks: "pd.Series[float]", images: str) -> str:
    """Whose answers scatter least and most; of one teacher how much."""
    least, most = number(peaks.min()), number(peaks.max())
    if len(peaks) == 1:
        return f"The answers of {peaks.idxmin()} have a largest CMI of {least} nats on {images}."
    return (
        f"{peaks.idxmin()} has the tightest clusters and {peaks.idxmax()} the widest: largest CMI on {images} "
        f"{least} and {most} nats."
    )


def _concentration(overall: "pd.DataFrame", arch: str) -> Piece:
    drawn = spread(overall, ["split", "defense", "label", "power"], "cmi")
    split = _split(overall)
    peaks = overall[overall["split"] == split].groupby(["label", "seed"])["cmi"].max().groupby("label").mean()
    finding = _extremes(peaks, _images(split))
    return show(
        _against_power(drawn.assign(split=drawn["split"].map(_images)), panel="split", line="label", look="defense"),
        name=f"cmi-{arch}",
        alt=f"Conditional mutual information against power, one line per defense. {finding}",
        caption=f"<b>{escape(finding)}</b> Teachers: {escape(arch)}. Lines: means over "
        f"{seeds_of(overall)}; bands: their range; n = {counts(overall['n'])} images.",
        data=drawn[["label", "split", "power", "cmi"]],
    )


def _against_power(frame: "pd.DataFrame", *, panel: str, line: str, look: str) -> Chart:
    """Lines of CMI against the power, whose scale spreads the powers below 1."""
    return Chart(
        frame,
        x=Axis("power", "power (square-root scale)", "sqrt", ticks=(0, 0.25, 1, 2, 4, 8)),
        y=Axis("cmi", "CMI, nats", limits=(0, None), low="low", high="high"),
        panel=panel,
        line=line,
        look=look,
        bounds="band",
    )


def single_classes(tables: Tables) -> "pd.DataFrame":
    """CMI of three classes, with no protection and with CMIM; no row where no class was measured."""
    frame = _named(tables, tables["cmi"])
    frame = frame[frame["defense"].isin(_first(tables, frame, FIRST[0], FIRST[-1])) & (frame["class_label"] >= 0)]
    frame = frame[frame["arch"] == frame["arch"].min()]
    frame = frame[frame["class_label"].isin(_shown_classes(tables, frame)) & (frame["split"] == _split(frame))]
    names = tables.facts["class_names"]
    named = frame.assign(name=[f"class {names[int(y)]}" for y in frame["class_label"]])
    return by_defense(named.sort_values("class_label", kind="stable"))


def classes_figure(frame: "pd.DataFrame") -> Piece:
    """The rows of `single_classes` drawn against the power, a panel per defense; nothing without them."""
    if frame.empty:
        return Html("")
    drawn = spread(frame, ["label", "name", "power"], "cmi")
    order = list(dict.fromkeys(drawn["name"]))
    return show(
        _against_power(drawn.assign(order=drawn["name"].map(order.index)), panel="label", line="name", look="order"),
        name="cmi-classes",
        alt="Conditional mutual information against power of three classes, one panel per defense.",
        caption=f"<b>The scatter of single classes.</b> Means over {seeds_of(frame)}, bands: their range; "
        f"n = {counts(frame['n'])} {_images(_split(frame))} a class.",
        data=drawn[["label", "name", "power", "cmi"]],
    )


def simplex_figure(tables: Tables, frame: "pd.DataFrame") -> Html:
    """The rows of `answers` drawn on their triangle; the paper's three teachers, and folded the others, softened."""
    if frame.empty:
        return Html("")
    soft = frame[frame["power"] == frame["power"].min()]
    first = _first(tables, frame, *FIRST)
    others = [key for key in ordered(list(frame["defense"])) if key not in first]
    if not first:
        first, others = others[:_WIDEST], others[_WIDEST:]
    shown = _triangles(frame[frame["defense"].isin(first)], "simplex")
    if not others:
        return Html(shown.text)
    return Html(shown.text) + folded(
        "The other teachers", _triangles(soft[soft["defense"].isin(others)], "simplex-others")
    )


def _first(tables: Tables, frame: "pd.DataFrame", *kinds: str) -> list[str]:
    """The first defense of each kind in the order of every figure."""
    keys = ordered(list(frame["defense"]))
    found = (next((key for key in keys if kind_of(tables, key) == kind), None) for kind in kinds)
    return [key for key in found if key]


def _triangles(frame: "pd.DataFrame", name: str) -> Piece:
    corners = ", ".join(map(str, frame["corners"].iloc[0]))
    powers = ", ".join(setting(power) for power in sorted(frame["power"].unique()))
    titles = [f"{row.label}, power {setting(row.power)}" for row in records(frame)]
    chart = Chart(
        frame.assign(title=titles),
        x=Axis("x", limits=(-0.08, 1.08)),
        y=Axis("y", limits=(-0.07, 0.94)),
        kind="points",
        panel="title",
        look="class_index",
        size="count",
        shapes=(Outline(((0, 0), (1, 0), (0.5, sqrt(0.75)))),),
        equal=True,
        small=True,
        bare=True,
    )
    classes = ", ".join(f"{escape(str(row.name))}: {_SHAPES[int(row.class_index)]}" for row in
                        records(frame.drop_duplicates("class_index").sort_values("class_index")))  # fmt: skip
    return show(
        chart,
        name=name,
        alt=f"Triangles of the classes {corners}, one per teacher and power ({powers}).",
        caption=f"<b>Test answers of three classes on their triangle</b>, corners {escape(corners)} (left, right, "
        f"top); {classes}. A power below 1 softens, as a distiller's temperature does; one above 1 drives "
        "any confident answer into its corner. One seed; the area of a point grows with the answers there.",
        data=frame[["label", "power", "name", "x", "y", "count"]],
    )


def answers(tables: Tables) -> "pd.DataFrame":
    """The table ``simplex``, points that coincide at a hundredth of a side as one, with their count."""
    points = tables["simplex"]
    if points.empty:
        return points
    points = points.assign(
        corners=[tuple(corners) for corners in points["corners"]],
        label_text=[marked(tables, key) for key in points["defense"]],
        **{side: points[side].round(2) for side in ("x", "y")},
    )
    by = ["defense", "label_text", "power", "label", "name", "corners", "x", "y"]
    found = points.groupby(by, sort=False).size().rename("count").reset_index()
    corner = [list(row.corners).index(row.name) if row.name in row.corners else 0 for row in records(found)]
    found = found.assign(class_index=corner, name=[f"class {name}" for name in found["name"]])
    found = found.drop(columns="label").rename(columns={"label_text": "label"})
    return by_defense(found.sort_values(["power", "class_index"], kind="stable"))


def _named(tables: Tables, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The rows with ``label`` as a figure writes it; ``class_label`` is what was ``label``."""
    names = [marked(tables, defense) for defense in frame["defense"]]
    return frame.rename(columns={"label": "class_label"}).assign(label=names)


def _images(split: str) -> str:
    return "training images" if split == "train" else f"{split} images"


def _split(frame: "pd.DataFrame") -> str:
    return "train" if (frame["split"] == "train").any() else "test"


def _shown_classes(tables: Tables, frame: "pd.DataFrame") -> list[int]:
    """The classes of the triangles, or else the first three that were measured."""
    corners = sorted(tables["simplex"]["label"].unique())
    return [int(y) for y in corners or sorted(frame["class_label"].unique())[:3]]
