"""Sentences made from tables: the answer first, and what the numbers cannot decide."""

from html import escape
from math import isfinite
from typing import Any

from distillab.reporting.display import Html, number, paragraph, percent, points, setting
from distillab.reporting.knockoff_views import ranked
from distillab.reporting.reported import Reported
from distillab.reporting.summaries import over_seeds, seeds_phrase
from distillab.reporting.tables import Tables, records

_ORDER = ("undistillable", "distillable", "undecided")


def knockoff_answer(tables: Tables) -> Html:
    """Which teachers can be stolen, in two sentences with the interval of the closest call."""
    verdicts = ranked(tables)
    if verdicts.empty:
        return paragraph("No knockoff verdict: this preset ran no knockoff attack.", kind="lead")
    what = "teacher–student pairs" if tables.several_students else "teachers"
    groups = [(kind, list(verdicts.loc[verdicts["verdict"] == kind, "row"])) for kind in _ORDER]
    counts = "; ".join(f"{len(rows)} {kind} ({', '.join(map(escape, rows))})" for kind, rows in groups if rows)
    head = f"Of {len(verdicts)} {what} on {dataset(tables)}: {counts}."
    return paragraph(f"{head} {_hardest(tables)}", kind="lead")


def _hardest(tables: Tables) -> str:
    """The hardest teacher to steal, with its gain and bounds."""
    hardest = records(ranked(tables))[0]
    if isfinite(hardest.lower) and isfinite(hardest.upper):
        bounds, caveat = f" [{points(hardest.lower)}, {points(hardest.upper)}]", ""
    else:
        bounds, caveat = "", f" ({seeds_phrase(int(hardest.seeds))}: no interval, so no verdict)"
    attack = escape(tables.label(hardest.best_attack))
    return (
        f"Hardest to steal is {escape(hardest.row)}: its strongest attack, {attack}, "
        f"moves the knockoff {points(hardest.best_delta)} points{bounds} from the LS student{caveat}."
    )


def robustness_answer(tables: Tables) -> Html:
    """How much the best and the worst teacher keep under the strongest attack of fixed budget."""
    frame = tables["robustness"]
    frame = frame[(frame["role"] == "teacher") & frame["eps"].notna()]
    if frame.empty:
        return paragraph("No attack of a fixed budget was run.")
    means = frame.groupby(["attack", "eps"])["robust_accuracy"].mean().reset_index()
    hardest = records(means.sort_values("robust_accuracy", kind="stable"))[0]
    cells = frame[(frame["attack"] == hardest.attack) & (frame["eps"] == hardest.eps)]
    shown = sorted(records(over_seeds(cells, ["model"], "robust_accuracy", upper=1)), key=lambda row: row.value)
    worst, best = shown[0], shown[-1]
    return paragraph(
        f"Against {escape(tables.label(hardest.attack))} at eps {setting(hardest.eps)} the teachers keep between "
        f"{_kept(tables, worst)} and {_kept(tables, best)} of n = {int(cells['n'].iloc[0]):,} images."
    )


def _kept(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    bounds = f" [{percent(row.low)}, {percent(row.high)}]" if isfinite(row.low) else ""
    return f"{percent(row.value)} %{bounds} ({escape(tables.label(row.model))})"


def dataset(tables: Tables) -> str:
    """The data set's title; a stand-in says for what and how."""
    title, standin = escape(tables.facts["title"]), escape(tables.facts["standin"])
    return f"{title} ({standin})" if standin else title


def resolution(tables: Tables) -> Html:
    """What this many test images and seeds cannot decide."""
    facts, frame = tables.facts, tables["knockoff"]
    n, margin = int(facts["test_n"]), float(facts["margin"])
    half = ((frame["delta_high"] - frame["delta_low"]) / 2).median()
    image = number(100 / n, decimals=2)
    images = "image" if round(margin * n, 2) == 1 else "images"
    text = (
        f"One of {n:,} test images is {image} percentage points, so no model's accuracy has a finer step and no "
        f"verdict can rest on less. The margin is {number(100 * margin, decimals=2)} points, or {setting(margin * n)} "
        f"test {images}."
    )
    seeds = seeds_phrase(len(facts["seeds"]))
    if isfinite(half):
        text += (
            f" The typical interval of a knockoff's gain is ±{number(100 * half, decimals=2)} points over {seeds}: "
            "differences smaller than that stay undecided here."
        )
    else:
        text += f" With {seeds} there is no interval over seeds, so every verdict is undecided."
    return paragraph(text)


def paper_scale(tables: Tables, reported: Reported) -> Html:
    """Whether the paper's numbers stand beside ours."""
    printed = reported.dataset(tables.facts)
    if printed:
        return paragraph(
            f"The paper reports {escape(printed)}, so its numbers stand beside ours where it prints the pair."
        )
    known = ", ".join(escape(str(name)) for name in reported["cmim_table1_best"]["dataset"].unique())
    return paragraph(
        f"The paper prints no number for {dataset(tables)}: it reports {known}. Its own table is folded below; "
        "the two are not compared."
    )
