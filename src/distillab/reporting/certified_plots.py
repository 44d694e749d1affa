"""Certificates drawn: against the radius, and against each other."""

from collections.abc import Iterator
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.reporting.certified_rows import (
    attacked,
    certificates,
    combines,
    in_order,
    labels,
    strongest,
    threat_models,
)
from distillab.reporting.charts import Axis, Chart, Reference
from distillab.reporting.display import Html, Piece, paragraph
from distillab.reporting.drawing import show
from distillab.reporting.summaries import counts, seeds_of
from distillab.reporting.tables import Tables
from distillab.reporting.titles import in_order as models_in_order
from distillab.reporting.titles import text_titles
from distillab.reporting.worst_rows import at, named

if TYPE_CHECKING:
    import pandas as pd

_QUANTILES = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
ATTACKED = "worst attack"
_FAR = 10.0
"""Margins below minus this many logits make the scale logarithmic beyond 1."""
_HALF = 50.0
"""Accuracy in percent from which on the scale need not start at 0."""


def radii(tables: Tables) -> "pd.DataFrame":
    """Accuracy in percent against the radius by model: certified by each certifier, and left by the worst attack.

    ``low`` and ``high`` of the attack's line are the gap between the best certificate and it, where both are known.
    """
    import pandas as pd

    frame = _first_norm(tables)
    titles, named_by, found = text_titles(tables), labels(tables), list["pd.DataFrame"]()
    for model in models_in_order(tables, frame["model"]):
        own, panel = frame[frame["model"] == model], titles.get(model, model)
        for key in in_order(tables, own):
            line = _line(own, own[own["certifier"] == key], "certified_accuracy")
            found.append(line.assign(panel=panel, label=named_by[key], rank=_rank(tables, key), low=nan))
        if own["robust_accuracy"].notna().any():
            line, best = _line(own, own, "robust_accuracy"), _line(own, strongest(own), "certified_accuracy")
            low = line["eps"].map(best.set_index("eps")["value"])
            found.append(line.assign(panel=panel, label=ATTACKED, rank=ATTACKED, low=low))
    columns = ["panel", "label", "rank", "eps", "value", "low", "high"]
    whole = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    return whole.assign(high=whole["value"].where(whole["low"].notna()))[columns]


def radii_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `radii` drawn, a panel per model."""
    if frame.empty:
        return Html("")
    above = (
        "Dashed: what the worst attack leaves, at radii that one was run at; no image above it is robust. Between it "
        "and the best certificate (shaded) nobody knows."
        if (frame["label"] == ATTACKED).any()
        else "No attack in this norm was run on these models, so that nothing bounds the truth from above."
    )
    chart = Chart(
        frame,
        x=Axis("eps", "radius, pixel scale 0–1", ticks="values", limits=(0, None), shared=False),
        y=Axis("value", "accuracy, %", limits=_heights(float(frame["value"].min())), low="low", high="high"),
        panel="panel",
        line="label",
        look="rank",
        bounds="band",
        always=(ATTACKED,),
    )
    rows = _first_norm(tables)
    return show(
        chart,
        name="radii",
        alt="Accuracy against the radius, one panel per model: a falling line per certifier and one for attacks.",
        caption="<b>What is proved, and what attacks leave.</b> Every image below a line is certified at that "
        f"radius; at 0 both are the clean accuracy. {above} n = {counts(rows['n'])} images"
        f"{f' ({n} attacked)' if (n := attacked(rows)) else ''}, means over {seeds_of(rows)}.",
        data=frame[["panel", "label", "eps", "value"]],
    )


def bounds(tables: Tables) -> "pd.DataFrame":
    """Quantiles of each certifier's bounds on images that all certifiers of a model bounded, and not all alike.

    A certifier that combines several is no bound of its own: it stops at the first that decides an image.
    """
    import pandas as pd

    frame, images = certificates(tables), tables["certified_images"]
    if frame.empty or images.empty or images["certifier"].nunique() < 2:
        return pd.DataFrame(columns=["panel", "label", *_QUANTILES, "best", "n", "said"])
    norm, eps = threat = threat_models(tables, frame)[0]
    shown = set(at(frame, threat)["model"])
    keys = {key for key in frame["certifier"].unique() if (frame.loc[frame["certifier"] == key, "norm"] == norm).all()}
    part = images[(images["eps"] == eps) & images["model"].isin(shown) & images["certifier"].isin(keys)]
    titles = text_titles(tables)
    rows = [row | {"panel": titles.get(model, model)} for model in models_in_order(tables, part["model"])
            for row in _quantiles(tables, part[part["model"] == model])]  # fmt: skip
    return pd.DataFrame(rows)


def tightness_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `bounds` drawn: how far each certifier's bounds lie, and how often each one was the best."""
    if frame.empty:
        if sum(not combines(tables, key) for key in tables["certified_images"]["certifier"].unique()) > 1:
            return paragraph("Every certifier gave the same bounds here.")
        return paragraph("Tightness can be compared where two certifiers bound the same images; here they did not.")
    chart = Chart(
        frame,
        x=Axis("p50", "lower bound of the margin, logits", "symlog" if frame["p5"].min() < -_FAR else "linear",
               low="p5", high="p95", shared=False),
        y=Axis("label", scale="names"),
        kind="rows",
        panel="panel",
        look="rank",
        inner=("p25", "p75"),
        said="said",
        references=(Reference("x", 0, "certified above", broken=False),),
    )  # fmt: skip
    return show(
        chart,
        name="tightness",
        alt="Lower bounds of the margin by certifier, one panel per model: medians with two ranges.",
        caption=f"<b>How tight the bounds are at {named(threat_models(tables, certificates(tables))[0])}.</b> The "
        "smallest margin of each image that the certifiers do not agree on: median, middle half (thick) and middle "
        "nine tenths (thin); further right is tighter. In percent: images on which no other bound is larger. "
        f"n = {counts(frame['n'])} images and seeds.",
        data=frame[["panel", "label", *_QUANTILES, "best", "n"]],
    )


def _first_norm(tables: Tables) -> "pd.DataFrame":
    frame = certificates(tables)
    return frame[frame["norm"] == threat_models(tables, frame)[0][0]] if len(frame) else frame


def _line(own: "pd.DataFrame", rows: "pd.DataFrame", value: str) -> "pd.DataFrame":
    """Mean accuracy in percent by radius, from the clean one at radius 0; a gap where nobody attacked."""
    means = 100 * rows.groupby("eps")[value].mean()
    means[0.0] = 100 * float(own["clean_accuracy"].mean())
    return means.sort_index().rename_axis("eps").reset_index(name="value")


def _heights(least: float) -> tuple[float, float]:
    """From 0, or, where nothing falls below half, from a little under the least: in percent."""
    if least < _HALF:
        return 0.0, 102.0
    room = (100 - least) / 8
    return least - room, 100 + room / 2


def _quantiles(tables: Tables, images: "pd.DataFrame") -> Iterator[dict[str, Any]]:
    """One row per certifier of a model."""
    wide = images.pivot_table(index=["seed", "id"], columns="certifier", values="margin")
    wide = wide[[key for key in wide.columns if not combines(tables, key)]].dropna()
    wide = wide[wide.max(axis=1) > wide.min(axis=1)]
    named_by = labels(tables)
    for key in in_order(tables, images) if len(wide) else ():
        if key in wide:
            best = float((wide[key] >= wide.max(axis=1)).mean())
            yield {"label": named_by[key], "rank": _rank(tables, key), "best": best, "said": f"{100 * best:.0f} %",
                   "n": len(wide), "certifier": key} | {
                name: float(np.quantile(wide[key], share)) for name, share in _QUANTILES.items()}  # fmt: skip


def _rank(tables: Tables, key: str) -> int:
    """The place of a certifier's look: the same on every figure of the page."""
    return in_order(tables, tables["certificates"]).index(key) + 1
