"""Sentences about certificates: what is proved and what is open."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.certified_rows import (
    attacked,
    certificates,
    combines,
    labels,
    settings,
    strongest,
    threat_models,
)
from distillab.reporting.display import Html, paragraph, percent, points
from distillab.reporting.summaries import counts, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset
from distillab.reporting.titles import text_titles
from distillab.reporting.worst_rows import at, named

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 3
"""Models that the answer names."""

_COMMAND = "distillab certify --weights mnist.pth --arch wong_small --eps 0.1 --normalization none"


def certified_answer(tables: Tables) -> Html:
    """What is certified of the models at the first radius, what attacks leave, and what lies between."""
    frame = certificates(tables)
    if frame.empty:
        return paragraph("No certificate was computed in this preset.", kind="lead")
    threat = threat_models(tables, frame)[0]
    shown = strongest(at(frame, threat))
    rows = sorted(records(over_seeds(shown, ["model"], "certified_accuracy")), key=lambda row: -row.value)
    rest = f" {len(rows) - _SHOWN} more models are in the table." if len(rows) > _SHOWN else ""
    said = "; ".join(_proved(tables, row, shown[shown["model"] == row.model]) for row in rows[:_SHOWN])
    return paragraph(
        f"On {dataset(tables)} at {named(threat)}: {said}. n = {counts(shown['n'])} images, {seeds_of(shown)}.{rest}",
        kind="lead",
    )


def rounding(tables: Tables) -> Html:
    """Certificates hold up to rounding: on how many bounds that may matter; nothing without certificates."""
    frame = certificates(tables)
    if frame.empty:
        return Html("")
    within = int(frame["slack"].sum())
    lie = f"{within:,} of them lie" if within else "none of them lies"
    published = any(settings(tables, key).get("as_published") for key in frame["certifier"].unique())
    papers = ", but for a paper's own bound, which is counted as the paper counts" if published else ""
    return paragraph(
        f"Bounds are computed in floating point, without directed rounding; {lie} so close above zero that rounding "
        f"might decide, and such a bound counts as not certified{papers}."
    )


def command() -> Html:
    """How to certify weights that somebody published."""
    return Html(f"<pre><code>{_COMMAND}</code></pre>") + paragraph(
        "reads a state dictionary (safetensors, or PyTorch's formats, without running code from the file), maps its "
        "tensors to the architecture by name, or else by place and shape, and prints the clean and the certified "
        "accuracy with intervals. Published files hold no normalization: none is said aloud, or a mean and a deviation "
        "are given."
    )


def _proved(tables: Tables, row: Any, part: "pd.DataFrame") -> str:  # noqa: ANN401 - a row
    bounds = f" [{percent(row.low)}, {percent(row.high)}]" if isfinite(row.low) else ""
    key = part["certifier"].iloc[0]
    by = "the best of several bounds" if combines(tables, key) else escape(labels(tables)[key])
    said = f"{escape(text_titles(tables)[row.model])} is certified on {percent(row.value)} %{bounds} by {by}"
    robust, gap = float(part["robust_accuracy"].mean()), float(part["gap"].mean())
    if not isfinite(robust):
        return f"{said}, with no attack beside it"
    n, open_points = attacked(part), f"{points(gap).lstrip('+')} points are open"
    if n:
        return f"{said}, attacks leave {percent(robust)} % of the {n} images they were run on, and {open_points} there"
    return f"{said}, attacks leave {percent(robust)} %, and {open_points}"
