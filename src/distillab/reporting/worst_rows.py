"""The threat models under which networks were attacked, and which of them a page is about."""

from collections.abc import Iterator
from math import isclose, isfinite
from typing import TYPE_CHECKING

from distillab.reporting.display import percent, setting
from distillab.reporting.selection import radii_of
from distillab.reporting.strength import attack_list
from distillab.reporting.tables import Tables, norm_label, records
from distillab.tables.strength import CUT_SHORT, WEAKER

if TYPE_CHECKING:
    import pandas as pd

ROBUST = "adversarial"
"""The kind of defense that trains against an adversary in the L-infinity ball."""

ThreatModel = tuple[str, float]
"""A norm and the largest perturbation in it."""

CARRIED = frozenset({"from_copy", "from_plain", "from_other"})
RESCALED = "rescaled"
"""What the column ``logits`` calls attacks that were made against another network, and on logits over T."""

_NORMS = ("linf", "l2", "l0")


def threat_models(tables: Tables, frame: "pd.DataFrame") -> list[ThreatModel]:
    """Those of some rows of ``worst``: the one that robust teachers were trained for first, or else the least."""
    found = {(str(row.norm), float(row.eps)) for row in records(frame)}
    trained = radii_of(tables, ROBUST)
    return sorted(found, key=lambda threat: (_NORMS.index(threat[0]), not _near(threat, trained), threat[1]))


def at(frame: "pd.DataFrame", threat: ThreatModel) -> "pd.DataFrame":
    """The rows with this norm and eps."""
    norm, eps = threat
    return frame[(frame["norm"] == norm) & (frame["eps"] == eps)]


def named(threat: ThreatModel) -> str:
    """``"L∞, eps 0.3"``."""
    return f"{norm_label(threat[0])}, eps {setting(threat[1])}"


def attacks_of(tables: Tables, frame: "pd.DataFrame") -> str:
    """The attacks that these worst cases are over, with what they are called where they are behind.

    One that also saw other logits, or came from other networks as well, says so: each of these counts as an attack.
    """
    run = tables["robustness"]
    asked = run["model"].isin(frame["model"]) & run["norm"].isin(frame["norm"]) & ~run["targeted"].eq(True)
    parts = run[asked].groupby("attack", sort=False)
    return "; ".join(", ".join([attack_list(tables, part), *_also(part)]) for _, part in parts)


def _also(part: "pd.DataFrame") -> Iterator[str]:
    """Where else than from a network's own logits the images of one attack came from."""
    views = part.groupby("model")["logits"].agg(lambda seen: len(set(seen) & CARRIED))
    if most := int(views.max()):
        up_to = "" if views.min() == most else "up to "
        yield f"also carried over from {up_to}{most} other network{'s' * (most > 1)}"
    if (part["logits"] == RESCALED).any():
        yield "also on Z/T"


def bounded_by(tables: Tables, frame: "pd.DataFrame") -> str:
    """What a worst case is, and over which attacks, for the caption of a figure."""
    return f"A worst case is an upper bound, over {attacks_of(tables, frame)}; other attacks may find more."


def doubts(tables: Tables, frame: "pd.DataFrame", model: str, threat: ThreatModel) -> list[str]:
    """What casts doubt on a model or on the attacks on it: they may be weaker than they look.

    A search for the closest point that is behind casts doubt where no other one in the norm is at full strength.
    """
    run = tables["robustness"]
    run = run[(run["model"] == model) & (run["norm"] == threat[0]) & (run["logits"] == "raw")]
    searches = run[run["kind"] == "minimum_norm"]
    behind = searches["strength"].isin((CUT_SHORT, WEAKER))
    called = {str(row.attack): str(row.strength) for row in records(searches)} if behind.all() else {}
    zero = run["zero_gradient"].astype("float64").max()
    found = [f"zero gradient on {percent(zero)} % of images"] if isfinite(zero) and zero > 0 else []
    found += ["two forward passes differ"] if run["randomized_forward"].eq(True).any() else []
    found += ["a carried-over attack wins"] if frame.loc[frame["model"] == model, "transfer_wins"].any() else []
    found += [f"{tables.label(attack)} is {word}" for attack, word in called.items()]
    lost = _collapsed(tables, model)
    return found + ([f"its training collapsed in epoch {lost}"] if lost else [])


def _near(threat: ThreatModel, trained: list[float]) -> bool:
    """Whether robust teachers were trained for the threat model, up to the release's rounding of 8/255 to 0.031."""
    return threat[0] == "linf" and any(isclose(threat[1], eps, rel_tol=0.02) for eps in trained)


def _collapsed(tables: Tables, model: str) -> int:
    """Since which epoch a training withstood its own single step and little else, to its end; 0 if it did not."""
    history = tables["history"]
    lost = history[(history["model"] == model) & (history["term"] == "collapsed")]
    since = 0
    for _, run in lost.groupby("seed"):
        good = run.loc[run["value"] == 0, "epoch"].max()
        bad = run.loc[~(run["epoch"] <= good), "epoch"]
        since = max(since, int(bad.min()) if len(bad) else 0)
    return since
