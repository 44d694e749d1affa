"""What a step of a distillation chain adds to the mean smallest perturbation, as a table."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.reporting.cells import Absent, Content, Measured, beside, quiet
from distillab.reporting.chain_attacks import ALIKE
from distillab.reporting.chain_views import STUDENT, least_rows, view_name
from distillab.reporting.columns import CellRow, Heading, signed
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.strength import attack_list
from distillab.reporting.summaries import seeds_range
from distillab.reporting.tables import Tables, norm_label, records, step_name

if TYPE_CHECKING:
    import pandas as pd

_AVERAGED = -1.0
"""The ``temperature`` of a difference that is averaged over all temperatures."""

DIFFERENCES = {"pair": Heading("Later − earlier step"), "norm": Heading("Norm"), "view": Heading("Attacks saw")}

_COMPARED = ["chain", "later", "earlier", "norm"]
_NUMBERS = ["difference", "low", "high", "images_difference", "images_low", "images_high", "n"]


def differences_table(tables: Tables) -> Folded:
    """How much more perturbation a later step needs than an earlier one, on the same images; single T folded."""
    steps = tables["steps"]
    steps = steps[(steps["later"] <= STUDENT) | (steps["later"] - steps["earlier"] == 1)]
    # Models that were trained at T = 1 have no second view: their Z/T is Z.
    steps = _told_once(steps[(steps["temperature"] != 1) | (steps["view"] == "raw")])
    averaged, over = steps["temperature"] == _AVERAGED, _attacks_of(tables, steps)
    title = "The differences at each temperature"
    if not averaged.any():
        return Folded(_differences(steps, "differences", over), title, [])
    first = _differences(steps[averaged], "differences", over)
    return Folded(first, title, [_differences(steps[~averaged], "differences-each", over)])


def _told_once(steps: "pd.DataFrame") -> "pd.DataFrame":
    """One view for both where these say the same to three digits at every temperature of which both say something."""
    told, once = steps.copy(), steps.index[:0]
    for _, part in steps.groupby([*_COMPARED, steps["temperature"] == _AVERAGED], sort=False):
        raw, worst = (part[part["view"] == view] for view in ("raw", "worst"))
        beside_worst = raw[raw["temperature"].isin(worst["temperature"])]
        if len(worst) and len(beside_worst) == len(worst) and _alike(beside_worst, worst):
            told.loc[raw.index, "view"] = "both"
            once = once.union(worst.index)
    return told.drop(once)


def _alike(raw: "pd.DataFrame", worst: "pd.DataFrame") -> bool:
    one, other = (part.sort_values("temperature")[_NUMBERS].astype(float) for part in (raw, worst))
    return bool(np.allclose(one, other, rtol=ALIKE, atol=0, equal_nan=True))


def _attacks_of(tables: Tables, steps: "pd.DataFrame") -> str:
    """The attacks that the differences are over, with what they are called where they are behind."""
    frame = least_rows(tables)
    return attack_list(tables, frame[frame["norm"].isin(steps["norm"]) & ~frame["targeted"].eq(True)])


def _differences(steps: "pd.DataFrame", name: str, attacks: str) -> PageTable:
    """A row per pair of steps, norm and view; a column per temperature, or the one that is averaged over them."""
    averaged = bool((steps["temperature"] == _AVERAGED).all())
    several = steps["chain"].nunique() > 1
    temperatures = {f"at-{t:g}": _temperature(t) for t in sorted(steps["temperature"].unique())}
    rows: list[CellRow] = []
    for (chain, later, earlier, norm, view), part in steps.groupby([*_COMPARED, "view"], sort=False):
        found = {f"at-{row.temperature:g}": _difference(row) for row in records(part)}
        pair = (f"{chain}: " if several else "") + f"{step_name(later)} − {step_name(earlier)}"
        named = {"pair": pair, "norm": norm_label(norm), "view": view_name(view)}
        rows.append(named | {key: found.get(key) or Absent("at T = 1, Z/T is Z") for key in temperatures})
    return PageTable(
        name,
        "What a step adds to the mean smallest perturbation",
        DIFFERENCES | {key: Heading(title, "", signed) for key, title in temperatures.items()},
        rows,
        sample=f": positive where the later step needs more; {'averaged over all T, ' if averaged else ''}"
        f"{seeds_range(steps['seeds'])}",
        notes=[
            "Smallest over all untargeted minimum-norm attacks in the norm, on the images that both steps classify "
            f"correctly: {attacks}. A failed search counts as the farthest point of the pixel box.",
            ""
            if isfinite(steps["low"].astype(float).max())
            else "No interval over seeds below three seeds; a number with an interval is the first seed's alone, over "
            "its images.",
        ],
        otherwise="No steps to compare: no minimum-norm attack was run on an image that two steps of a chain both "
        "classify correctly.",
    )


def _temperature(t: float) -> str:
    return "Difference" if t == _AVERAGED else f"T = {t:g}"


def _difference(row: Any) -> Content:  # noqa: ANN401 - a row
    """The mean over seeds and the number of images; below three seeds the first seed's, its interval over images."""
    images = quiet(f"n = {int(row.n):,}") if isfinite(row.n or nan) else ""
    if not isfinite(_number(row.low)) and isfinite(_number(row.images_low)):
        return beside(Measured(row.images_difference, row.images_low, row.images_high), images)
    return beside(Measured(row.difference, _number(row.low), _number(row.high)), images)


def _number(value: float | None) -> float:
    return nan if value is None else value
