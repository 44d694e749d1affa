"""How concentrated a teacher's answers are, and what their class means tell: curves, triangles, a table."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting import leak_figures
from distillab.reporting.cells import Absent, Content
from distillab.reporting.columns import Heading, declared
from distillab.reporting.display import Html, folded, number, paragraph, setting
from distillab.reporting.drawing import show, style
from distillab.reporting.kit import PageTable
from distillab.reporting.names import grade_note, graded, marked
from distillab.reporting.palette import ordered, places
from distillab.reporting.selection import kind_of
from distillab.reporting.summaries import counts, estimates, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

FIRST = (UNPROTECTED, "nasty", "concentrated")
"""The kinds of the defenses in the paper's figure 2, which has one of each."""

LEAKS = {
    "train_peak": declared("leaks", "peak", "Largest CMI ↓"),
    "train_peak_power": declared("leaks", "peak_power", "at power"),
    "test_peak": declared("leaks", "peak", "Largest CMI ↓"),
    "test_peak_power": declared("leaks", "peak_power", "at power"),
    "test_peak_corrected": Heading("Bias-corrected", "jackknife, nats"),
    "test_similarity": declared("leaks", "similarity", "Class means", "from uniform, nats"),
    "test_resemblance": declared("leaks", "resemblance", "Resemblance", "rank correlation"),
}
"""Split and column of ``leaks`` to its heading."""

_WIDEST = 5
"""Triangles side by side."""


def concentrations(tables: Tables) -> "pd.DataFrame":
    """The table ``cmi`` over all classes, with the label of each line; ``class_label`` is what was ``label``."""
    frame = _named(tables, tables["cmi"])
    return frame[frame["class_label"] == -1]


def concentration_figure(tables: Tables, curves: "pd.DataFrame | None" = None) -> Html:
    """CMI against power per defense, training and test images; a figure per teacher network.

    Args:
        tables: The run.
        curves: By default those of `concentrations`.
    """
    overall = concentrations(tables) if curves is None else curves
    if overall.empty:
        return paragraph("No CMI was measured.")
    parts = [_concentration(part, str(arch)) for arch, part in overall.groupby("arch", sort=False)]
    return Html("".join(part.text for part in parts))


def _concentration(overall: "pd.DataFrame", arch: str) -> Html:
    peaks = overall.groupby(["label", "split", "power"])["cmi"].mean().groupby(["split", "label"]).max()
    split = _split(overall)
    low, high = peaks[split].idxmin(), peaks[split].idxmax()
    finding = (
        f"{low} has the tightest clusters and {high} the widest: largest CMI on {split} images "
        f"{number(peaks[split][low])} and {number(peaks[split][high])} nats."
    )
    with style():
        return show(
            leak_figures.concentration(overall),
            name=f"cmi-{arch}",
            alt=f"Conditional mutual information against power, one line per defense. {finding}",
            caption=f"<b>{escape(finding)}</b> Teachers: {escape(arch)}. Lines: means over "
            f"{seeds_of(overall)}; bands: their range; n = {counts(overall['n'])} images.",
            data=overall.groupby(["label", "split", "power"], sort=False)["cmi"].mean().reset_index(),
        )


def classes_figure(tables: Tables) -> Html:
    """CMI against power of three classes, with no protection and with CMIM; nothing where no class was measured."""
    frame = _named(tables, tables["cmi"])
    frame = frame[frame["defense"].isin(_first(tables, frame, FIRST[0], FIRST[-1])) & (frame["class_label"] >= 0)]
    frame = frame[frame["arch"] == frame["arch"].min()]
    frame = frame[frame["class_label"].isin(_shown_classes(tables, frame)) & (frame["split"] == _split(frame))]
    if frame.empty:
        return Html("")
    names = tables.facts["class_names"]
    frame = frame.assign(
        name=[f"class {names[int(y)]}" for y in frame["class_label"]],
        rank=places(frame["defense"]),
    ).sort_values(["rank", "class_label"])
    data = frame.groupby(["label", "name", "power"], sort=False)["cmi"].mean().reset_index()
    with style():
        return show(
            leak_figures.classes(data),
            name="cmi-classes",
            alt="Conditional mutual information against power of three classes, one panel per defense.",
            caption=f"<b>The scatter of single classes.</b> Means over {seeds_of(frame)}; "
            f"n = {counts(frame['n'])} {_split(frame)} images a class.",
            data=data,
        )


def leaks_table(tables: Tables) -> PageTable:
    """Per teacher: largest CMI and its power on training and on test images, and what the class means tell."""
    frame = tables["leaks"]
    cells: dict[str, dict[str, Content]] = {}
    for split, name in (key.split("_", 1) for key in LEAKS):
        part = frame[frame["split"] == split]
        reason = "nothing to compare: this is the reference" if name == "resemblance" else "not finite"
        found = _powers(part) if name == "peak_power" else dict(estimates(part, ["teacher"], name, reason=reason))
        cells[f"{split}_{name}"] = found
    keys = frame.drop_duplicates("teacher").set_index("teacher")["defense"]
    several = len({tables.networks.get(name, name) for name in keys.index}) > 1
    return PageTable(
        "leaks",
        "What the answers give away",
        {"teacher": Heading("Teacher", "grade")} | LEAKS,
        [
            {"teacher": graded(tables, keys[name], f", {tables.networks.get(name, name)}" if several else "")}
            | {key: found.get(name, Absent("not measured")) for key, found in cells.items()}
            for name in sorted(keys.index, key=lambda name: (ordered(list(keys)).index(keys[name]), name))
        ],
        sample=f", n = {counts(frame['n'])} images, {seeds_of(frame)}" if len(frame) else "",
        spanners={
            "Training images": ["train_peak", "train_peak_power"],
            "Test images": ["test_peak", "test_peak_power", "test_peak_corrected"],
            "What the class means still tell": ["test_similarity", "test_resemblance"],
        },
        notes=[
            "Class means: how far the wrong classes of a mean answer are from equally likely. Resemblance: rank "
            "correlation of these with those of the unprotected teacher. Both are about test images; an attack that "
            "learns from class means alone can use them even where the CMI is zero.",
            grade_note(tables, keys),
        ],
    )


def _powers(frame: "pd.DataFrame") -> dict[str, Content]:
    """The power of the largest CMI by teacher, from the least to the largest over its seeds."""
    finite = frame[np.isfinite(frame["peak_power"].astype("float64"))]
    ends = finite.groupby("teacher")["peak_power"].agg(["min", "max"])
    said = [setting(low) if low == high else f"{setting(low)} to {setting(high)}" for low, high in ends.to_numpy()]
    return dict(zip(ends.index, said, strict=True))


def simplex_figure(tables: Tables) -> Html:
    """Answers of three classes on their triangle; the paper's three teachers, and folded the others, softened."""
    points = tables["simplex"]
    if points.empty:
        return Html("")
    points = _counted(tables, points)
    soft = points[points["power"] == points["power"].min()]
    first = _first(tables, points, *FIRST)
    others = [key for key in ordered(list(points["defense"])) if key not in first]
    if not first:
        first, others = others[:_WIDEST], others[_WIDEST:]
    rest = [others[start : start + _WIDEST] for start in range(0, len(others), _WIDEST)]
    drawn = _triangles(points, first, "simplex")
    more = [_triangles(soft, keys, f"simplex-{number}") for number, keys in enumerate(rest, start=2)]
    return drawn + folded("The other teachers", *more) if more else drawn


def _first(tables: Tables, frame: "pd.DataFrame", *kinds: str) -> list[str]:
    """The first defense of each kind in the order of every figure."""
    keys = ordered(list(frame["defense"]))
    found = (next((key for key in keys if kind_of(tables, key) == kind), None) for kind in kinds)
    return [key for key in found if key]


def _triangles(points: "pd.DataFrame", keys: list[str], name: str) -> Html:
    frame = points[points["defense"].isin(keys)]
    frame = frame.assign(rank=frame["defense"].map(keys.index)).sort_values("rank", kind="stable")
    corners = ", ".join(map(str, frame["corners"].iloc[0]))
    powers = ", ".join(setting(power) for power in sorted(frame["power"].unique()))
    with style():
        return show(
            leak_figures.triangles(frame),
            name=name,
            alt=f"Triangles of the classes {corners}, one column per teacher, one line per power ({powers}).",
            caption=f"<b>Test answers of three classes on their triangle</b>, corners {escape(corners)} (left, right, "
            f"top), powers: {powers}. A power below 1 softens, as a distiller's temperature does; one above 1 drives "
            "any confident answer into its corner. One seed; the area of a point grows with the answers there.",
            data=frame[["label", "power", "name", "x", "y", "count"]],
        )


def _counted(tables: Tables, points: "pd.DataFrame") -> "pd.DataFrame":
    """Points that coincide at a hundredth of a side as one, with their count and the place of their class."""
    points = points.assign(
        corners=[tuple(corners) for corners in points["corners"]],
        label_text=[marked(tables, key) for key in points["defense"]],
        **{side: points[side].round(2) for side in ("x", "y")},
    )
    by = ["defense", "label_text", "power", "label", "name", "corners", "x", "y"]
    found = points.groupby(by, sort=False).size().rename("count").reset_index()
    corner = [list(row.corners).index(row.name) if row.name in row.corners else 0 for row in records(found)]
    found = found.assign(class_index=corner, name=[f"class {name}" for name in found["name"]])
    return found.drop(columns="label").rename(columns={"label_text": "label"})


def _named(tables: Tables, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The rows with ``label`` as a figure writes it; ``class_label`` is what was ``label``."""
    names = [marked(tables, defense) for defense in frame["defense"]]
    return frame.rename(columns={"label": "class_label"}).assign(label=names)


def _split(frame: "pd.DataFrame") -> str:
    return "train" if (frame["split"] == "train").any() else "test"


def _shown_classes(tables: Tables, frame: "pd.DataFrame") -> list[int]:
    """The classes of the triangles, or else the first three that were measured."""
    corners = sorted(tables["simplex"]["label"].unique())
    return [int(y) for y in corners or sorted(frame["class_label"].unique())[:3]]
