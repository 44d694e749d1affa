"""Attacks on distillation chains as tables: what rescaling unmasks, and what a step adds."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from distillab.reporting.absent import gaps, reason
from distillab.reporting.cells import Absent, Content, Known, Measured, beside, known, quiet
from distillab.reporting.chain_views import STEP, STUDENT, chain_rows, least_rows, step_label, view_name
from distillab.reporting.columns import CellRow, Heading, signed
from distillab.reporting.display import number, percent
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.strength import attack_list, strength_note, strength_words, with_mark
from distillab.reporting.summaries import counts, estimates, nothing_found, seeds_of, seeds_range
from distillab.reporting.tables import Tables, norm_label, records, step_name

if TYPE_CHECKING:
    import pandas as pd

_VIEWS = {"raw": "masked (Z)", "rescaled": "unmasked (Z/T)"}
_AVERAGED = -1.0
"""The ``temperature`` of a difference that is averaged over all temperatures."""

_MEASURES = {"success": "success_rate", "distance": "median_distance"}
"""What is told of an attack to its column of ``robustness``."""

MASKING = {
    "attack": Heading("Attack"),
    "model": Heading("Step"),
    **{f"success_{view}": Heading(title, "", percent) for view, title in _VIEWS.items()},
    **{f"distance_{view}": Heading(title) for view, title in _VIEWS.items()},
    "zero": Heading("Zero gradient", "% on Z", percent),
}
SPANNERS = {
    "Success rate of the attack, %": [f"success_{view}" for view in _VIEWS],
    "Median distance found": [f"distance_{view}" for view in _VIEWS],
}

DIFFERENCES = {"pair": Heading("Later − earlier step"), "norm": Heading("Norm"), "view": Heading("Attacks saw")}

_COMPARED = ["chain", "later", "earlier", "norm", "view"]


def masking_table(tables: Tables) -> Folded:
    """Every attack on the logits and on the logits over T, side by side; all but the clearest contrast folded.

    That contrast is ordinary defensive distillation: the assistants of the lowest and of the highest temperature. Other
    models of T = 1 have no row: their Z/T is Z.
    """
    frame = chain_rows(tables, "robustness")
    frame = frame.iloc[:0] if (frame["temperature"] == 1).all() else frame
    ends = frame["temperature"].isin([frame["temperature"].min(), frame["temperature"].max()])
    shown = ends & (frame["step"] == 1)
    others = "The other steps and temperatures"
    if shown.all() or not shown.any():
        return Folded(_masking(tables, frame, "masking", ""), others, [])
    assistants = " of assistants, as in ordinary defensive distillation"
    first = _masking(tables, frame[shown], "masking", assistants)
    return Folded(first, others, [_masking(tables, frame[~shown & (frame["temperature"] != 1)], "masking-others", "")])


def _masking(tables: Tables, frame: "pd.DataFrame", name: str, which: str) -> PageTable:
    found = {
        (measure, view): estimates(frame[frame["logits"] == view], ["attack", *STEP], column)
        for measure, column in _MEASURES.items()
        for view in _VIEWS
    }
    words = strength_words(tables)
    rows: list[CellRow] = []
    for key, part in frame.groupby(["attack", *STEP], sort=False):
        attack, model = str(key[0]), str(part["model"].iloc[0])
        zero = float(part.loc[part["logits"] == "raw", "zero_gradient"].mean())
        cells = {
            f"{told[0]}_{told[1]}": _attacked(
                tables, part, told, each.get(key), words.get((model, attack, told[1]), "")
            )
            for told, each in found.items()
        }
        named = {"attack": f"{tables.label(attack)}, n = {counts(part['n'])}", "model": step_label(tables, *key[1:])}
        rows.append(named | cells | {"zero": known(zero, absent="not measured")})
    return PageTable(
        name,
        "What dividing the logits by T unmasks",
        MASKING,
        rows,
        sample=f"{which}; {seeds_of(frame)}" if rows else "",
        spanners=SPANNERS,
        notes=[
            "Z and Z/T have the same decision boundaries: an attack that does better on the right was held back by "
            "numbers, not by the network. Over initially correct images; a failed search counts as infinitely far. A "
            "zero gradient is one of cross-entropy on Z whose every entry is exactly 0 in float32.",
            strength_note(tables, frame),
        ],
        otherwise="Nothing to unmask: no attack was run on a model trained at another temperature than 1.",
    )


def _attacked(tables: Tables, part: "pd.DataFrame", told: tuple[str, str], found: Known | None, word: str) -> Content:
    """One measure of one attack on one step, on the logits that it saw, with the word that it needs there."""
    first, (measure, view) = part.iloc[0], told
    if measure == "distance" and first["kind"] != "minimum_norm":
        return Absent(f"fixed radius, eps {number(first['eps'])}")
    if found is None:
        step = {name: first[name] for name in STEP}
        why = reason(gaps(tables, "attack", question=f"{first['attack']} {view}", **step), "not run")
        return Absent("at T = 1, Z/T is Z" if first["temperature"] == 1 else why)
    nothing = Absent(nothing_found(int(part["success_n"].sum())))
    return with_mark(nothing if isinstance(found, Absent) else found, word)


def differences_table(tables: Tables) -> Folded:
    """How much more perturbation a later step needs than an earlier one, on the same images; single T folded."""
    steps = tables["steps"]
    steps = steps[(steps["later"] <= STUDENT) | (steps["later"] - steps["earlier"] == 1)]
    # Models that were trained at T = 1 have no second view: their Z/T is Z.
    steps = steps[(steps["temperature"] != 1) | (steps["view"] == "raw")]
    averaged, over = steps["temperature"] == _AVERAGED, _attacks_of(tables, steps)
    title = "The differences at each temperature"
    if not averaged.any():
        return Folded(_differences(steps, "differences", over), title, [])
    first = _differences(steps[averaged], "differences", over)
    return Folded(first, title, [_differences(steps[~averaged], "differences-each", over)])


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
    for (chain, later, earlier, norm, view), part in steps.groupby(_COMPARED, sort=False):
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
            else "No interval over seeds below three seeds; intervals "
            "at a temperature are over the first seed's images.",
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
