"""Attacks on distillation chains as a table: what dividing the logits by the temperature unmasks."""

from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.absent import gaps, reason
from distillab.reporting.cells import Absent, Content, Known, known
from distillab.reporting.chain_views import STEP, chain_rows, step_label
from distillab.reporting.columns import CellRow, Heading
from distillab.reporting.display import number, percent
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.strength import strength_note, strength_words, with_mark
from distillab.reporting.summaries import counts, estimates, nothing_found, seeds_of
from distillab.reporting.tables import Tables

if TYPE_CHECKING:
    import pandas as pd

_VIEWS = {"raw": "masked (Z)", "rescaled": "unmasked (Z/T)"}
_MEASURES = {"success": "success_rate", "distance": "median_distance"}
"""What is told of an attack to its column of ``robustness``."""

ALIKE = 0.005
"""Relative difference that three digits do not show."""

OF_MASKED = ", where attacks on both differ"

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


def masking_table(tables: Tables) -> Folded:
    """Every attack on the logits and on the logits over T, side by side; all but the clearest contrast folded.

    That contrast is ordinary defensive distillation: the assistants of the lowest and of the highest temperature. Other
    models have a row where an attack does not do alike on both, or has no number.
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
    asked = frame[~shown & (frame["temperature"] != 1)]
    masked = asked.groupby(["attack", *STEP])["logits"].transform(lambda views: _differ(asked.loc[views.index]))
    return Folded(first, others, [_masking(tables, asked[masked.astype(bool)], "masking-others", OF_MASKED)])


def _differ(part: "pd.DataFrame") -> bool:
    """Whether an attack does not do alike, to three digits, on both views of one model's logits, or has no number."""
    raw, rescaled = (part[part["logits"] == view][[*_MEASURES.values()]].astype(float).mean() for view in _VIEWS)
    return bool(raw.isna().all()) or not np.allclose(raw, rescaled, rtol=ALIKE, atol=0, equal_nan=True)


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
            "numbers, not by the network. Over initially correct images; a failed search counts as infinitely far. "
            "Zero gradient: of cross-entropy on Z, every entry exactly 0 in float32.",
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
