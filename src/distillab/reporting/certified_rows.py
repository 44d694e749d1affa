"""Certificates as rows: by which certifier, at which radius, and what each cost."""

from math import inf, isclose, isfinite, nan
from typing import TYPE_CHECKING, Any

from distillab.core.labels import distinct
from distillab.metrics.intervals import wilson
from distillab.reporting.selection import radii_of
from distillab.reporting.summaries import counts
from distillab.reporting.tables import Tables, lookup, records
from distillab.reporting.worst_rows import ROBUST, ThreatModel

if TYPE_CHECKING:
    import pandas as pd

CERTIFIED = "certified"
"""The kind of defense that trains on a certified bound."""


def certificates(tables: Tables) -> "pd.DataFrame":
    """The table ``certificates`` with what each row cost, and intervals in the columns that `over_seeds` reads."""
    import pandas as pd

    frame = tables["certificates"].rename(columns={"low": "certified_low", "high": "certified_high"})
    if frame.empty:
        return frame
    frame = with_interval(frame, "robust", "robust_accuracy", "robust_n")
    keys, spent = ["model", "certifier", "seed", "eps"], ["seconds_per_image", "peak_memory"]
    costs = pd.DataFrame(tables.facts.get("certificate_costs", ()), columns=[*keys, *spent])
    return frame.merge(costs.astype({"seed": "int64", "eps": "float64"}), on=keys, how="left")


def settings(tables: Tables, certifier: str) -> dict[str, Any]:
    """The resolved parameters of a certifier; empty where the run did not write them down."""
    found: dict[str, Any] = tables.facts.get("params", {}).get("certification", {}).get("certifiers", {})
    return dict(found.get(certifier, {}))


def method(tables: Tables, certifier: str) -> str:
    """The registered name of a certifier; its key where no parameters tell."""
    return str(settings(tables, certifier).get("name", certifier))


def in_order(tables: Tables, frame: "pd.DataFrame") -> list[str]:
    """Distinct certifiers of some rows, the cheapest first; those that no facts tell of come last."""

    def place(key: str) -> tuple[float, str]:
        return (_facts(tables, key).get("rank", inf), key)

    return sorted(set(frame["certifier"]), key=place)


def deciders(tables: Tables, certifier: str) -> dict[str, str]:
    """Of the methods that decide images for a certifier, the column with the share to the label."""
    return {f"by_{each['name']}": str(each["label"]) for each in _facts(tables, certifier).get("deciders", ())}


def combines(tables: Tables, certifier: str) -> bool:
    """Whether a certifier takes the best bound of several methods."""
    return len(deciders(tables, certifier)) > 1


def labels(tables: Tables) -> dict[str, str]:
    """Key of each certifier to a label that no other has: variants of a method add what their key adds to its name."""
    found = lookup(tables["certificates"], "certifier", "certifier_label")
    return distinct(found, {key: method(tables, key) for key in found})


def threat_models(tables: Tables, frame: "pd.DataFrame") -> list[ThreatModel]:
    """Norms and radii of some rows: the radius of a training first, then the smallest."""
    trained = radii_of(tables, ROBUST, CERTIFIED)
    found = {(str(row.norm), float(row.eps)) for row in records(frame)}

    def place(threat: ThreatModel) -> tuple[bool, bool, str, float]:
        near = any(isclose(threat[1], eps, rel_tol=1e-3) for eps in trained)
        return (threat[0] != "linf", not near, threat[0], threat[1])

    return sorted(found, key=place)


def strongest(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Of each model the rows of the certifier that certifies most of its images."""
    means = frame.groupby(["model", "certifier"], sort=False)["certified_accuracy"].mean()  # of equals, the first asked
    best = set(means.groupby("model", sort=False).idxmax())
    return frame[[(row.model, row.certifier) in best for row in records(frame)]]


def attacked(frame: "pd.DataFrame") -> str:
    """How many images attacks were run on, where these are not all that were certified; else nothing."""
    found = frame.loc[frame["robust_n"] > 0, "robust_n"]
    return "" if found.empty or found.min() == frame["n"].max() else counts(found)


def with_interval(frame: "pd.DataFrame", prefix: str, share: str, n: str = "n") -> "pd.DataFrame":
    """The rows with Wilson's interval of a share in ``<prefix>_low`` and ``<prefix>_high``; NaN without a share."""
    found = [_ends(value, count) for value, count in zip(frame[share], frame[n], strict=True)]
    return frame.assign(**{f"{prefix}_low": [low for low, _ in found], f"{prefix}_high": [high for _, high in found]})


def _facts(tables: Tables, certifier: str) -> dict[str, Any]:
    """What the plan says of a certifier; empty where the run did not write it down."""
    found: dict[str, Any] = tables.facts.get("methods", {}).get("certifiers", {})
    return dict(found.get(certifier, {}))


def _ends(share: float, n: int) -> tuple[float, float]:
    if not isfinite(share):
        return nan, nan
    found = wilson(round(share * n), int(n))
    return (nan if found.low is None else found.low), (nan if found.high is None else found.high)
