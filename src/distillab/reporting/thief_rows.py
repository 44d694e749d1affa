"""The rows of all thieves: whose verdicts stand in which order, what the strongest attack reached, what more costs."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.core.identity import PAPER
from distillab.metrics.intervals import MIN_SEEDS
from distillab.metrics.planning import SEEDS
from distillab.reporting.display import timespan
from distillab.reporting.knockoff_rows import placed
from distillab.reporting.selection import kind_of, settings_of
from distillab.reporting.summaries import seeds_phrase
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import label_count
from distillab.tables.question import EVERY_STUDENT
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd


UNPRICED = "price not known"
"""What stands for a price that too few seeds do not tell."""


def asking_thieves(tables: Tables) -> list[str]:
    """Thieves that have a verdict, from the fewest labels up; of equals, the papers' last."""
    found = dict.fromkeys(str(thief) for thief in tables["verdicts"]["thief"])
    return sorted(found, key=lambda thief: (label_count(tables.facts, thief), thief == PAPER))


def hardest_first(tables: Tables) -> "pd.DataFrame":
    """The verdicts of all thieves by pair of networks, the teacher first that the most successful thief gains least on.

    Adds ``unprotected``, ``pair``, and ``row`` (text) and ``title`` that name the teacher.
    """
    verdicts = placed(tables, tables["verdicts"])
    pairs = list(dict.fromkeys(verdicts["pair"]))
    verdicts = verdicts.assign(
        unprotected=[kind_of(tables, key) == UNPROTECTED for key in verdicts["defense"]],
        rank=verdicts["pair"].map(pairs.index),
        most=verdicts.groupby("row", sort=False)["best_delta"].transform("max"),
    )
    return verdicts.sort_values(["rank", "most", "row"], kind="stable").reset_index(drop=True)


def strongest(tables: Tables) -> "pd.DataFrame":
    """Per verdict on one student network, the knockoffs of its best attack, with the verdict as ``verdict``."""
    verdicts = hardest_first(tables)
    verdicts = verdicts[verdicts["student"] != EVERY_STUDENT]
    named = ["thief", "teacher", "student"]
    columns = [*named, "attack", "verdict", "row", "pair", "unprotected", "best_delta", "lower", "upper"]
    asked = verdicts.rename(columns={"best_attack": "attack"})[columns]
    return asked.merge(tables["knockoff"], on=[*named, "attack"], how="inner")


def price_phrase(tables: Tables, v: Any) -> str:  # noqa: ANN401 - a row
    """``"8 seeds, 10 knockoffs, 12 s"``: what would probably decide; empty of what is not undecided."""
    if v.verdict != "undecided":
        return ""
    if not isfinite(v.price_seeds or float("nan")):
        waits = (v.lower or 0) > 0  # for a thief with fewer labels: its own seeds cannot tell
        exhausted = v.seeds >= MIN_SEEDS and not v.missing and not waits
        return f"more than {SEEDS[-1]:,} seeds" if exhausted else UNPRICED
    runs, few = int(v.price_runs), settings_of(tables, v.defense).get("seeds")
    allowed = f" where its defense has {few} at most" if few else ""
    said = f"{seeds_phrase(int(v.price_seeds))}{allowed}, {runs:,} knockoff{'s' * (runs != 1)}"
    seconds = seconds_a_knockoff(tables)
    return said if seconds is None else f"{said}, {timespan(runs * seconds)}"


def seconds_a_knockoff(tables: Tables) -> float | None:
    """What training one knockoff took here, on average; None where the run does not say."""
    trained = sum(int(made["stages"].get("knockoff", 0)) for made in tables.facts["environments"])
    seconds = tables.facts["stage_seconds"].get("knockoff")
    return float(seconds) / trained if trained and seconds is not None else None


def controls_of(tables: Tables) -> dict[tuple[str, str, str], Any]:
    """Thief, student network and role to the row of ``labels`` that says what this control reaches."""
    return {(row.thief, row.student, row.role): row for row in records(tables["labels"])}
