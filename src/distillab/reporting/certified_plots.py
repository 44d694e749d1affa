"""Certificates drawn: against the radius, against each other, and their cost against the width of the network."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.core.errors import ArtifactError
from distillab.reporting import certified_figures
from distillab.reporting.certified_rows import certificates, combines, in_order, labels, strongest, threat_models
from distillab.reporting.display import Html, paragraph
from distillab.reporting.drawing import show, style
from distillab.reporting.summaries import counts, seeds_of
from distillab.reporting.tables import Tables
from distillab.reporting.titles import in_order as models_in_order
from distillab.reporting.titles import text_titles
from distillab.reporting.worst_rows import at, named

if TYPE_CHECKING:
    import pandas as pd

_QUANTILES = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
_WIDTH_COMMAND = "PYTHONPATH=benchmarks/peers python benchmarks/certify/width.py"
_LINES = {"exact": "dual, exact", "projected": "dual, projected (an estimate)"}


def radii_figure(tables: Tables) -> Html:
    """Certified accuracy by each certifier and robust accuracy under attack, against the radius, per model."""
    frame = certificates(tables)
    if frame.empty:
        return Html("")
    frame = frame[frame["norm"] == threat_models(tables, frame)[0][0]]
    points, undecided = _curves(tables, frame), _undecided(tables, frame)
    attacked = frame["robust_accuracy"].notna().any()
    above = (
        "Dashed: what the worst attack leaves, at radii that one was run at; no image above it is robust. Between it "
        "and the best certificate (shaded) nobody knows."
        if attacked
        else "No attack in this norm was run on these models, so that nothing bounds the truth from above."
    )
    with style():
        return show(
            certified_figures.radii(points, undecided),
            name="radii",
            alt="Accuracy against the radius, one panel per model: a falling line per certifier and one for attacks.",
            caption="<b>What is proved, and what attacks leave.</b> Every image below a line is certified at that "
            f"radius; at 0 both are the clean accuracy. {above} n = {counts(frame['n'])} images, means over "
            f"{seeds_of(frame)}.",
            data=points[["panel", "label", "eps", "value"]],
        )


def tightness_figure(tables: Tables) -> Html:
    """Distribution of each certifier's bounds on the same images, and how often each one was the best."""
    frame = certificates(tables)
    images = tables["certified_images"]
    if frame.empty or images.empty or images["certifier"].nunique() < 2:
        return paragraph("Tightness can be compared where two certifiers bound the same images; here they did not.")
    norm, eps = threat = threat_models(tables, frame)[0]
    shown = set(at(frame, threat)["model"])
    keys = {key for key in frame["certifier"].unique() if (frame.loc[frame["certifier"] == key, "norm"] == norm).all()}
    part = images[(images["eps"] == eps) & images["model"].isin(shown) & images["certifier"].isin(keys)]
    bars = _bars(tables, part)
    if bars.empty:
        return paragraph("Every certifier gave the same bounds here.")
    with style():
        return show(
            certified_figures.tightness(bars),
            name="tightness",
            alt="Lower bounds of the margin by certifier, one panel per model: medians with two ranges.",
            caption=f"<b>How tight the bounds are at {named(threat)}.</b> The smallest margin of each image that the "
            "certifiers do not agree on: median, middle half (thick) and middle nine tenths (thin); further right is "
            "tighter. In percent: images on which no other bound is larger. "
            f"n = {counts(bars['n'])} images and seeds.",
            data=bars[["panel", "label", *_QUANTILES, "best", "n"]],
        )


def width_figure(results: str | Path) -> Html:
    """Cost of the exact and of the projected dual bound against width, as measured once; how, where it was not.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    path = Path(results) / "width.json"
    if not path.is_file():
        return paragraph(f"The cost was not recorded; <code>{_WIDTH_COMMAND}</code> measures it.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        points, machine, setup = _costs(record["rows"]), record["machine"], record["setup"]
        where = f"{machine['processor']}, {machine['instructions']}, torch {machine['torch']}, {record['date']}"
    except (ValueError, KeyError) as error:
        raise ArtifactError("not a record of costs", where=str(path), got=str(error), do=_WIDTH_COMMAND) from error
    with style():
        return show(
            certified_figures.cost(points),
            name="width",
            alt="CPU time per image against the width of the network: the exact bound rises faster than projections.",
            caption="<b>Exact bounds sweep once for each hidden unit, projections push a fixed number of directions "
            "forward</b>: quadratic against linear cost, as the papers count. At the lines: the power of the width "
            f"that was measured. Dense network, {setup['hidden']} hidden layers, {setup['inputs']} inputs; "
            f"{setup['directions']} directions, {setup['images']} images, one thread; {where}. Projections estimate: "
            "they train networks and certify none.",
            data=points[["label", "width", "milliseconds"]],
        )


def _curves(tables: Tables, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Mean accuracies in percent, from the clean one at radius 0."""
    import pandas as pd

    titles, named_by, found = text_titles(tables), labels(tables), []
    for model in models_in_order(tables, frame["model"]):
        own = frame[frame["model"] == model]
        lines = [(named_by[key], _rank(tables, key), own[own["certifier"] == key], "certified_accuracy")
                 for key in in_order(tables, own)]  # fmt: skip
        lines.append((certified_figures.ATTACKED, 0, own, "robust_accuracy"))
        for label, rank, line, value in lines:
            means = 100 * line.groupby("eps")[value].mean()  # a gap where nobody attacked
            if means.notna().any():
                means[0.0] = 100 * float(line["clean_accuracy"].mean())
                found.append(means.sort_index().rename_axis("eps").reset_index(name="value").assign(
                    panel=titles.get(model, model), label=label, rank=rank))  # fmt: skip
    return pd.concat(found, ignore_index=True)


def _undecided(tables: Tables, frame: "pd.DataFrame") -> "pd.DataFrame":
    """From the best certificate to the worst attack, in percent, where both are known."""
    titles = text_titles(tables)
    known = strongest(frame)
    means = 100 * known.groupby(["model", "eps"])[["certified_accuracy", "robust_accuracy"]].mean()
    clean = 100 * known.groupby("model")["clean_accuracy"].mean()
    for model, value in clean.items():
        means.loc[(model, 0.0), :] = value
    rows = means.sort_index().reset_index()
    rows = rows.rename(columns={"certified_accuracy": "low", "robust_accuracy": "high"})
    return rows.assign(panel=[titles.get(model, model) for model in rows["model"]])


def _bars(tables: Tables, images: "pd.DataFrame") -> "pd.DataFrame":
    """Quantiles of the bounds on images that all certifiers of a model bounded, and not all alike.

    A certifier that combines several is no bound of its own: it stops at the first that decides an image.
    """
    import pandas as pd

    titles, named_by, rows = text_titles(tables), labels(tables), []
    for model in models_in_order(tables, images["model"]):
        wide = images[images["model"] == model].pivot_table(index=["seed", "id"], columns="certifier", values="margin")
        wide = wide[[key for key in wide.columns if not combines(tables, key)]].dropna()
        wide = wide[wide.max(axis=1) > wide.min(axis=1)]
        keys = [key for key in in_order(tables, images[images["model"] == model]) if key in wide and len(wide)]
        for key in keys:
            bounds = wide[key]
            rows.append(
                {"panel": titles.get(model, model), "label": named_by[key], "rank": _rank(tables, key),
                 "best": float((bounds >= wide.max(axis=1)).mean()), "n": len(wide), "certifier": key}
                | {name: float(np.quantile(bounds, share)) for name, share in _QUANTILES.items()}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _costs(rows: list[dict[str, Any]]) -> "pd.DataFrame":
    """One line per bound, with the power of the width that its last half follows."""
    import pandas as pd

    found = []
    for column, label in _LINES.items():
        line = pd.DataFrame([{"width": row["width"], "milliseconds": row[column]} for row in rows])
        half = line.iloc[len(line) // 2 :]
        slope = np.polyfit(np.log(half["width"]), np.log(half["milliseconds"]), 1)[0]
        found.append(line.assign(label=label, slope=float(slope)))
    return pd.concat(found, ignore_index=True)


def _rank(tables: Tables, key: str) -> int:
    """The place of a certifier's look: the same on every figure of the page."""
    return in_order(tables, tables["certificates"]).index(key)
