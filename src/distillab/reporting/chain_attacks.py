"""Attacks on distillation chains as tables: what rescaling unmasks, and what a step adds."""

from collections.abc import Iterator
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.absent import gaps, reason
from distillab.reporting.chain_views import STEP, STUDENT, chain_rows, least_rows, step_label, step_of, view_name
from distillab.reporting.display import (
    Html,
    folded,
    header,
    missing,
    number,
    paragraph,
    percent,
    table,
    table_cell,
)
from distillab.reporting.strength import attack_list, strength_mark, strength_note, strength_words
from distillab.reporting.summaries import (
    counts,
    estimate_cell,
    kinds_note,
    nothing_found,
    over_seeds,
    seeds_of,
    seeds_range,
    signed_cell,
)
from distillab.reporting.tables import Tables, norm_label, records, step_name

if TYPE_CHECKING:
    import pandas as pd

_VIEWS = ("raw", "rescaled")
_AVERAGED = -1.0
"""The ``temperature`` of a difference that is averaged over all temperatures."""


def masking_table(tables: Tables) -> Html:
    """Every attack on the logits and on the logits over T, side by side; all but the clearest contrast folded.

    That contrast is ordinary defensive distillation: the assistants of the lowest and of the highest temperature.
    """
    frame = chain_rows(tables, "robustness")
    if (frame["temperature"] == 1).all():
        return paragraph("Nothing to unmask: no attack was run on a model trained at another temperature than 1.")
    ends = frame["temperature"].isin([frame["temperature"].min(), frame["temperature"].max()])
    shown = ends & (frame["step"] == 1)
    if shown.all() or not shown.any():
        return _masking(tables, frame, "masking", "")
    return _masking(tables, frame[shown], "masking", " of assistants, as in ordinary defensive distillation") + folded(
        "The other steps and temperatures", _masking(tables, frame[~shown], "masking-others", "")
    )


def _masking(tables: Tables, frame: "pd.DataFrame", name: str, which: str) -> Html:
    import pandas as pd

    measures = {"success": ("success_rate", percent), "distance": ("median_distance", number)}
    estimates = {
        measure: {_cell_key(row): row for row in records(over_seeds(frame, _CELL, column))}
        for measure, (column, _) in measures.items()
    }
    rows, words = [], strength_words(tables)
    for _, part in frame.groupby(["attack", *STEP], sort=False):
        first = records(part)[0]
        made = {"attack": escape(tables.label(first.attack)), "model": step_label(tables, first)}
        for (measure, (_, form)), view in [(m, v) for m in measures.items() for v in _VIEWS]:
            found = estimates[measure].get((*_cell_key(first)[:-1], view))
            absent = reason(gaps(tables, "attack", question=f"{first.attack} {view}", **step_of(first)), "not run")
            word = words.get((first.model, first.attack, view), "")
            made[f"{measure}_{view}"] = _shown(
                first, measure, found, form, correct=int(part["success_n"].sum()), absent=absent, word=word
            )
        zero = part.loc[part["logits"] == "raw", "zero_gradient"].mean()
        rows.append(made | {"zero": percent(zero) if isfinite(zero) else missing("not measured")})
    masked, unmasked = header("masked (Z)"), header("unmasked (Z/T)")
    labels = {"attack": "Attack", "model": "Step", "success_raw": masked, "success_rescaled": unmasked}
    labels |= {"distance_raw": masked, "distance_rescaled": unmasked, "zero": header("Zero gradient", "% on Z")}
    kinds = pd.Series([row.kind for each in estimates.values() for row in each.values() if isfinite(row.value)])
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name=name,
        caption=f"<b>What dividing the logits by T unmasks</b>{which}; n = {counts(frame['n'])} images, "
        f"{seeds_of(frame)}.",
        labels=labels,
        spanners={
            "Success rate of the attack, %": ["success_raw", "success_rescaled"],
            "Median distance found": ["distance_raw", "distance_rescaled"],
        },
        notes=[
            kinds_note(kinds),
            "Z and Z/T have the same decision boundaries: an attack that does better on the right was held back by "
            "numbers, not by the network. Over initially correct images; a failed search counts as infinitely far. A "
            "zero gradient is one of cross-entropy on Z whose every entry is exactly 0 in float32.",
            strength_note(tables, frame),
        ],
    )


_CELL = ["attack", *STEP, "logits"]


def _cell_key(row: Any) -> tuple[str, str, float, int, str]:  # noqa: ANN401 - a row
    return (row.attack, row.chain, row.temperature, row.step, row.logits)


def _shown(
    first: Any,  # noqa: ANN401 - a row
    measure: str,
    found: Any,  # noqa: ANN401 - a row
    form: Any,  # noqa: ANN401 - a formatter
    *,
    correct: int,
    absent: str,
    word: str,
) -> str:
    if measure == "distance" and first.kind != "minimum_norm":
        return missing(f"fixed radius, eps {number(first.eps)}")
    if found is None:
        return missing("at T = 1, Z/T is Z" if first.temperature == 1 else absent)
    return estimate_cell(found, form, reason=nothing_found(correct), mark=strength_mark(word))


def differences_table(tables: Tables) -> Html:
    """How much more perturbation a later step needs than an earlier one, on the same images; single T folded."""
    steps = tables["steps"]
    steps = steps[(steps["later"] <= STUDENT) | (steps["later"] - steps["earlier"] == 1)]
    if steps.empty:
        return paragraph(
            "No steps to compare: no minimum-norm attack was run on an image that two steps of a chain both classify "
            "correctly."
        )
    averaged, over = steps["temperature"] == _AVERAGED, _attacks_of(tables, steps)
    if not averaged.any():
        return _differences(steps, "differences", over)
    return _differences(steps[averaged], "differences", over) + folded(
        "The differences at each temperature", _differences(steps[~averaged], "differences-each", over)
    )


def _attacks_of(tables: Tables, steps: "pd.DataFrame") -> str:
    """The attacks that the differences are over, with what they are called where they are behind."""
    frame = least_rows(tables)
    return attack_list(tables, frame[frame["norm"].isin(steps["norm"]) & ~frame["targeted"].eq(True)])


def _differences(steps: "pd.DataFrame", name: str, attacks: str) -> Html:
    import pandas as pd

    several = steps["chain"].nunique() > 1
    rows = [
        {
            "pair": f"{escape(row.chain)}: {_pair(row)}" if several else _pair(row),
            "temperature": "mean over T" if row.temperature == _AVERAGED else f"T = {row.temperature:g}",
            "norm": norm_label(row.norm),
            "view": view_name(row.view),
            "seeds": signed_cell(row.difference, row.low, row.high),
            "images": _over_images(row),
        }
        for row in _told_apart(steps)
    ]
    labels = {
        "pair": "Later − earlier step", "temperature": "Temperature", "norm": "Norm", "view": "Attacks saw",
        "seeds": header("Difference", "interval over seeds"), "images": header("Interval", "over images of one seed"),
    }  # fmt: skip
    if (steps["temperature"] == _AVERAGED).all():
        labels = {key: label for key, label in labels.items() if key not in {"temperature", "images"}}
    over = ", averaged over all temperatures" if "temperature" not in labels else ""
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name=name,
        caption=f"<b>What a step adds to the mean smallest perturbation</b>{over}: positive where the later step needs "
        f"more; {seeds_range(steps['seeds'])}.",
        labels=labels,
        notes=[
            "Smallest over all untargeted minimum-norm attacks in the norm, on the images that both steps classify "
            f"correctly: {attacks}. A failed search counts as the farthest point of the pixel box.",
            "" if isfinite(steps["low"].astype(float).max()) else "No interval over seeds below three seeds.",
        ],
    )


def _told_apart(steps: "pd.DataFrame") -> Iterator[Any]:
    """The rows, without the second view of models trained at T = 1, for which Z/T is Z."""
    return (row for row in records(steps) if row.temperature != 1 or row.view == "raw")


def _pair(row: Any) -> str:  # noqa: ANN401 - a row
    return f"{step_name(row.later)} − {step_name(row.earlier)}"


def _over_images(row: Any) -> str:  # noqa: ANN401 - a row
    if row.images_low is None or not isfinite(row.images_low):
        return missing("all images differ alike")
    return table_cell(
        f"[{number(row.images_low, signed=True)}, {number(row.images_high, signed=True)}], n = {int(row.n):,}"
    )
