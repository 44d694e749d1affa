"""Certificates as tables: models and certifiers at each radius, and cascades of networks."""

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting.absent import Gap, gap_note, gaps, reason, refused
from distillab.reporting.cells import Absent, Content, Known, known, lines, quiet
from distillab.reporting.certified_rows import (
    attacked,
    certificates,
    combines,
    deciders,
    in_order,
    labels,
    strongest,
    threat_models,
    with_interval,
)
from distillab.reporting.columns import CellRow, Heading, declared
from distillab.reporting.display import number, percent, points
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.summaries import counts, estimates, seeds_of
from distillab.reporting.tables import Tables
from distillab.reporting.titles import cell_titles
from distillab.reporting.titles import in_order as models_in_order
from distillab.reporting.worst_rows import ThreatModel, at, named

if TYPE_CHECKING:
    import pandas as pd

CERTIFICATES = {
    "model": Heading("Model"),
    "clean_accuracy": declared("certificates", "clean_accuracy", "Clean ↑", "accuracy, %"),
    "robust_accuracy": declared("certificates", "robust_accuracy", "Worst attack ↑", "robust accuracy, %"),
}
_SIDES = ("clean_accuracy", "robust_accuracy")
GAP = Heading("Gap ↓", "points", lambda gap: points(gap).lstrip("+"))
DECIDED = Heading("Decided by", "% of images")
COSTS = {
    "certifier": Heading("Certifier"),
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
    ] or [PageTable("certificates", "", CERTIFICATES, [], otherwise="No certificate was computed in this preset.")]
    return Folded(first, "The other radii", others)


def cost_table(tables: Tables) -> PageTable:
    """What each certifier takes, over all models, radii and seeds."""
    frame, titles = certificates(tables), labels(tables)
    rows: list[CellRow] = []
    for key in in_order(tables, frame) if len(frame) else []:
        own = frame[frame["certifier"] == key]
        seconds, memory = float(own["seconds_per_image"].mean()), float(own["peak_memory"].mean())
        rows.append(
            {"certifier": titles[key], "seconds": known(1000 * seconds, absent="not measured"),
             "memory": known(memory / 1e6, absent="not measured")}
        )  # fmt: skip
    return PageTable(
        "certifier-costs",
        "What certificates take",
        COSTS,
        rows,
        sample=", mean over models, radii and seeds",
    )


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
        sample=f", n = {counts(frame['n'])} images{tables.of_standin}, {seeds_of(frame)}: the first network that "
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


def _at_threat(tables: Tables, frame: "pd.DataFrame", threat: ThreatModel, name: str) -> PageTable:
    certifiers = {_by(key): key for key in in_order(tables, frame)}
    combined = [key for key in certifiers.values() if combines(tables, key)]
    columns = CERTIFICATES | {by: Heading(labels(tables)[key], "", percent) for by, key in certifiers.items()}
    columns |= {"gap": GAP} | ({"decided": DECIDED} if combined else {})
    searched, tried = frame["median_radius"].notna().any(), attacked(frame)
    on = f" ({tried})" if tried else ""
    return PageTable(
        name,
        f"Certificates at {named(threat)}",
        columns,
        [*_rows(tables, frame, certifiers), *_gone(tables, frame, columns)],
        sample=f", n = {counts(frame['n'])} images{tables.of_standin}, {seeds_of(frame)}",
        spanners={"Certified accuracy, % ↑, by": list(certifiers)},
        notes=[
            "Worst attack: every attack on the network in this norm failed. The truth lies between it and the largest "
            f"certified accuracy; gap: their difference on the images that were attacked{on}.",
            "Beneath a certified accuracy: the median certified radius, pixel scale." if searched else "",
            f"Decided by: the method of “{labels(tables)[combined[0]]}” whose bound was the first to certify an image, "
            "on layer bounds that all of them share. Undecided: correct and not certified."
            if combined
            else "",
            gap_note(gaps(tables, "certify")),
        ],
    )


def _by(certifier: str) -> str:
    return f"by-{certifier}"


def _rows(tables: Tables, frame: "pd.DataFrame", certifiers: dict[str, str]) -> list[CellRow]:
    """A row per model: both sides of the truth."""
    certified = estimates(frame, ["model", "certifier"], "certified_accuracy")
    once, titles = frame.drop_duplicates(["model", "seed"]), cell_titles(tables)
    sides = {
        name: estimates(once, ["model"], name, reason=_NO_ATTACK) for name in ("clean_accuracy", "robust_accuracy")
    }
    rows: list[CellRow] = []
    for model in models_in_order(tables, frame["model"]):
        own = frame[frame["model"] == model]
        parts = {key: own[own["certifier"] == key] for key in certifiers.values()}
        deciding = next((key for key, part in parts.items() if len(part) and combines(tables, key)), "")
        rows.append(
            {"model": titles.get(model, model)}
            | {name: found[model] for name, found in sides.items()}
            | {_by(key): _certified(tables, certified.get((model, key)), part, model, key)
               for key, part in parts.items()}
            | {"gap": known(float(strongest(own)["gap"].mean()), absent=_NO_ATTACK),
               "decided": _decided(tables, parts[deciding], deciding) if deciding else Absent("one bound alone")}
        )  # fmt: skip
    return rows


def _certified(tables: Tables, found: Known | None, part: "pd.DataFrame", model: str, key: str) -> Content:
    """Certified accuracy by one certifier, and beneath it the median radius where it was searched."""
    if found is None:
        gone = [gap for gap in _lost(tables) if (gap["model"], gap["question"]) == (model, key)]
        return Absent(reason(gone, "not asked for"))
    radius = float(part["median_radius"].mean())
    return lines(found, quiet(number(radius))) if isfinite(radius) else found


def _lost(tables: Tables) -> list[Gap]:
    """Certificates that were planned and are not there, and those that a model cannot have."""
    return [*gaps(tables, "certify"), *refused(tables, "certify")]


def _gone(tables: Tables, frame: "pd.DataFrame", columns: Mapping[str, Heading]) -> list[CellRow]:
    """Rows of dashes: the models of whose planned certificates none is there."""
    there, titles = set(frame["model"]), cell_titles(tables)
    lost: dict[str, list[Gap]] = {}
    for gap in _lost(tables):
        lost.setdefault(str(gap["model"]), []).append(gap)
    return [
        dict.fromkeys(columns, Absent(reason(gone, ""))) | {"model": titles.get(model) or model}
        for model, gone in lost.items()
        if model not in there
    ]


def _decided(tables: Tables, part: "pd.DataFrame", certifier: str) -> Content:
    """Shares of the images by the method that certified them; those that decided none are left out."""
    columns = deciders(tables, certifier) | {"undecided": "undecided"}
    shares = {said: float(part[column].mean()) for column, said in columns.items()}
    shown = [f"{said} {percent(share)}" for said, share in shares.items() if share > 0]
    return lines(*shown or ["none"])


def _by_network(shares: "pd.Series[list[float]]") -> Content:
    """Mean shares of the images that each network decides, and the rest."""
    means = [sum(column) / len(column) for column in zip(*shares, strict=True)]
    decided = [f"{network}: {percent(share)}" for network, share in enumerate(means, start=1)]
    return lines(*decided, f"undecided {percent(max(0.0, 1 - sum(means)))}")
