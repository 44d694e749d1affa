"""Certificates summed up and put beside the attacks: one row per model, certifier, radius and seed."""

from typing import Any, TypeVar

import numpy as np
import pandas as pd

from distillab.core.errors import ContractError
from distillab.core.job import Member
from distillab.metrics.intervals import wilson
from distillab.tables.columns import MODEL, interval, shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.worst import STRAY

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``certificates``: one row per model, certifier, radius and seed.

    ``robust_accuracy`` is the share of the images that an attack of the same norm was run on and none changes within
    the radius, ``gap`` how far it lies above the certified share of the same images: both NaN where no attack could
    have come that far. Attacks in the norm that are not there are counted as ``missing``. ``by_*`` are
    the shares of images that each method certified, ``undecided`` those that are correct and not certified.

    Raises:
        ContractError: an attack has broken a certified image.
    """
    found = []
    for member in results.members("certify"):
        frame = results.certified(member)
        refuse_broken(results, member, frame)
        found += [_row(results, member, group, eps) for eps, group in as_counted(member, frame).groupby("eps")]
    return found


def as_counted(member: Member, frame: pd.DataFrame) -> pd.DataFrame:
    """The verdicts; of a bound as published, those of its paper, which leaves nothing for rounding."""
    certifier = member.spec["certifier"]
    if not certifier.get("as_published"):
        return frame
    right = frame["predicted"] == frame["label"]
    by = frame["by"].where(~frame["slack"], certifier["name"])
    return frame.assign(certified=frame["certified"] | (frame["slack"] & right), by=by)


def deciders(results: Results) -> list[str]:
    """Names of the methods that may decide an image in this plan, alone or as parts of another."""
    certifiers = results.workspace.plan.facts["certifiers"].values()
    return list(dict.fromkeys(method["name"] for certifier in certifiers for method in certifier["deciders"]))


def refuse_broken(results: Results, member: Member, frame: pd.DataFrame) -> None:
    """Nothing, unless an attack found an adversarial image where a certificate says that there is none.

    Every verified success counts, whatever norm the attack minimizes: what is compared is the perturbation's length
    in the certificate's norm.

    Raises:
        ContractError: it did; a bound is not sound, or the two do not see the same network.
    """
    norm, reach = member.spec["certifier"]["norm"], _reach(frame)
    for attack in (attack for attack in _attacks_on(results, member) if results.made(attack.id)):
        broken = results.attacked(attack).set_index("id")[norm].reindex(reach.index)
        inside = broken[broken <= within(reach)]
        if len(inside):
            image = inside.index[0]
            raise ContractError(
                "an attack changed a certified image",
                where=member.parents["model"],
                expected=f"none within {reach[image]:g} ({norm}) of test image {image}, by {member.axes['certifier']}",
                got=f"{attack.axes['attack']} at {inside[image]:g}",
                do="one of the two is wrong: report it with this model's files",
            )


def _reach(frame: pd.DataFrame) -> "pd.Series[float]":
    """The largest certified radius of every image; NaN where there is none."""
    given = frame["eps"].where(frame["certified"])
    searched = frame["radius"].where(frame["radius"] > 0)
    return given.combine(searched, np.fmax).groupby(frame["id"]).max()


def _row(results: Results, member: Member, frame: pd.DataFrame, eps: float) -> Row:
    run = results.run_of(member.parents["model"])
    key, facts = run.key(), results.workspace.plan.facts
    method = facts["certifiers"][member.axes["certifier"]]
    certified = frame["certified"].to_numpy()
    share = wilson(int(certified.sum()), len(frame))
    correct = (frame["predicted"] == frame["label"]).to_numpy()
    return (
        {"family": member.axes["family"]}
        | {name: key[name] for name in MODEL}
        | {
            "defense_label": facts["defenses"].get(run.defense, {}).get("label", ""),
            "certifier": member.axes["certifier"],
            "certifier_label": method["label"],
            "grade": method["grade"],
            "norm": method["norm"],
            "eps": float(eps),
            "seed": run.seed,
            "n": len(frame),
            "clean_accuracy": float(correct.mean()),
            "certified_accuracy": share.value,
            "low": share.low,
            "high": share.high,
            "slack": int((frame["slack"].to_numpy() & correct).sum()),
            **_attacked(results, member, frame.set_index("id")["certified"], eps),
            "mean_radius": float(frame["radius"].mean()),
            "median_radius": float(frame["radius"].median()),
            **{f"by_{name}": float((certified & (frame["by"] == name)).mean()) for name in deciders(results)},
            "undecided": float((correct & ~certified).mean()),
        }
    )


def _attacked(results: Results, member: Member, certified: "pd.Series[bool]", eps: float) -> Row:
    """The worst case over the attacks in the certificate's norm."""
    norm = member.spec["certifier"]["norm"]
    planned = [attack for attack in _attacks_on(results, member) if attack.spec["attack"]["norm"] == norm]
    attacks = [attack for attack in planned if results.made(attack.id)]
    gone = len(planned) - len(attacks)
    if not any(_comes_near(attack, eps) for attack in attacks):
        return {"robust_accuracy": np.nan, "robust_n": 0, "gap": np.nan, "missing": gone}
    standing = pd.concat([_standing(results.attacked(attack), eps) for attack in attacks], axis=1)
    worst = standing.min(axis=1).reindex(certified.index).dropna()
    robust = float(worst.mean())
    gap = robust - float(certified[worst.index].mean())
    return {"robust_accuracy": robust, "robust_n": len(worst), "gap": gap, "missing": gone}


def _comes_near(attack: Member, eps: float) -> bool:
    """Whether the attack says something about this radius: it has no radius of its own, or one that is no larger."""
    own = attack.spec["attack"].get("eps")
    return own is None or float(own) <= within(eps)


def _standing(frame: pd.DataFrame, eps: float) -> "pd.Series[float]":
    """By image, 1 where it is classified correctly and stays so, else 0."""
    stands = frame["correct"] & ~(frame["distance"] <= within(eps))
    return pd.Series(stands.to_numpy(dtype=np.float64), frame["id"])


Radius = TypeVar("Radius", float, "pd.Series[float]")


def within(eps: Radius) -> Radius:
    """The largest distance that counts as ``eps``: a perturbation on the ball's surface carries rounding."""
    return eps * (1 + STRAY) + STRAY


def _attacks_on(results: Results, member: Member) -> list[Member]:
    """The attacks on the certified model, there or not, those carried over from other networks included."""
    model = member.parents["model"]
    return [attack for attack in results.planned_members("attack") if attack.parents["model"] == model]


TABLE = Table(
    "certificates",
    (
        Column("family", "text", "which models were certified: teachers, students, knockoffs or chains"),
        *shared(*MODEL, "defense_label"),
        Column("certifier", "text", "key of the certifier"),
        Column("certifier_label", "text", "what pages call it"),
        *shared("grade", "norm"),
        Column("eps", "distance", "radius"),
        *shared("seed"),
        Column("n", "images", "test images that were certified or not"),
        Column("clean_accuracy", "share", "part of them that is right"),
        Column("certified_accuracy", "share", "part of them that is right everywhere within the radius, proved"),
        *interval("low", "high", "share", of="certified_accuracy"),
        Column("slack", "images", "images whose bound is above 0 by no more than the slack for rounding"),
        Column("robust_accuracy", "share", "part that no attack in the norm changes within the radius", optional=True),
        Column("robust_n", "images", "images that these attacks were run on"),
        Column("gap", "signed share", "robust minus certified share of these images", optional=True),
        Column("missing", "count", "attacks in the norm that are not there"),
        Column("mean_radius", "distance", "mean of the largest certified radii, if they were searched", optional=True),
        Column("median_radius", "distance", "their median", optional=True),
        Column("by_*", "share", "part of the images that the method of this name decided"),
        Column("undecided", "share", "part of the images that is right and not certified"),
    ),
    ("certify", "attack"),
    rows,
)
