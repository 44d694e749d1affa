"""Sentences made from tables: the answer first, and what the numbers cannot decide."""

from html import escape
from math import isfinite, nan
from typing import Any

from distillab.reporting.display import Html, number, paragraph, percent, setting
from distillab.reporting.reported import Reported
from distillab.reporting.summaries import over_seeds, seeds_phrase, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title
from distillab.reporting.thief_rows import asking_thieves
from distillab.reporting.verdict_notes import margin_phrase


def post_hoc(tables: Tables) -> Html:
    """Which teachers share the weights of another; nothing where none does."""
    teachers = teachers_of(tables)
    kept = list(dict.fromkeys(teachers.loc[teachers["flip_rate"].notna(), "defense"]))
    if not kept:
        return Html("")
    names = ", ".join(escape(tables.label(key)) for key in kept)
    return paragraph(
        f"Defenses of the answers ({names}) have the weights of the unprotected teacher. Attacks here see the network, "
        "not the answers, so these rows repeat that teacher's."
    )


def robustness_answer(tables: Tables) -> Html:
    """How much the best and the worst teacher keep under the strongest attack of fixed radius."""
    frame = tables["robustness"]
    frame = frame[(frame["role"] == "teacher") & frame["eps"].notna() & (frame["logits"] == "raw")]
    if frame.empty:
        return paragraph("No attack of a fixed radius was run.")
    means = frame.groupby(["attack", "eps"])["robust_accuracy"].mean().reset_index()
    hardest = records(means.sort_values("robust_accuracy", kind="stable"))[0]
    cells = frame[(frame["attack"] == hardest.attack) & (frame["eps"] == hardest.eps)]
    shown = sorted(records(over_seeds(cells, ["model"], "robust_accuracy")), key=lambda row: row.value)
    worst, best = shown[0], shown[-1]
    return paragraph(
        f"Against {escape(tables.label(hardest.attack))} at eps {setting(hardest.eps)} the teachers keep between "
        f"{_kept(tables, worst)} and {_kept(tables, best)} of n = {int(cells['n'].iloc[0]):,} images."
    )


def _kept(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    bounds = f" [{percent(row.low)}, {percent(row.high)}]" if isfinite(row.low) else ""
    return f"{percent(row.value)} %{bounds} ({escape(tables.label(row.model))})"


def dataset(tables: Tables) -> str:
    """The data set's title as HTML; a stand-in says for what and how."""
    return escape(dataset_text(tables))


def dataset_text(tables: Tables) -> str:
    """The same as text."""
    title, standin = str(tables.facts["title"]), str(tables.facts["standin"])
    return f"{title} ({standin})" if standin else title


def resolution(tables: Tables) -> Html:
    """What this many test images and seeds cannot decide."""
    facts = tables.facts
    n, margin = int(facts["test_n"]), float(facts["margin"])
    if n == 0:
        return paragraph("There are no test images yet, so there is nothing to decide.")
    image = number(100 / n, decimals=2)
    images = "image" if round(margin * n, 2) == 1 else "images"
    return paragraph(
        f"One of {n:,} test images is {image} percentage points, so no model's accuracy has a finer step, no spread "
        "over seeds counts as less, and no verdict can rest on less. The margin, stated beforehand, is "
        f"{margin_phrase(tables)}, or {setting(margin * n)} test {images}. {_typical(tables)}"
    )


def _typical(tables: Tables) -> str:
    """How wide the intervals of gains are, by thief."""
    cells = tables["knockoff"]
    halves = ((cells["delta_high"] - cells["delta_low"]) / 2).groupby(cells["thief"]).median()
    known = {thief: halves[thief] for thief in asking_thieves(tables) if isfinite(halves.get(thief, nan))}
    if not known:
        return f"With {seeds_phrase(len(tables.facts['seeds']))} there is no interval over seeds: nothing is decided. "
    said = [
        f"±{number(100 * half, decimals=2)} points" + (f" ({escape(thief_title(thief))})" if len(known) > 1 else "")
        for thief, half in known.items()
    ]
    return (
        f"The typical 95 % interval of a knockoff's gain is {', '.join(said)}: differences smaller than that stay "
        "undecided here. "
    )


def paper_scale(tables: Tables, reported: Reported) -> Html:
    """Whether the paper's numbers stand beside ours."""
    printed = reported.dataset(tables.facts)
    if printed:
        return paragraph(
            f"The paper reports {escape(printed)}, so its numbers stand beside ours where it prints the pair."
        )
    known = ", ".join(escape(str(name)) for name in reported["cmim_table1_best"]["dataset"].unique())
    return paragraph(
        f"The paper prints no number for {dataset(tables)}: it reports {known}. Its numbers do not stand beside ours."
    )
