"""Many seeds to one number with its interval, and labels for what is shown."""

from math import isfinite, nan
from typing import TYPE_CHECKING

from distillab.metrics.intervals import seed_interval

if TYPE_CHECKING:
    import pandas as pd

    from distillab.reporting.tables import Tables


def over_seeds(frame: "pd.DataFrame", by: list[str], value: str) -> "pd.DataFrame":
    """Per group: the mean of ``value`` over seeds with its 95 % interval, NaN bounds where none is claimed.

    One test-sample interval stands in where a single seed brought its own (columns ``robust_low``, ``robust_high``);
    ``kind`` says which of the two kinds of uncertainty the bounds are, and they are never mixed.
    """
    import pandas as pd

    rows = []
    for keys, group in frame.groupby(by, sort=False, dropna=False):
        values = [float(v) for v in group[value] if isfinite(v)]
        row = dict(zip(by, keys, strict=True)) | {"seeds": len(values), "kind": "points"}
        row |= _estimate(values)
        if len(values) == 1 and value == "robust_accuracy":
            row |= {"low": group["robust_low"].iloc[0], "high": group["robust_high"].iloc[0], "kind": "images"}
        rows.append(row)
    return pd.DataFrame(rows, columns=[*by, "seeds", "value", "low", "high", "kind"])


def _estimate(values: list[float]) -> dict[str, object]:
    if not values:
        return {"value": nan, "low": nan, "high": nan}
    estimate = seed_interval(values, within=(0.0, float("inf")))
    low, high = (nan if bound is None else bound for bound in (estimate.low, estimate.high))
    return {"value": estimate.value, "low": low, "high": high, "kind": estimate.kind}


def not_separable(
    values: "pd.Series[float]", low: "pd.Series[float]", high: "pd.Series[float]", *, largest: bool
) -> "pd.Series[bool]":
    """The best value and every value whose interval overlaps its interval; none where the best has no interval."""
    if not values.notna().any():
        return values.notna()
    best = values.idxmax() if largest else values.idxmin()
    if not (isfinite(low[best]) and isfinite(high[best])):
        return values != values
    return (high >= low[best]) & (low <= high[best])


def seeds_phrase(seeds: int) -> str:
    """``"3 seeds"``, ``"1 seed"``."""
    return f"{seeds} seed{'' if seeds == 1 else 's'}"


def kinds_note(kinds: "pd.Series[str]") -> str:
    """One line that says what the intervals of a table are."""
    notes = {
        "seeds": "Intervals: 95 %, Student's t over training seeds.",
        "images": "Intervals: 95 %, Wilson over the images of one trained model; they hold no seed-to-seed variation.",
        "points": "No interval: too few seeds.",
    }
    present = [kind for kind in notes if (kinds == kind).any()]
    return " ".join(notes[kind] for kind in present)


def counts(n: "pd.Series[int]") -> str:
    """``"360"``, or ``"128 to 360"`` where the rows differ."""
    low, high = int(n.min()), int(n.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def norm_label(norm: str) -> str:
    """How a page writes a norm's key."""
    return {"l0": "L0", "l2": "L2", "linf": "L∞"}.get(norm, norm)


def teachers_of(tables: "Tables") -> "pd.DataFrame":
    """The rows of ``models`` that are teachers."""
    models = tables["models"]
    return models[models["role"] == "teacher"]
