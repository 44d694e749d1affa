"""Certificates as tables: models and certifiers at each radius, and cascades of networks."""

from typing import TYPE_CHECKING

from distillab.reporting.absent import gap_note, gaps, reason, refused
from distillab.reporting.cells import Absent, Content, known, lines
from distillab.reporting.certified_rows import (
    certificates,
    combines,
    deciders,
    in_order,
    labels,
    threat_models,
    with_interval,
)
from distillab.reporting.columns import CellRow, Heading, declared
from distillab.reporting.display import percent, points
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.names import grade_note
from distillab.reporting.summaries import counts, estimates, seeds_of
from distillab.reporting.tables import Tables
from distillab.reporting.titles import cell_titles
from distillab.reporting.titles import in_order as models_in_order
from distillab.reporting.worst_rows import ThreatModel, at, named

if TYPE_CHECKING:
    import pandas as pd

SHARES = {
    "clean_accuracy": declared("certificates", "clean_accuracy", "Clean ↑", "accuracy, %"),
    "robust_accuracy": declared("certificates", "robust_accuracy", "Worst attack ↑", "robust accuracy, %"),
    "certified_accuracy": declared("certificates", "certified_accuracy", "Certified ↑", "accuracy, %"),
}
CERTIFICATES = {
    "model": Heading("Model", "grade"),
    "certifier": Heading("Certifier"),
    **SHARES,
    "gap": Heading("Gap ↓", "points", lambda gap: points(gap).lstrip("+")),
    "decided": Heading("Decided by", "% of images", percent),
    "median_radius": declared("certificates", "median_radius", "Median radius ↑", "pixel scale"),
    "slack": declared("certificates", "slack", "Slack", "images"),
    "seconds": Heading("Time ↓", "ms per image"),
    "memory": Heading("Memory ↓", "MB at the peak"),
}
CASCADES = {
    "cascade": Heading("Cascade"),
    "networks": declared("cascades", "networks", "Networks"),
    "certifier": Heading("Certifier"),
    "standard_error": declared("cascades", "standard_error", "Clean ↓", "error, %"),
    "paper_robust_error": declared("cascades", "paper_robust_error", "Robust ↓", "error as in the paper, %"),
    "strict_robust_error": declared("cascades", "strict_robust_error", "Strictly robust ↓", "error, %"),
    "decided": Heading("Decided by", "network: %"),
}

_CASCADE = ["cascade", "arch", "certifier", "norm", "eps", "networks"]
_NO_ATTACK = "no attack on this model at this radius"


def certificate_table(tables: Tables) -> Folded:
    """Models x certifiers at the radius of the training, or the smallest one; the other radii folded."""
    frame = certificates(tables)
    first, *others = [
        _at_threat(tables, at(frame, threat), threat, f"certificates-{i}" if i else "certificates")
        for i, threat in enumerate(threat_models(tables, frame))
    ] or [_nothing()]
    return Folded(first, "The other radii", others)


def cascade_table(tables: Tables) -> PageTable:
    """Cascades from one network to all, with the paper's error beside one that is sound; nothing without cascades."""
    frame = tables["cascades"]
    errors = [name for name in CASCADES if name.endswith("_error")]
    for name in errors:
        frame = with_interval(frame, name.removesuffix("_error"), name)
    means = {name: estimates(frame, _CASCADE, name) for name in errors}
    rows: list[CellRow] = [
        {"cascade": f"{tables.label(key[0])}, {key[1]}", "networks": key[5],
         "certifier": f"{labels(tables).get(key[2], key[2])}, {named((key[3], key[4]))}",
         "decided": _by_network(part["shares"])}
        | {name: found[key] for name, found in means.items()}
        for key, part in frame.groupby(_CASCADE, sort=False)
    ]  # fmt: skip
    return PageTable(
        "cascades",
        "Cascades",
        CASCADES,
        rows,
        sample=f", n = {counts(frame['n'])} images of {tables.dataset}, {seeds_of(frame)}: the first network that "
        "certifies its own prediction answers, else the last one"
        if rows
        else "",
        notes=[
            "Each network learns from the training images that those before it do not certify. The paper counts an "
            "image as robust if the network that answers certifies the label; but at another point of the ball "
            "another network may answer. Strictly, the others must predict the label too: then every certified answer "
            "in the ball is the label.",
        ],
    )


def _nothing() -> PageTable:
    return PageTable("certificates", "", CERTIFICATES, [], otherwise="No certificate was computed in this preset.")


def _at_threat(tables: Tables, frame: "pd.DataFrame", threat: ThreatModel, name: str) -> PageTable:
    means = {column: estimates(frame, ["model", "certifier"], column, reason=_NO_ATTACK) for column in SHARES}
    titles, named_certifiers = cell_titles(tables), labels(tables)
    rows: list[CellRow] = []
    for model in models_in_order(tables, frame["model"]):
        own = frame[frame["model"] == model]
        rows += [
            {"model": titles.get(model, model), "certifier": named_certifiers[key]}
            | {column: found[model, key] for column, found in means.items()}
            | _cost(tables, own[own["certifier"] == key], key)
            for key in in_order(tables, own)
        ]
    searched = frame["median_radius"].notna().any()
    decided = any(combines(tables, key) for key in frame["certifier"].unique())
    return PageTable(
        name,
        f"Certificates at {named(threat)}",
        {key: column for key, column in CERTIFICATES.items() if key != "median_radius" or searched},
        [*rows, *_gone(tables, frame)],
        sample=f", n = {counts(frame['n'])} images of {tables.dataset}, {seeds_of(frame)}",
        notes=[
            "Certified: no perturbation within the radius changes the correct class. Worst attack: every attack "
            "on the network in this norm failed. The truth lies between the two; gap: their difference on the "
            f"images that were attacked{_attacked(frame)}.",
            "Slack: bounds above zero, but by no more than rounding may have added; they count as not certified.",
            "Decided by: the method whose bound was the first to certify an image, on layer bounds that all of them "
            "share, so that a method may decide more images here than alone. Undecided: correct and not certified; the "
            "rest up to 100 is misclassified."
            if decided
            else "",
            gap_note(gaps(tables, "certify")),
            grade_note(tables, [key for key in frame["defense"].unique() if key]),
        ],
    )


def _cost(tables: Tables, part: "pd.DataFrame", certifier: str) -> dict[str, Content]:
    """What one certifier leaves open on one model at one radius, and what it takes, over its seeds."""
    gap, radius, seconds, memory = (
        float(part[name].mean()) for name in ("gap", "median_radius", "seconds_per_image", "peak_memory")
    )
    return {
        "gap": known(gap, absent=_NO_ATTACK),
        "decided": _decided(tables, part, certifier) if combines(tables, certifier) else "itself",
        "median_radius": known(radius, absent="not searched"),
        "slack": counts(part["slack"]),
        "seconds": known(1000 * seconds, absent="not measured"),
        "memory": known(memory / 1e6, absent="not measured"),
    }


def _gone(tables: Tables, frame: "pd.DataFrame") -> list[CellRow]:
    """Rows of dashes: the planned certificates of which no seed is there."""
    there, titles = set(zip(frame["model"], frame["certifier"], strict=True)), cell_titles(tables)
    rows: list[CellRow] = []
    gone = [*gaps(tables, "certify"), *refused(tables, "certify")]
    for model, key in dict.fromkeys((gap["model"], gap["question"]) for gap in gone):
        absent = Absent(reason([gap for gap in gone if (gap["model"], gap["question"]) == (model, key)], ""))
        named: CellRow = {"model": titles.get(model) or str(model), "certifier": str(labels(tables).get(key) or key)}
        rows += [] if (model, key) in there else [{**dict.fromkeys(CERTIFICATES, absent), **named}]
    return rows


def _decided(tables: Tables, part: "pd.DataFrame", certifier: str) -> Content:
    """Shares of the images by the method that certified them; those that decided none are left out."""
    columns = deciders(tables, certifier) | {"undecided": "undecided"}
    shares = {said: float(part[column].mean()) for column, said in columns.items()}
    shown = [f"{said} {percent(share)}" for said, share in shares.items() if share > 0]
    return lines(*shown or ["none"])


def _attacked(frame: "pd.DataFrame") -> str:
    found = frame.loc[frame["robust_n"] > 0, "robust_n"]
    return "" if found.empty or found.min() == frame["n"].max() else f" ({counts(found)})"


def _by_network(shares: "pd.Series[list[float]]") -> Content:
    """Mean shares of the images that each network decides, and the rest."""
    means = [sum(column) / len(column) for column in zip(*shares, strict=True)]
    decided = [f"{network}: {percent(share)}" for network, share in enumerate(means, start=1)]
    return lines(*decided, f"undecided {percent(max(0.0, 1 - sum(means)))}")
