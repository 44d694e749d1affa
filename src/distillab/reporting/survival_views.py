"""Whether robustness survives distillation: chains from defended teachers, step by step."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.chain_figures import STEPS, chain_figure, chain_line
from distillab.reporting.chain_views import first_teachers
from distillab.reporting.display import Html
from distillab.reporting.names import marked
from distillab.reporting.summaries import counts
from distillab.reporting.tables import Tables
from distillab.reporting.worst_rows import at, bounded_by, named, threat_models

if TYPE_CHECKING:
    import pandas as pd


def survival_figure(tables: Tables) -> Html:
    """Clean and worst-case accuracy against the step, a line per chain and temperature; nothing without such a chain.

    Step 0 is the defended teacher, whatever the temperature.
    """
    import pandas as pd

    worst, chains = tables["worst"], first_teachers(tables)
    if not worst["chain"].isin(chains).any():
        return Html("")
    threat = threat_models(tables, worst[worst["chain"].isin(chains)])[0]
    worst = at(worst, threat)
    lines = _lines(tables, worst, chains)
    shown = pd.concat(lines.values())
    parts = [
        chain_line(line, column, panel, name, order, x="step", scale=100)
        for column, panel in (("clean_accuracy", "clean accuracy, %"), ("robust_accuracy", "worst case, %"))
        for order, (name, line) in enumerate(lines.items())
    ]
    return chain_figure(
        parts,
        name="survival-steps",
        what="Clean and worst-case accuracy",
        caption=f"<b>What each distillation keeps of a robust teacher</b> at {named(threat)}: step 0 is the teacher, "
        f"every later one learned the answers of the one before on clean images. {escape(bounded_by(tables, shown))} "
        f"n = {counts(shown['n'])} images.",
        seeds=int(shown["seed"].nunique()),
        xlabel=STEPS,
    )


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
