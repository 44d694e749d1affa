"""Sentences made from tables: the answer first, and what the numbers cannot decide."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.absent import gaps
from distillab.reporting.display import Html, number, paragraph, percent, points, setting
from distillab.reporting.knockoff_rows import attack_name, of_teachers, ranked
from distillab.reporting.reported import Reported
from distillab.reporting.summaries import over_seeds, seeds_phrase, teachers_of
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd

_ORDER = ("undistillable", "distillable", "undecided")


def knockoff_answer(tables: Tables) -> Html:
    """Which teachers can be stolen, by all attacks and by the paper's, and how close the closest call is."""
    verdicts = of_teachers(ranked(tables))
    if verdicts.empty:
        return paragraph(f"No knockoff verdict: {_why_none(tables)}.", kind="lead")
    teachers = f"{len(verdicts)} teacher{'s' * (len(verdicts) > 1)}"
    head = f"Of {teachers} on {dataset(tables)}, against every attack here: {_groups(verdicts, 'verdict')}."
    return paragraph(f"{head}{_papers(verdicts)} {_hardest(tables, verdicts)}", kind="lead")


def _why_none(tables: Tables) -> str:
    """Whether knockoffs were planned at all."""
    gone = gaps(tables, "knockoff")
    return f"{len(gone):,} planned knockoffs are missing" if gone else "this preset ran no knockoff attack"


def _groups(verdicts: "pd.DataFrame", column: str) -> str:
    """``"2 undistillable (CMIM, label only); 1 undecided (CE)"``."""
    groups = [(kind, list(verdicts.loc[verdicts[column] == kind, "row"])) for kind in _ORDER]
    return "; ".join(f"{len(rows)} {kind} ({', '.join(map(escape, rows))})" for kind, rows in groups if rows)


def _papers(verdicts: "pd.DataFrame") -> str:
    """The verdicts over the paper's attacks, where these differ from those over all."""
    known = verdicts[verdicts["paper_verdict"].isin(_ORDER)]
    if known.empty or (known["attacks"] == known["paper_attacks"]).all():
        return ""
    if (known["verdict"] == known["paper_verdict"]).all():
        return " Over the paper's attacks alone the verdicts are the same."
    return f" Over the paper's attacks alone: {_groups(known, 'paper_verdict')}."


def _hardest(tables: Tables, verdicts: "pd.DataFrame") -> str:
    """The hardest teacher to steal, with its gain and bounds."""
    hardest = records(verdicts)[0]
    if isfinite(hardest.lower) and isfinite(hardest.upper):
        bounds, caveat = f" [{points(hardest.lower)}, {points(hardest.upper)}]", ""
    else:
        bounds, caveat = "", f" ({seeds_phrase(int(hardest.seeds))}: no interval, so no verdict)"
    attack = escape(attack_name(tables, hardest.best_attack))
    return (
        f"Hardest to steal is {escape(hardest.row)}: its strongest attack, {attack}, "
        f"moves the knockoff {points(hardest.best_delta)} points{bounds} from the LS student{caveat}."
    )


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
    if n == 0:
        return paragraph("There are no test images yet, so there is nothing to decide.")
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
            f" The typical interval of a knockoff's gain is ±{number(100 * half, decimals=2)} points: "
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
        f"The paper prints no number for {dataset(tables)}: it reports {known}. Its own tables are folded below; "
        "the two are not compared."
    )
