"""Certificates as tables: models and certifiers at each radius, and cascades of networks."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.absent import gap_note, gaps, reason
from distillab.reporting.certified_rows import (
    certificates,
    combines,
    deciders,
    in_order,
    labels,
    threat_models,
    with_interval,
)
from distillab.reporting.display import (
    Html,
    folded,
    header,
    missing,
    number,
    paragraph,
    percent,
    points,
    table,
    table_cell,
)
from distillab.reporting.names import grade_note
from distillab.reporting.summaries import counts, estimate_cell, kinds_note, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.titles import html_titles
from distillab.reporting.titles import in_order as models_in_order
from distillab.reporting.worst_rows import ThreatModel, at, named

if TYPE_CHECKING:
    import pandas as pd

_BY = ["model", "certifier"]
_SHARES = ("clean_accuracy", "robust_accuracy", "certified_accuracy")
_LABELS = {
    "model": header("Model", "grade"), "certifier": "Certifier", "clean_accuracy": header("Clean ↑", "accuracy, %"),
    "robust_accuracy": header("Worst attack ↑", "robust accuracy, %"),
    "certified_accuracy": header("Certified ↑", "accuracy, %"), "gap": header("Gap ↓", "points"),
    "decided": header("Decided by", "% of images"), "radius": header("Median radius ↑", "pixel scale"),
    "slack": header("Slack", "images"), "seconds": header("Time ↓", "ms per image"),
    "memory": header("Memory ↓", "MB at the peak"),
}  # fmt: skip
_CASCADE = ["cascade", "arch", "certifier", "norm", "eps", "networks"]
_ERRORS = {"standard": "standard_error", "paper_robust": "paper_robust_error", "strict_robust": "strict_robust_error"}
_CASCADE_LABELS = {
    "cascade": "Cascade", "networks": "Networks", "certifier": "Certifier",
    "standard_error": header("Clean ↓", "error, %"),
    "paper_robust_error": header("Robust ↓", "error as in the paper, %"),
    "strict_robust_error": header("Strictly robust ↓", "error, %"),
    "decided": header("Decided by", "network: %"),
}  # fmt: skip


def certificate_table(tables: Tables) -> Html:
    """Models x certifiers at the radius of the training, or the smallest one; the other radii folded."""
    frame = certificates(tables)
    if frame.empty:
        return paragraph("No certificate was computed in this preset.")
    shown = [_at_threat(tables, frame, threat, f"certificates-{i}" if i else "certificates")
             for i, threat in enumerate(threat_models(tables, frame))]  # fmt: skip
    return shown[0] + folded("The other radii", *shown[1:]) if len(shown) > 1 else shown[0]


def _at_threat(tables: Tables, frame: "pd.DataFrame", threat: ThreatModel, name: str) -> Html:
    import pandas as pd

    frame = at(frame, threat)
    means = {value: over_seeds(frame, _BY, value).set_index(_BY) for value in _SHARES}
    pairs = [
        (model, key)
        for model in models_in_order(tables, frame["model"])
        for key in in_order(tables, frame[frame["model"] == model])
    ]
    parts = {keys: frame[(frame["model"] == keys[0]) & (frame["certifier"] == keys[1])] for keys in pairs}
    rows = [_row(tables, parts[keys], {value: each.loc[keys] for value, each in means.items()}) for keys in pairs]
    rows += _absent(tables, frame)
    searched = frame["median_radius"].notna().any()
    columns = [column for column in _LABELS if column != "radius" or searched]
    sample = f"n = {counts(frame['n'])} images of {escape(tables.dataset)}, {seeds_of(frame)}"
    return table(
        pd.DataFrame(rows, columns=columns),
        name=name,
        caption=f"<b>Certificates at {named(threat)}</b>, {sample}.",
        labels={column: _LABELS[column] for column in columns},
        notes=[
            kinds_note(means["certified_accuracy"]["kind"]),
            "Certified: no perturbation within the radius changes the correct class. Worst attack: every attack "
            "on the network in this norm failed. The truth lies between the two; gap: their difference on the "
            f"images that were attacked{_attacked(frame)}.",
            "Slack: bounds above zero, but by no more than rounding may have added; they count as not certified.",
            "Decided by: the method whose bound was the first to certify an image, on layer bounds that all of them "
            "share, so that a method may decide more images here than alone. Undecided: correct and not certified; the "
            "rest up to 100 is misclassified."
            if any(combines(tables, key) for key in frame["certifier"].unique())
            else "",
            gap_note(gaps(tables, "certify")),
            grade_note(tables, [key for key in frame["defense"].unique() if key]),
        ],
    )


def _row(tables: Tables, part: "pd.DataFrame", means: dict[str, Any]) -> dict[str, str]:
    """One certifier on one model at one radius, over its seeds."""
    first = records(part)[0]
    gap, seconds, memory = (part[name].mean() for name in ("gap", "seconds_per_image", "peak_memory"))
    radius = part["median_radius"].mean()
    return {
        "model": html_titles(tables).get(first.model, escape(first.model)),
        "certifier": escape(labels(tables)[first.certifier]),
        **{value: estimate_cell(row, percent, reason="no attack on this model at this radius")
           for value, row in means.items()},
        "gap": points(gap).lstrip("+") if isfinite(gap) else missing("no attack on this model at this radius"),
        "decided": _decided(tables, part, first.certifier) if combines(tables, first.certifier) else "itself",
        "radius": number(radius) if isfinite(radius) else missing("not searched"),
        "slack": counts(part["slack"]),
        "seconds": number(1000 * seconds) if isfinite(seconds) else missing("not measured"),
        "memory": number(memory / 1e6) if isfinite(memory) else missing("not measured"),
    }  # fmt: skip


def _absent(tables: Tables, frame: "pd.DataFrame") -> list[dict[str, str]]:
    """Rows of dashes: the planned certificates of which no seed is there."""
    there = set(zip(frame["model"], frame["certifier"], strict=True))
    planned = dict.fromkeys((gap["model"], gap["question"]) for gap in gaps(tables, "certify"))
    return [
        {"model": html_titles(tables).get(model, escape(model)), "certifier": escape(labels(tables).get(key) or key)}
        | dict.fromkeys(list(_LABELS)[2:], missing(reason(gaps(tables, "certify", model=model, question=key), "")))
        for model, key in planned
        if (model, key) not in there
    ]


def _decided(tables: Tables, part: "pd.DataFrame", certifier: str) -> str:
    """Shares of the images by the method that certified them; those that decided none are left out."""
    columns = deciders(tables, certifier) | {"undecided": "undecided"}
    shares = {said: float(part[column].mean()) for column, said in columns.items()}
    shown = [f"{escape(said)} {percent(share)}" for said, share in shares.items() if share > 0]
    return table_cell("<br>".join(shown) or "none")


def _attacked(frame: "pd.DataFrame") -> str:
    known = frame.loc[frame["robust_n"] > 0, "robust_n"]
    return "" if known.empty or known.min() == frame["n"].max() else f" ({counts(known)})"


def cascade_table(tables: Tables) -> Html:
    """Cascades from one network to all, with the paper's error beside one that is sound; nothing without cascades."""
    import pandas as pd

    frame = tables["cascades"]
    if frame.empty:
        return Html("")
    for prefix, value in _ERRORS.items():
        frame = with_interval(frame, prefix, value)
    means = {value: records(over_seeds(frame, _CASCADE, value)) for value in _ERRORS.values()}
    first = next(iter(means.values()))
    shares = {keys: part["shares"] for keys, part in frame.groupby(_CASCADE)}
    rows = [
        {"cascade": f"{escape(tables.label(row.cascade))}, {escape(row.arch)}", "networks": str(row.networks),
         "certifier": f"{escape(labels(tables).get(row.certifier, row.certifier))}, {named((row.norm, row.eps))}",
         "decided": _by_network(shares[tuple(getattr(row, name) for name in _CASCADE)])}
        | {value: estimate_cell(each[row.Index], percent) for value, each in means.items()}
        for row in first
    ]  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=list(_CASCADE_LABELS)),
        name="cascades",
        caption=f"<b>Cascades</b>, n = {counts(frame['n'])} images of {escape(tables.dataset)}, "
        f"{seeds_of(frame)}: the first network that certifies its own prediction answers, else "
        "the last one.",
        labels=_CASCADE_LABELS,
        notes=[
            kinds_note(pd.Series([row.kind for row in first])),
            "Each network learns from the training images that those before it do not certify. The paper counts an "
            "image as robust if the network that answers certifies the label; but at another point of the ball "
            "another network may answer. Strictly, the others must predict the label too: then every certified answer "
            "in the ball is the label.",
        ],
    )


def _by_network(shares: "pd.Series[Any]") -> str:
    """Mean shares of the images that each network decides, and the rest."""
    means = [sum(column) / len(column) for column in zip(*shares, strict=True)]
    decided = [f"{network}: {percent(share)}" for network, share in enumerate(means, start=1)]
    return table_cell("<br>".join([*decided, f"undecided {percent(max(0.0, 1 - sum(means)))}"]))
