"""How strong a search for the closest adversarial point was, by what other attacks found on the same images."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from distillab.core.job import Member
from distillab.tables.columns import MODEL, shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]

CUT_SHORT, WEAKER = "cut short", "weaker"
"""What an attack is called whose number says less about the network than another attack's; empty where none does."""

LONGER = 1.1
"""An attack whose median distance is over this many times another's is weaker."""

ROUNDING = 1e-6
"""By which a ratio of float32 distances may miss its value."""

Called = dict[tuple[str, str, str], str]
"""Model, attack and view of the logits to what the attack is called there: empty, cut short or weaker."""


@dataclass(frozen=True)
class _Alike:
    """What attacks share that can be held against one another: the network, what they want of it and what they see."""

    model: str
    norm: str
    logits: str
    targeted: bool
    kappa: float
    """By how many logits the adversarial class must win."""


def rows(results: Results) -> list[Row]:
    """The table ``strength``: one row per model, view of its logits and minimum-norm attack, over all seeds.

    An attack is held against every other one in its norm that saw the same logits and wanted the same; one of a fixed
    radius is no search for the closest point, but what it found is proof that there is one as close. Two attacks are
    compared on the images that both were run on and that the network classifies correctly. An attack is behind where it
    misses an image that another breaks, or where its median distance on the images that both break is over 10 % longer.
    It is then called ``cut short`` if its step limit stopped it on at least half of the images on which it is behind,
    and ``weaker`` otherwise. It is cut short, too, where its steps ran out on an image before it had found anything.
    """
    return results.rows_of("attack", _rows)


def _rows(results: Results) -> list[Row]:
    methods = results.workspace.plan.facts["attacks"]
    found = []
    for alike, planned in _groups(results).items():
        attacks = {key: there for key, members in planned.items() if (there := _there(results, members))}
        if not attacks:
            continue
        distance, at_limit = _by_image(results, attacks)
        key = results.run_of(next(iter(attacks.values()))[0].parents["model"]).key()
        missing = sum(map(len, planned.values())) - sum(map(len, attacks.values()))
        found += [
            {name: key[name] for name in MODEL}
            | {"attack": attack, "attack_label": methods[attack]["label"], "norm": alike.norm, "logits": alike.logits}
            | {"targeted": alike.targeted, "seeds": len(members), "attacks": len(attacks), "missing": missing}
            | _compared(distance, at_limit[attack], attack)
            for attack, members in attacks.items()
            if methods[attack]["kind"] == "minimum_norm"
        ]
    return found


def labels(results: Results) -> Called:
    """What every minimum-norm attack is called, by model and view; those carried over from other networks are not."""
    return {(row["model"], row["attack"], row["logits"]): row["strength"] for row in rows(results)}


def _groups(results: Results) -> dict[_Alike, dict[str, list[Member]]]:
    """The planned attacks that can be held against one another, by seed; none carried over from other networks."""
    groups: dict[_Alike, dict[str, list[Member]]] = {}
    for member in results.planned_members("attack"):
        if "source" in member.parents:
            continue
        method, run = results.workspace.plan.facts["attacks"][member.axes["attack"]], member.parents["model"]
        kappa = float(member.spec["attack"].get("kappa") or 0)
        alike = _Alike(
            results.run_of(run).model, method["norm"], member.axes["logits"], bool(method["targeted"]), kappa
        )
        groups.setdefault(alike, {}).setdefault(member.axes["attack"], []).append(member)
    return groups


def _there(results: Results, members: list[Member]) -> list[Member]:
    return [member for member in members if results.made(member.id)]


def _by_image(results: Results, attacks: dict[str, list[Member]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Per seed and image that is classified correctly, and attack: the distance, NaN where it was not run; the limit.

    What was made before the limit was noted was not stopped by it, as far as anyone knows.
    """
    distance, at_limit = {}, {}
    for attack, members in attacks.items():
        frame = pd.concat([_right(results, member) for member in members]).set_index(["seed", "id"])
        distance[attack] = frame["distance"].astype(np.float64)
        at_limit[attack] = frame["at_limit"] if "at_limit" in frame else pd.Series(False, frame.index)
    found = pd.DataFrame(distance)
    return found, pd.DataFrame(at_limit).reindex(found.index).eq(True)


def _right(results: Results, member: Member) -> pd.DataFrame:
    """What an attack found on the images that are classified correctly."""
    frame = results.attacked(member)
    return frame.loc[frame["correct"], frame.columns.intersection(["id", "distance", "at_limit"])].assign(
        seed=member.seed
    )


@dataclass(frozen=True)
class _Pair:
    """An attack and the one that its distances look worst beside, on the images that both break."""

    rival: str
    distance: "pd.Series[float]"
    rival_distance: "pd.Series[float]"

    @property
    def medians(self) -> tuple[float, float]:
        """Of its distances and of the rival's."""
        return float(self.distance.median()), float(self.rival_distance.median())

    @property
    def ratio(self) -> float:
        """Of the medians."""
        own, other = self.medians
        return own / other if other else np.inf if own else 1.0

    @property
    def longer(self) -> "pd.Series[bool]":
        """Images on which it lies behind the rival by more than medians may; none where the medians do not."""
        bound = LONGER * (1 + ROUNDING)
        return (self.distance > bound * self.rival_distance) & (self.ratio > bound)

    def columns(self) -> Row:
        """What the table says of it."""
        own, other = self.medians
        return {"rival": self.rival, "shared": len(self.distance), "median_distance": own, "rival_median": other,
                "ratio": self.ratio}  # fmt: skip


_ALONE: Row = {"rival": "", "shared": 0, "median_distance": None, "rival_median": None, "ratio": None}
"""What the table says of an attack that breaks no image that another one breaks."""


def _compared(distance: pd.DataFrame, at_limit: "pd.Series[bool]", attack: str) -> Row:
    """What an attack found, what others did, and what it is called."""
    asked = distance[attack].notna()
    own, stopped = distance.loc[asked, attack], at_limit[asked]
    others = distance[asked].drop(columns=attack)
    finds = own < np.inf
    missed = (others < np.inf).any(axis=1) & ~finds
    pairs = [
        _Pair(name, own[both], others.loc[both, name])
        for name in others
        for both in [finds & (others[name] < np.inf)]
        if both.any()
    ]
    worst = max(pairs, key=lambda pair: pair.ratio, default=None)
    behind = missed if worst is None else missed | worst.longer.reindex(own.index, fill_value=False)
    return {
        "n": len(own),
        "found": int(finds.sum()),
        "found_by_any": int(finds.sum() + missed.sum()),
        "missed": int(missed.sum()),
        **(worst.columns() if worst else _ALONE),
        "at_limit": int(stopped.sum()),
        "strength": _called(behind, stopped, stopped & ~finds),
    }


def _called(behind: "pd.Series[bool]", stopped: "pd.Series[bool]", gave_out: "pd.Series[bool]") -> str:
    """What an attack is called, by the images where it is behind, where its steps ran out, and where before it won."""
    if behind.any():
        return CUT_SHORT if stopped[behind].mean() >= 0.5 else WEAKER
    return CUT_SHORT if gave_out.any() else ""


TABLE = Table(
    "strength",
    (
        *shared(*MODEL),
        Column("attack", "text", "key of the adversarial attack"),
        Column("attack_label", "text", "what pages call the attack"),
        *shared("norm", "logits", "targeted", "seeds"),
        Column("attacks", "count", "attacks that are held against one another, itself and those of a fixed radius too"),
        Column("missing", "count", "of these, over all seeds, attacks that are not there: one of them may be stronger"),
        Column("n", "images", "initially correct images that it was run on, over all seeds"),
        Column("found", "images", "those that it breaks"),
        Column("found_by_any", "images", "those that it or another attack breaks"),
        Column("missed", "images", "those that another attack breaks and it does not"),
        Column("rival", "text", "key of the attack that it is the longest beside; empty where they share no image"),
        Column("shared", "images", "images that both break"),
        Column("median_distance", "distance", "of its points on these images", optional=True),
        Column("rival_median", "distance", "of the rival's points on the same images", optional=True),
        Column("ratio", "ratio", "of the two medians", optional=True),
        Column("at_limit", "images", "images on which its step limit stopped it before its search came to rest"),
        *shared("strength"),
    ),
    ("attack",),
    rows,
)
