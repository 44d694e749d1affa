"""What a teacher's answers give away: how concentrated they are at most, and what their class means tell."""

from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.cells import Absent, Content
from distillab.reporting.columns import Heading, declared
from distillab.reporting.display import setting
from distillab.reporting.kit import PageTable
from distillab.reporting.names import graded
from distillab.reporting.palette import ordered
from distillab.reporting.summaries import estimates, images_of, seeds_of
from distillab.reporting.tables import Tables

if TYPE_CHECKING:
    import pandas as pd

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
        {"teacher": Heading("Teacher")} | LEAKS,
        [
            {"teacher": graded(tables, keys[name], _network(tables, name) if several else "")}
            | {key: found.get(name, _missing(tables, keys[name])) for key, found in cells.items()}
            for name in sorted(keys.index, key=lambda name: (ordered(list(keys)).index(keys[name]), name))
        ],
        sample=f", {seeds_of(frame)}" if len(frame) else "",
        spanners={
            f"Training images{images_of(frame, 'train')}": ["train_peak", "train_peak_power"],
            f"Test images{images_of(frame, 'test')}": [key for key in LEAKS if key.startswith("test")],
        },
        notes=[
            "Class means: how far the wrong classes of a mean answer are from equally likely. Resemblance: rank "
            "correlation of these with those of the unprotected teacher. An attack that learns from class means alone "
            "can use both even where the CMI is zero.",
        ],
    )


def _missing(tables: Tables, defense: str) -> Absent:
    """Why a number is not there: of models that are only asked, nothing is that needs more questions."""
    methods = tables.facts.get("methods", {}).get("defenses", {})
    brought = methods.get(defense, {}).get("brought", "")
    return Absent("from elsewhere: asked about no image for this alone" if brought else "not measured")


def _network(tables: Tables, teacher: str) -> str:
    """What follows a teacher's name where networks differ; a model from elsewhere may be called as its network is."""
    own = tables.networks.get(teacher, teacher)
    return "" if teacher == f"{own}-{own}" else f", {own}"


def _powers(frame: "pd.DataFrame") -> dict[str, Content]:
    """The power of the largest CMI by teacher, from the least to the largest over its seeds."""
    finite = frame[np.isfinite(frame["peak_power"].astype("float64"))]
    ends = finite.groupby("teacher")["peak_power"].agg(["min", "max"])
    said = [setting(low) if low == high else f"{setting(low)} to {setting(high)}" for low, high in ends.to_numpy()]
    return dict(zip(ends.index, said, strict=True))
