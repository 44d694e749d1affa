"""Whether robustness survives distillation: chains from defended teachers, step by step."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.chain_lines import STEPS, chain_figure, chain_line, chain_lines
from distillab.reporting.chain_views import first_teachers
from distillab.reporting.display import Html, Piece
from distillab.reporting.names import marked
from distillab.reporting.summaries import counts
from distillab.reporting.tables import Tables
from distillab.reporting.worst_rows import ThreatModel, at, bounded_by, named, threat_models

if TYPE_CHECKING:
    import pandas as pd


def survivals(tables: Tables) -> "pd.DataFrame":
    """Clean and worst-case accuracy against the step, in percent, a line per chain and temperature.

    Step 0 is the defended teacher, whatever the temperature. No row without such a chain.
    """
    found = _worst(tables)
    lines = _lines(tables, found[1], first_teachers(tables)) if found else {}
    return chain_lines(
        [chain_line(line, column, panel, name, order, x="step", scale=100)
         for column, panel in (("clean_accuracy", "clean accuracy, %"), ("robust_accuracy", "worst case, %"))
         for order, (name, line) in enumerate(lines.items())]
    )  # fmt: skip


def survival_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `survivals` drawn; nothing without them."""
    import pandas as pd

    found = _worst(tables)
    if frame.empty or found is None:
        return Html("")
    threat, worst = found
    shown = pd.concat(_lines(tables, worst, first_teachers(tables)).values())
    return chain_figure(
        frame,
        name="survival-steps",
        what="Clean and worst-case accuracy",
        caption=f"<b>What each distillation keeps of a robust teacher</b> at {named(threat)}: step 0 is the teacher, "
        f"every later one learned the answers of the one before on clean images. {escape(bounded_by(tables, shown))} "
        f"n = {counts(shown['n'])} images.",
        xlabel=STEPS,
    )


def _worst(tables: Tables) -> "tuple[ThreatModel, pd.DataFrame] | None":
    """The threat model of the chains' teachers, and the worst cases there; nothing without such a chain."""
    worst = tables["worst"]
    own = worst[worst["chain"].isin(first_teachers(tables))]
    if own.empty:
        return None
    threat = threat_models(tables, own)[0]
    return threat, at(worst, threat)


def _lines(tables: Tables, worst: "pd.DataFrame", chains: dict[str, str]) -> "dict[str, pd.DataFrame]":
    """Name to the rows of a line, the teacher's as step 0; without a chain's name, so that all share their panels."""
    import pandas as pd

    found = {}
    for chain, teacher in chains.items():
        first, steps = worst[worst["model"] == teacher], worst[worst["chain"] == chain]
        for temperature, own in steps.groupby("temperature", sort=True):
            line = pd.concat([first.assign(step=0), own]).assign(chain="")
            found[f"{marked(tables, own['defense'].iloc[0])} ({chain}), T = {temperature:g}"] = line
    return found
