"""The worst case over attacks as tables: teachers, attacks from other networks, what distillation leaves."""

from collections.abc import Mapping
from math import inf, nan
from typing import TYPE_CHECKING

from distillab.reporting.absent import gaps, reason
from distillab.reporting.cells import Absent, Content, Known, Measured, lines
from distillab.reporting.chain_views import first_teachers
from distillab.reporting.columns import CellRow, Heading, declared
from distillab.reporting.display import percent
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.selection import kind_of
from distillab.reporting.summaries import BEST, NOT_BOLD, counts, estimates, seeds_of, with_best
from distillab.reporting.tables import Tables
from distillab.reporting.titles import cell_titles, in_order
from distillab.reporting.worst_rows import ROBUST, ThreatModel, at, attacks_of, doubts, named, threat_models

if TYPE_CHECKING:
    import pandas as pd

SHARES = {
    "clean_accuracy": declared("worst", "clean_accuracy", "Clean ↑", "accuracy, %"),
    "robust_accuracy": declared("worst", "robust_accuracy", "Worst case ↑", "robust accuracy, %"),
    "best_single": declared("worst", "best_single", "Best single attack", "robust accuracy, %"),
}
WORST = {"model": Heading("Model"), **SHARES, "flags": Heading("Doubts")}

VIEWS = {
    "raw": Heading("White box", "this network", percent),
    "from_copy": Heading("From a copy", "another seed", percent),
    "from_plain": Heading("From CE", "same network, seed", percent),
    "from_other": Heading("From another network", "same defense", percent),
}
"""Where an attack's images come from, as the column ``logits`` has it."""

NOT_RUN = "not run in this preset"


def worst_table(tables: Tables) -> Folded:
    """Teachers and LS students under the worst of all attacks; the one of the training first, others folded."""
    frame = tables["worst"]
    frame = frame[frame["role"].isin(("teacher", "ls_student"))]
    return _by_budget(tables, frame, "worst", "What the worst of all attacks leaves")


def survival_table(tables: Tables) -> Folded:
    """Teachers, and what was distilled from them: steps of chains, and knockoffs of robust teachers."""
    frame, chains = tables["worst"], first_teachers(tables)
    robust = [key for key in frame["defense"].unique() if kind_of(tables, key) == ROBUST]
    copied = (frame["role"] == "knockoff") & frame["defense"].isin(robust)
    distilled = copied | frame["chain"].isin(chains)
    taught = (frame["role"] == "teacher") & frame["defense"].isin(frame.loc[distilled, "defense"])
    return _by_budget(tables, frame[distilled | taught], "survival", "What distillation leaves of it")


def transfer_table(tables: Tables) -> PageTable:
    """Attacks of a fixed radius on the network itself and carried over from others, side by side."""
    frame = tables["robustness"]
    frame = frame[(frame["role"] == "teacher") & frame["eps"].notna() & frame["logits"].isin(VIEWS)]
    frame = frame[frame["attack"].isin(frame.loc[frame["logits"] != "raw", "attack"])]
    views = {view: column for view, column in VIEWS.items() if (frame["logits"] == view).any()}
    means = estimates(frame, ["attack", "model", "logits"], "robust_accuracy")
    titles, rows = cell_titles(tables), list[CellRow]()
    for attack, part in frame.groupby("attack", sort=False):
        threat = named((str(part["norm"].iloc[0]), float(part["eps"].iloc[0])))
        rows += [
            {"model": titles[model], "attack": f"{tables.label(str(attack))}, {threat}"}
            | {view: _carried(tables, means, (str(attack), model, view)) for view in views}
            for model in in_order(tables, part["model"])
        ]
    return PageTable(
        "transfer",
        "Attacks carried over from other networks",
        {"model": Heading("Teacher"), "attack": Heading("Attack"), **views},
        rows,
        sample=f": robust accuracy, %, n = {counts(frame['n'])} images{tables.of_standin}, {seeds_of(frame)}"
        if rows
        else "",
        spanners={"Adversarial images made against": list(views)},
        bold="a carried-over attack leaves less than the direct one",
        notes=[
            "A direct attack that sees the gradients "
            "should never lose to one that does not: where it does, it is too weak or the gradients are masked.",
        ],
        otherwise="No attack was carried over from another network.",
    )


def _carried(tables: Tables, means: Mapping[tuple[str, str, str], Known], key: tuple[str, str, str]) -> Content:
    """One attack on one teacher from one source; bold where the source does better than the direct attack."""
    attack, model, view = key
    found, direct = means.get(key), means.get((attack, model, "raw"))
    if found is None:
        return Absent(reason(gaps(tables, "attack", model=model, question=f"{attack} {view}"), NOT_RUN))
    if not isinstance(found, Measured):
        return found
    least = direct.value if isinstance(direct, Measured) else nan
    return Measured(*found.bounds, found.kind, best=view != "raw" and found.value < least)


def _by_budget(tables: Tables, frame: "pd.DataFrame", name: str, title: str) -> Folded:
    """A table per threat model, all but the first folded."""
    threats = threat_models(tables, frame) or [("linf", inf)]
    first, *others = [
        _worst(tables, at(frame, threat), threat, f"{name}-{i}" if i else name, title)
        for i, threat in enumerate(threats)
    ]
    return Folded(first, "The other radii", others)


def _fewer(frame: "pd.DataFrame") -> str:
    """How many worst cases are over fewer attacks than planned."""
    fewer = int((frame["missing"] > 0).sum())
    if not fewer:
        return ""
    return f"{fewer:,} of {len(frame):,} worst cases are over fewer attacks than planned; they may be worse still."


def _worst(tables: Tables, frame: "pd.DataFrame", threat: ThreatModel, name: str, title: str) -> PageTable:
    titles = cell_titles(tables)
    means = {column: estimates(frame, ["model"], column) for column in SHARES}
    means |= {column: with_best(means[column]) for column in SHARES if column != "best_single"}
    rows: list[CellRow] = [
        {"model": titles.get(model, model)}
        | {column: each[model] for column, each in means.items()}
        | {"flags": lines(*doubts(tables, frame, model, threat) or [""])}
        for model in in_order(tables, frame["model"])
    ]  # fmt: skip
    return PageTable(
        name,
        f"{title}: {named(threat)}, {counts(frame['attacks'])} attack{'s' * int(frame['attacks'].max() > 1)}"
        if rows
        else title,
        WORST,
        rows,
        sample=f", n = {counts(frame['n'])} images{tables.of_standin}, {seeds_of(frame)}" if rows else "",
        bold=f"{BEST}column{NOT_BOLD}",
        notes=[
            "Clean − worst case is the boundary risk of TRADES.",
            f"Attacks: {attacks_of(tables, frame)}.",
            _fewer(frame),
        ],
        otherwise="No attack of a fixed radius was run on these models." if name == "worst" else "",
    )
