"""The worst case over attacks as tables: teachers, attacks from other networks, what distillation leaves."""

from html import escape
from math import nan
from typing import TYPE_CHECKING

from distillab.reporting.absent import gaps, reason
from distillab.reporting.chain_views import first_teachers
from distillab.reporting.display import Html, folded, header, missing, paragraph, percent, table, table_cell
from distillab.reporting.names import grade_note
from distillab.reporting.selection import kind_of
from distillab.reporting.summaries import counts, estimate_cell, kinds_note, not_separable, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.titles import html_titles, in_order
from distillab.reporting.worst_rows import ROBUST, ThreatModel, at, attacks_of, doubts, named, threat_models

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_SHARES = {
    "clean_accuracy": header("Clean ↑", "accuracy, %"),
    "robust_accuracy": header("Worst case ↑", "robust accuracy, %"),
    "best_single": header("Best single attack", "robust accuracy, %"),
    "boundary": header("Boundary risk ↓", "% of images"),
}
VIEWS = {
    "raw": header("White box", "this network"),
    "from_copy": header("From a copy", "another seed"),
    "from_plain": header("From CE", "same network, seed"),
    "from_other": header("From another network", "same defense"),
}
"""Where an attack's images come from, as the column ``logits`` has it."""

NOT_RUN = "not run in this preset"


def worst_table(tables: Tables) -> Html:
    """Teachers and LS students under the worst of all attacks; the one of the training first, others folded."""
    frame = tables["worst"]
    frame = frame[frame["role"].isin(("teacher", "ls_student"))]
    if frame.empty:
        return paragraph("No attack of a fixed radius was run on these models.")
    return _by_budget(tables, frame, "worst", "What the worst of all attacks leaves")


def survival_table(tables: Tables) -> Html:
    """Teachers, and what was distilled from them: steps of chains, and knockoffs of robust teachers."""
    frame, chains = tables["worst"], first_teachers(tables)
    robust = [key for key in frame["defense"].unique() if kind_of(tables, key) == ROBUST]
    copied = (frame["role"] == "knockoff") & frame["defense"].isin(robust)
    distilled = copied | frame["chain"].isin(chains)
    taught = (frame["role"] == "teacher") & frame["defense"].isin(frame.loc[distilled, "defense"])
    if not distilled.any():
        return Html("")
    return _by_budget(tables, frame[distilled | taught], "survival", "What distillation leaves of it")


def transfer_table(tables: Tables) -> Html:
    """Attacks of a fixed radius on the network itself and carried over from others, side by side."""
    import pandas as pd

    frame = tables["robustness"]
    frame = frame[(frame["role"] == "teacher") & frame["eps"].notna() & frame["logits"].isin(VIEWS)]
    carried = set(frame.loc[frame["logits"] != "raw", "attack"])
    frame = frame[frame["attack"].isin(carried)]
    if frame.empty:
        return paragraph("No attack was carried over from another network.")
    titles, views = html_titles(tables), [view for view in VIEWS if (frame["logits"] == view).any()]
    means = over_seeds(frame, ["attack", "model", "logits"], "robust_accuracy")
    rows = [_carried(tables, part, views, titles) for part in _cells(tables, frame, means)]
    return table(
        pd.DataFrame(rows, columns=["model", "attack", *views]),
        name="transfer",
        caption=f"<b>Attacks carried over from other networks</b>: robust accuracy, %, n = {counts(frame['n'])} images "
        f"of {escape(tables.dataset)}, {seeds_of(frame)}.",
        labels={"model": header("Teacher", "grade"), "attack": "Attack"} | {view: VIEWS[view] for view in views},
        spanners={"Adversarial images made against": views},
        notes=[
            kinds_note(means["kind"]),
            "Bold: a carried-over attack leaves less than the direct one. A direct attack that sees the gradients "
            "should never lose to one that does not: where it does, it is too weak or the gradients are masked.",
            grade_note(tables, frame["defense"].unique()),
        ],
    )


def _cells(tables: Tables, frame: "pd.DataFrame", means: "pd.DataFrame") -> "Iterator[pd.DataFrame]":
    """The means of one attack on one teacher at a time, with its threat model."""
    for attack in dict.fromkeys(frame["attack"]):
        rows = frame[frame["attack"] == attack]
        for model in in_order(tables, rows["model"]):
            own = means[(means["attack"] == attack) & (means["model"] == model)]
            yield own.assign(threat=named((str(rows["norm"].iloc[0]), float(rows["eps"].iloc[0]))))


def _carried(tables: Tables, means: "pd.DataFrame", views: list[str], titles: dict[str, str]) -> dict[str, str]:
    """One attack on one teacher from every source; bold where a source does better than the direct attack."""
    first, found = records(means)[0], {row.logits: row for row in records(means)}
    direct = found["raw"].value if "raw" in found else nan
    shown = {
        view: estimate_cell(found[view], percent, best=view != "raw" and found[view].value < direct)
        if view in found
        else missing(reason(gaps(tables, "attack", model=first.model, question=f"{first.attack} {view}"), NOT_RUN))
        for view in views
    }
    return {"model": titles[first.model], "attack": f"{escape(tables.label(first.attack))}, {first.threat}"} | shown


def _by_budget(tables: Tables, frame: "pd.DataFrame", name: str, title: str) -> Html:
    """A table per threat model, all but the first folded."""
    shown = [_worst(tables, at(frame, threat), threat, f"{name}-{i}" if i else name, title)
             for i, threat in enumerate(threat_models(tables, frame))]  # fmt: skip
    return shown[0] + folded("The other radii", *shown[1:]) if len(shown) > 1 else shown[0]


def _fewer(frame: "pd.DataFrame") -> str:
    """How many worst cases are over fewer attacks than planned."""
    fewer = int((frame["missing"] > 0).sum())
    return (
        f"{fewer:,} of {len(frame):,} worst cases are over fewer attacks than planned; they may be worse still."
        if fewer
        else ""
    )


def _worst(tables: Tables, frame: "pd.DataFrame", threat: ThreatModel, name: str, title: str) -> Html:
    import pandas as pd

    titles, models = html_titles(tables), in_order(tables, frame["model"])
    means = {column: over_seeds(frame, ["model"], column).set_index("model") for column in _SHARES}
    best = {column: not_separable(each["value"], each["low"], each["high"], largest=column != "boundary")
            for column, each in means.items() if column != "best_single"}  # fmt: skip
    rows = [
        {"model": titles.get(model, escape(model))}
        | {column: estimate_cell(each.loc[model], percent, best=column in best and bool(best[column][model]))
           for column, each in means.items()}
        | {"attacks": counts(frame.loc[frame["model"] == model, "attacks"]),
           "flags": table_cell("<br>".join(map(escape, doubts(tables, frame, model, threat))) or "none")}
        for model in models
    ]  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=["model", *_SHARES, "attacks", "flags"]),
        name=name,
        caption=f"<b>{escape(title)}: {named(threat)}</b>, n = {counts(frame['n'])} images of "
        f"{escape(tables.dataset)}, {seeds_of(frame)}.",
        labels={"model": header("Model", "grade")} | _SHARES | {"attacks": "Attacks", "flags": "Doubts"},
        notes=[
            kinds_note(pd.concat([each["kind"] for each in means.values()])),
            "An image counts as robust if every untargeted attack in the norm fails on it. Boundary risk: images that "
            "are classified correctly and can be attacked; 100 − worst case = clean error + boundary risk. It is an "
            f"upper bound of the true robustness: other attacks may find more. Here: {attacks_of(tables, frame)}.",
            "Bold: the column's best and every model whose interval overlaps its interval."
            if any(each.any() for each in best.values())
            else "",
            _fewer(frame),
            grade_note(tables, [key for key in frame["defense"].unique() if key]),
        ],
    )
