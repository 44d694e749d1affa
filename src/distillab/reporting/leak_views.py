"""How concentrated a teacher's answers are, and what their class means tell: curves, triangles, a table."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting import leak_figures
from distillab.reporting.display import Html, folded, header, missing, number, setting, table
from distillab.reporting.drawing import show, style
from distillab.reporting.names import grade_note, graded, marked
from distillab.reporting.palette import ordered, places
from distillab.reporting.selection import kind_of
from distillab.reporting.summaries import counts, estimate_cell, kinds_note, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

FIRST = (UNPROTECTED, "nasty", "concentrated")
"""The kinds of the defenses in the paper's figure 2, which has one of each."""

_SPLITS = ("train", "test")
_LEAKS = ("peak", "peak_corrected", "similarity", "resemblance")
_WIDEST = 5
"""Triangles side by side."""


def concentration_figure(tables: Tables) -> Html:
    """CMI against power per defense, training and test images; a figure per teacher network."""
    frame = _named(tables, tables["cmi"])
    overall = frame[frame["class_label"] == -1]
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


def leaks_table(tables: Tables) -> Html:
    """Per teacher: largest CMI and its power on training and on test images, and what the class means tell."""
    import pandas as pd

    frame = tables["leaks"]
    by = ["teacher", "defense"]
    made: dict[str, dict[str, str]] = {}
    kinds = []
    for split, name in ((split, name) for split in _SPLITS for name in _LEAKS):
        part = frame[frame["split"] == split]
        for row in records(over_seeds(part, by, name)):
            reason = "nothing to compare: this is the reference" if name == "resemblance" else "not finite"
            made.setdefault(row.teacher, {})[f"{split}_{name}"] = estimate_cell(row, number, reason=reason)
            kinds += [row.kind] if isfinite(row.value) else []
        for teacher, rows in part.groupby("teacher"):
            made.setdefault(str(teacher), {})[f"{split}_power"] = _range(rows["peak_power"])
    keys = frame.drop_duplicates("teacher").set_index("teacher")["defense"]
    order = sorted(made, key=lambda teacher: (ordered(list(keys)).index(keys[teacher]), teacher))
    labels = {"teacher": header("Teacher", "grade")}
    for split in _SPLITS:
        labels |= {f"{split}_peak": header("Largest CMI ↓", "nats"), f"{split}_power": header("at power")}
    labels |= {"test_peak_corrected": header("Bias-corrected", "jackknife, nats")}
    labels |= {"test_similarity": header("Class means", "from uniform, nats"),
               "test_resemblance": header("Resemblance", "rank correlation")}  # fmt: skip
    none = dict.fromkeys(labels, missing("not measured"))
    shown = [none | made[name] | {"teacher": _title(tables, keys, name)} for name in order]
    return table(
        pd.DataFrame(shown, columns=list(labels)),
        name="leaks",
        caption=f"<b>What the answers give away</b>, n = {counts(frame['n'])} images, {seeds_of(frame)}.",
        labels=labels,
        spanners={
            "Training images": ["train_peak", "train_power"],
            "Test images": ["test_peak", "test_power", "test_peak_corrected"],
            "What the class means still tell": ["test_similarity", "test_resemblance"],
        },
        notes=[
            kinds_note(pd.Series(kinds, dtype=object)),
            "Class means: how far the wrong classes of a mean answer are from equally likely. Resemblance: rank "
            "correlation of these with those of the unprotected teacher. Both are about test images; an attack that "
            "learns from class means alone can use them even where the CMI is zero.",
            grade_note(tables, keys),
        ],
    )


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


def _title(tables: Tables, keys: "pd.Series[str]", teacher: str) -> str:
    several = len({tables.networks.get(name, name) for name in keys.index}) > 1
    return graded(tables, keys[teacher]) + (f", {escape(tables.networks.get(teacher, teacher))}" if several else "")


def _split(frame: "pd.DataFrame") -> str:
    return "train" if (frame["split"] == "train").any() else "test"


def _shown_classes(tables: Tables, frame: "pd.DataFrame") -> list[int]:
    """The classes of the triangles, or else the first three that were measured."""
    corners = sorted(tables["simplex"]["label"].unique())
    return [int(y) for y in corners or sorted(frame["class_label"].unique())[:3]]


def _range(powers: "pd.Series[float]") -> str:
    found = [power for power in powers if isfinite(power)]
    if not found:
        return missing("not finite")
    low, high = setting(min(found)), setting(max(found))
    return low if low == high else f"{low} to {high}"
