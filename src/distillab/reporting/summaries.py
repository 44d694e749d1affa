"""From many seeds to one number with its interval, and how a page writes it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite, isinf, isnan, nan
from typing import TYPE_CHECKING, Any, TypeVar

from distillab.core.errors import ContractError
from distillab.metrics.intervals import seed_interval
from distillab.reporting.cells import Absent, Known, Measured
from distillab.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from distillab.reporting.tables import Tables

_Group = TypeVar("_Group")

OVER_SEEDS = "95 % over seeds"
"""What the intervals over seeds are, as captions say it; the notes of tables say how they are made."""

BEST = "the best of its "
"""How a table begins to say what is bold, where that is by `with_best`."""

NOT_BOLD = " and all whose intervals overlap its, where these are at most half"

NOTHING_BOLD = "Nothing is bold: more than half of what is compared cannot be told from the best."

_OWN_BOUNDS = {
    "robust_accuracy": "robust", "success_rate": "success", "small": "small", "certified_accuracy": "certified",
    "standard_error": "standard", "paper_robust_error": "paper_robust", "strict_robust_error": "strict_robust",
}  # fmt: skip
"""Shares that a table holds with their interval over images, in columns ``<prefix>_low`` and ``<prefix>_high``."""


_COUNTED_IN = {
    "test_accuracy": "test_n", "val_accuracy": "val_n", "clean_accuracy": "n", "robust_accuracy": "n",
    "certified_accuracy": "n", "success_rate": "success_n", "standard_error": "n", "paper_robust_error": "n",
    "strict_robust_error": "n", "agreement": "test_n", "flip_rate": "test_n",
    "best_single": "n", "boundary": "n", "small": "n", "small_float32": "n",
}  # fmt: skip
"""Shares of images, and the column that says of how many; a share of fewer than all attacked ones has its own."""


def over_seeds(
    frame: "pd.DataFrame", by: list[str], value: str, *, within: tuple[float, float] | None = None
) -> "pd.DataFrame":
    """Per group: the mean of ``value`` over seeds with its 95 % interval, NaN bounds where none is claimed.

    Bounds are cut where the quantity ends: at the range of the unit that the tables declare for it. A standard
    deviation over seeds is never taken to be below one image of those that a share is counted in, or half a pixel of a
    median that counts pixels. A seed without a value is left out; one whose value is infinite makes the mean so.

    One test-sample interval stands in where a single seed brought its own (columns such as ``robust_low``,
    ``robust_high``); ``kind`` says which of the two kinds of uncertainty the bounds are, and they are never mixed.

    Args:
        frame: One row per group and seed.
        by: Columns that name a group.
        value: A column of a table.
        within: The range of a value that no table declares.

    Raises:
        ContractError: no table declares the value, or two declare it with different ranges, and no range is given.
    """
    import pandas as pd

    rows, ends = [], range_of(value) if within is None else within
    for keys, group in frame.groupby(by, sort=False, dropna=False):
        known = [float(v) for v in group[value] if not isnan(v)]
        row = dict(zip(by, keys, strict=True)) | {"seeds": len(known)} | _estimate(known, ends, _step(group, value))
        if len(known) == 1 and value in _OWN_BOUNDS:
            own = group[group[value].notna()].iloc[0]
            row |= {end: own[f"{_OWN_BOUNDS[value]}_{end}"] for end in ("low", "high")} | {"kind": "images"}
        rows.append(row)
    return pd.DataFrame(rows, columns=[*by, "seeds", "value", "low", "high", "kind"])


def range_of(column: str, *tables: str) -> tuple[float, float]:
    """What the values of a column can be, as these tables, or all, declare it.

    Raises:
        ContractError: no table has the column, or two give it different ranges.
    """
    kinds = [each.kind for name in tables or TABLES for each in TABLES[name].fixed if each.name == column]
    ranges = {(kind.low, kind.high) for kind in kinds}
    if len(ranges) != 1:
        where, expected = f"column {column}", "tables that declare it alike"
        raise ContractError("no one range", where=where, expected=expected, got=str(sorted(ranges)))
    return ranges.pop()


def _step(group: "pd.DataFrame", value: str) -> float:
    """The step in which a value is counted: one image as a share, of the seed that has fewest; 0 of what has none."""
    if value == "median_distance" and set(group.get("norm", ())) == {"l0"}:
        return 0.5
    own = f"{_OWN_BOUNDS.get(value, value)}_n"
    column = own if own in group.columns else _COUNTED_IN.get(value)
    fewest = group.loc[group[value].notna(), column].min() if column in group.columns else nan
    return 1 / float(fewest) if fewest > 0 else 0.0


def _estimate(values: list[float], within: tuple[float, float], resolution: float) -> dict[str, object]:
    if not values or any(map(isinf, values)):
        return {"value": next(filter(isinf, values), nan), "low": nan, "high": nan, "kind": "points"}
    estimate = seed_interval(values, within=within, resolution=resolution)
    low, high = (nan if bound is None else bound for bound in (estimate.low, estimate.high))
    return {"value": estimate.value, "low": low, "high": high, "kind": estimate.kind}


def estimates(
    frame: "pd.DataFrame",
    by: list[str],
    value: str,
    *,
    within: tuple[float, float] | None = None,
    reason: str = "no finite result",
) -> dict[Any, Known]:
    """The rows of `over_seeds` as contents of cells, by the name of the group; a dash with the reason without a mean.

    Groups that several columns name are keys of several values.
    """
    found = over_seeds(frame, by, value, within=within)
    keys = found[by[0]] if len(by) == 1 else found[by].itertuples(index=False, name=None)
    numbers = found[["value", "low", "high", "kind"]].itertuples(index=False, name=None)
    return {
        key: Measured(*each) if isfinite(each[0]) else Absent(reason) for key, each in zip(keys, numbers, strict=True)
    }


def nothing_found(correct: int) -> str:
    """Why there is no success rate or median distance of an attack that met so many correctly classified images."""
    return "half of a seed's searches found nothing" if correct else "no image was classified correctly"


def with_best(contents: Mapping[_Group, Known], *, largest: bool = True) -> dict[_Group, Known]:
    """The same with the best value marked, and every value whose interval overlaps its; none if it has no interval.

    Where that would be more than half of the values, they do not tell which one is best, and none is marked.
    """
    known = {key: each for key, each in contents.items() if isinstance(each, Measured)}
    if not known:
        return dict(contents)
    best = max(known.values(), key=lambda each: each.value if largest else -each.value)
    alike = {key for key, each in known.items() if each.high >= best.low and each.low <= best.high}
    marked = alike if 2 * len(alike) <= len(known) else set()
    return dict(contents) | {key: replace(each, best=key in marked) for key, each in known.items()}


def seeds_phrase(seeds: int) -> str:
    """``"3 seeds"``, ``"1 seed"``."""
    return f"{seeds} seed{'' if seeds == 1 else 's'}"


def seeds_range(seeds: Iterable[int]) -> str:
    """``"3 seeds"``, or ``"1 to 3 seeds"`` where the counts differ."""
    found = sorted({int(n) for n in seeds})
    if not found:
        return "no seed"
    return seeds_phrase(found[0]) if len(found) == 1 else f"{found[0]} to {seeds_phrase(found[-1])}"


def seeds_of(frame: "pd.DataFrame") -> str:
    """How many seeds each model of the rows has."""
    name = next((column for column in ("model", "teacher", "cascade") if column in frame.columns), None)
    return seeds_range([frame["seed"].nunique()] if name is None else frame.groupby(name)["seed"].nunique())


def kinds_note(kinds: Iterable[str]) -> str:
    """One line that says what the intervals of a figure are."""
    return " ".join(kinds_notes(kinds))


def kinds_notes(kinds: Iterable[str]) -> list[str]:
    """What the intervals of a table are, a note for each kind."""
    known = set(kinds)
    notes = {
        "seeds": "Intervals: 95 %, Student's t over training seeds, of shares in Wilson's form; their spread counts as "
        "one image at least.",
        "images": "Intervals: 95 %, Wilson over the images of one trained model; they hold no seed-to-seed variation.",
        "points": "No interval where there are too few seeds.",
    }
    return [said for kind, said in notes.items() if kind in known]


def counts(n: "pd.Series[int]") -> str:
    """``"360"``, or ``"128 to 360"`` where the rows differ."""
    low, high = int(n.min()), int(n.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def images_of(frame: "pd.DataFrame", split: str) -> str:
    """``", n = 360"`` of the rows of a split; empty where there is none."""
    images = frame.loc[frame["split"] == split, "n"]
    return f", n = {counts(images)}" if len(images) else ""


def teachers_of(tables: "Tables") -> "pd.DataFrame":
    """The rows of ``models`` that are teachers, of the run's seeds: those of a headline alone would compare unlike."""
    models = tables["models"]
    return models[(models["role"] == "teacher") & models["seed"].isin(tables.facts["seeds"])]


def minimum_norm(tables: "Tables") -> list[str]:
    """Keys of the attacks that look for the smallest perturbation; only their distances make a curve."""
    robustness = tables["robustness"]
    return list(robustness.loc[robustness["eps"].isna(), "attack"].unique())
