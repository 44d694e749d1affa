"""The robustness matrix: models against adversarial attacks, as a table and as curves."""

from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting import figures
from distillab.reporting.absent import gap_note, gaps, reason
from distillab.reporting.display import Html, header, missing, number, paragraph, percent, setting, table
from distillab.reporting.drawing import show, style
from distillab.reporting.palette import ordered
from distillab.reporting.strength import attack_list, strength_mark, strength_note, strength_words
from distillab.reporting.summaries import (
    counts,
    estimate_cell,
    kinds_note,
    not_separable,
    nothing_found,
    over_seeds,
    seeds_of,
    teachers_of,
)
from distillab.reporting.tables import Tables, norm_label, records
from distillab.tables.curves import BETWEEN

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class _Attacked:
    """One attack under one threat model."""

    header: str
    attack: str
    cells: dict[str, str]
    """Model to HTML."""
    kinds: "pd.Series[str]"
    at_budget: bool
    """Whether the attack has a fixed radius, or looks for the smallest perturbation."""


def robustness_table(tables: Tables, *, roles: tuple[str, ...] = ("teacher", "ls_student")) -> Html:
    """Models x attacks: robust accuracy at a fixed radius, median distance for minimum-norm attacks."""
    import pandas as pd

    everything = tables["robustness"]
    frame = everything[everything["role"].isin(roles) & (everything["logits"] == "raw")]
    if frame.empty:
        return paragraph("No attack was run on these models.")
    left_out = everything["model"].nunique() - frame["model"].nunique()
    words = strength_words(tables)
    columns = {str(name): _column(part, words) for name, part in frame.groupby(_attack_names(frame), sort=False)}
    clean = over_seeds(frame.drop_duplicates(["model", "seed"]), ["model"], "clean_accuracy")
    rows = [
        {"model": escape(tables.label(row.model)), "clean": estimate_cell(row, percent)}
        | {name: each.cells.get(row.model) or _absent(tables, row.model, each.attack) for name, each in columns.items()}
        for row in sorted(records(clean), key=lambda row: _rank(tables, row.model))
    ]
    fixed = [name for name, each in columns.items() if each.at_budget]
    least = [name for name in columns if name not in fixed]
    spanners = {"Robust accuracy, % ↑": fixed, "Median distance of the nearest adversarial example ↑": least}
    kinds = pd.concat([each.kinds for each in columns.values()])
    sample = f"n = {counts(frame['n'])} images of {escape(tables.dataset)}, {seeds_of(frame)}"
    overlap = "Bold: the column's best and every model whose interval overlaps its interval."
    scale = "Distances are over initially correct images, pixel scale 0–1; a failed search counts as infinitely far."
    return table(
        pd.DataFrame(rows, columns=["model", "clean", *columns]),
        name="robustness",
        caption=f"<b>What is left under attack</b>, {sample}.",
        labels={"model": "Model", "clean": header("Clean", "accuracy, %")}
        | {name: each.header for name, each in columns.items()},
        spanners={title: names for title, names in spanners.items() if names},
        notes=[
            kinds_note(kinds),
            overlap if (kinds != "points").any() else "",
            scale if least else "",
            strength_note(tables, frame),
            f"{left_out} more models were attacked; their rows are in robustness.parquet." if left_out else "",
            gap_note([gap for gap in gaps(tables, "attack") if gap["role"] in roles]),
        ],
    )


def robustness_figure(tables: Tables) -> Html:
    """Accuracy against distance of the teachers; nothing where no attack looked for the smallest perturbation."""
    frame = tables["curves"]
    teachers = teachers_of(tables).drop_duplicates("model").set_index("model")
    frame = frame[frame["model"].isin(teachers.index)]
    if frame.empty:
        return Html("")
    network = frame["model"].map(tables.networks) + ": " if teachers["arch"].nunique() > 1 else ""
    frame = frame.assign(
        defense=frame["model"].map(teachers["defense"]),
        label=frame["model"].map(teachers["defense_label"]),
        panel=network + frame["norm"].map(norm_label),
    )
    with style():
        return show(
            figures.robustness(frame, 1 / int(tables.facts["classes"])),
            name="robustness-curves",
            alt="Upper bound of robust accuracy against the size of the perturbation, one falling line per teacher.",
            caption="<b>Robust accuracy is at most this high.</b> Share of images that no attack here was seen to "
            "change to a wrong answer within the given size; other attacks may find more. Of each image counts the "
            f"closest adversarial point of all attacks in the norm: {_attacks_of(tables, frame)}.{_fewer(frame)} "
            f"Lines: means over {seeds_of(frame)}; bands: their range; n = {counts(frame['n'])} images.",
            data=frame.groupby(["label", "panel", "eps"], sort=False)["robust_accuracy"].mean().reset_index(),
        )


def _attacks_of(tables: Tables, curves: "pd.DataFrame") -> str:
    """The attacks whose closest points make these curves, with what they are called where they are behind."""
    keys = {key for keys in curves["attack_keys"].unique() for key in keys.split(BETWEEN)}
    rows = tables["robustness"]
    return attack_list(tables, rows[rows["model"].isin(curves["model"]) & rows["attack"].isin(keys)])


def _fewer(curves: "pd.DataFrame") -> str:
    """How many curves are over fewer attacks than planned."""
    made = curves.drop_duplicates(["model", "norm", "seed"])
    fewer = int((made["missing"] > 0).sum())
    return f" {fewer:,} of {len(made):,} curves are over fewer attacks than planned." if fewer else ""


def _attack_names(frame: "pd.DataFrame") -> "pd.Series[str]":
    return frame["attack"] + frame["eps"].map(lambda eps: f"-{setting(eps)}" if isfinite(eps) else "")


def _column(part: "pd.DataFrame", words: dict[tuple[str, str, str], str]) -> _Attacked:
    """The cells of one attack; where it is behind its number has a word and is not among the best."""
    at_budget = bool(part["eps"].notna().any())
    value = "robust_accuracy" if at_budget else "median_distance"
    means = over_seeds(part, ["model"], value)
    first, correct = records(part)[0], part.groupby("model")["success_n"].sum()
    called = {model: words.get((model, first.attack, first.logits), "") for model in means["model"]}
    ranked = means[["value", "low", "high"]].where(means["model"].map(called) == "")
    best = not_separable(ranked["value"], ranked["low"], ranked["high"], largest=True)
    show = percent if at_budget else number
    norm = norm_label(first.norm)
    return _Attacked(
        header(first.attack_label, f"{norm}, eps {setting(first.eps)}" if at_budget else norm),
        str(first.attack),
        {
            row.model: estimate_cell(
                row,
                show,
                best=bool(best[row.Index]),
                reason=nothing_found(correct[row.model]),
                mark=strength_mark(called[row.model]),
            )
            for row in records(means)
        },
        means["kind"],
        at_budget,
    )


def _absent(tables: Tables, model: str, attack: str) -> str:
    found = gaps(tables, "attack", model=model, question=f"{attack} raw")
    return missing(reason(found, "not run in this preset"))


def _rank(tables: Tables, model: str) -> tuple[int, str]:
    """Teachers in the order of every figure, then students."""
    robustness = tables["robustness"]
    order = ordered(list(robustness["defense"]))
    row = records(robustness[robustness["model"] == model])[0]
    return (order.index(row.defense) if row.role == "teacher" else len(order), model)
