"""Cascades of certified networks, from the first alone to all: their errors by two definitions, and who decides."""

from itertools import takewhile
from typing import Any

import pandas as pd

from distillab.core.job import Member
from distillab.evaluate.cascade import cascade_of
from distillab.tables.columns import shared
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``cascades``: one row per cascade, number of its networks, certifier, radius and seed.

    Networks up to the first one whose certificates are not there make rows.

    A cascade is called by the defense of its last network. ``shares`` are those of the images that each network
    decides; the rest is undecided. Errors are those of `distillab.evaluate.cascade`.
    """
    found: list[Row] = []
    for last in _last_networks(results):
        networks = _networks(results, last)
        for certifier in results.workspace.plan.facts["certifiers"]:
            members = [results.workspace.plan.members.get(f"{network.id}-certify-{certifier}") for network in networks]
            certified = [member for member in members if member is not None]
            there = list(takewhile(lambda member: results.made(member.id), certified))
            if there and len(certified) == len(networks):
                found += _rows(results, last, there)
    return found


def _rows(results: Results, last: Member, certified: list[Member]) -> list[Row]:
    """Of every radius, from the first network alone to all of them."""
    run = results.run_of(last.id)
    by_radius = [dict(list(results.certified(member).groupby("eps"))) for member in certified]
    return [
        _row(run, certified[0], float(eps), [frames[eps] for frames in by_radius[: used + 1]])
        for eps in by_radius[0]
        for used in range(len(certified))
    ]


def _row(run: ModelRun, certified: Member, eps: float, frames: list[pd.DataFrame]) -> Row:
    """What the networks whose verdicts are in ``frames`` make of the images together."""
    verdict = cascade_of(frames, as_published=bool(certified.spec["certifier"].get("as_published")))
    return {
        "cascade": run.defense,
        "arch": run.arch,
        "networks": len(frames),
        "certifier": certified.axes["certifier"],
        "norm": certified.spec["certifier"]["norm"],
        "eps": eps,
        "seed": run.seed,
        "n": len(frames[0]),
        "paper_robust_error": verdict.paper_robust_error,
        "strict_robust_error": verdict.strict_robust_error,
        "standard_error": verdict.standard_error,
        "shares": list(verdict.decided(len(frames))),
    }


def _last_networks(results: Results) -> list[Member]:
    """The teachers that come after another one and before none."""
    later = [member for member in results.planned_members("teach") if _earlier(member)]
    earlier = {_earlier(member) for member in later}
    return [member for member in later if member.id not in earlier]


def _networks(results: Results, last: Member) -> list[Member]:
    """The networks of a cascade from the first to the last."""
    networks = [last]
    while before := _earlier(networks[0]):
        networks.insert(0, results.workspace.plan.members[before])
    return networks


def _earlier(member: Member) -> str:
    """Id of the teacher that the member's training set comes from; empty where there is none."""
    after = member.spec.get("defense", {}).get("after")  # a network from elsewhere has none
    return member.parents[after] if after else ""


TABLE = Table(
    "cascades",
    (
        Column("cascade", "text", "key of the last network's defense"),
        *shared("arch"),
        Column("networks", "count", "networks that are used, from the first"),
        Column("certifier", "text", "key of the certifier"),
        *shared("norm"),
        Column("eps", "distance", "radius"),
        *shared("seed"),
        Column("n", "images", "test images"),
        Column("paper_robust_error", "share", "part that is undecided, or decided wrongly"),
        Column("strict_robust_error", "share", "part without a certificate that covers the whole cascade"),
        Column("standard_error", "share", "part that is answered wrongly"),
        Column("shares", "share", "part of the images that each network decides", many=True),
    ),
    ("certify",),
    rows,
)
