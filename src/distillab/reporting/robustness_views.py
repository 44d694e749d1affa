"""The robustness matrix: models against adversarial attacks, as a table and as curves."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting.absent import gap_note, gaps, reason, refused
from distillab.reporting.cells import Absent, Content
from distillab.reporting.charts import Axis, Chart, Reference, by_defense, spread
from distillab.reporting.columns import Heading
from distillab.reporting.display import Html, Piece, percent, setting
from distillab.reporting.drawing import show
from distillab.reporting.kit import PageTable
from distillab.reporting.palette import ordered
from distillab.reporting.strength import attack_list, strength_note, strength_words, with_mark
from distillab.reporting.summaries import (
    BEST,
    NOT_BOLD,
    counts,
    estimates,
    nothing_found,
    seeds_of,
    teachers_of,
    with_best,
)
from distillab.reporting.tables import Tables, norm_label, records
from distillab.tables.curves import BETWEEN

if TYPE_CHECKING:
    import pandas as pd

CLEAN = Heading("Clean", "accuracy, %", percent)


def robustness_table(tables: Tables, *, roles: tuple[str, ...] = ("teacher", "ls_student")) -> PageTable:
    """Models x attacks: robust accuracy at a fixed radius, median distance for minimum-norm attacks."""
    everything = tables["robustness"]
    frame = everything[everything["role"].isin(roles) & (everything["logits"] == "raw")]
    left_out = everything["model"].nunique() - frame["model"].nunique()
    words = strength_words(tables)
    parts = {str(name): part for name, part in frame.groupby(_attack_names(frame), sort=False)}
    columns, cells = {"clean": CLEAN}, {"clean": _clean(frame)}
    for name, part in parts.items():
        columns[name], cells[name] = _heading(part), _attacked(part, words)
    others = {str(gap["model"]) for gap in refused(tables, "attack") if gap["role"] in roles}
    models = sorted(others.union(cells["clean"]) if parts else [], key=lambda model: _rank(tables, model))
    fixed = [name for name, part in parts.items() if _at_budget(part)]
    least = [name for name in parts if name not in fixed]
    spanners = {"Robust accuracy, % ↑": fixed, "Median distance of the nearest adversarial example ↑": least}
    return PageTable(
        "robustness",
        "What is left under attack",
        {"model": Heading("Model")} | columns,
        [
            {"model": tables.label(model)}
            | {name: found.get(model) or _absent(tables, model, parts.get(name)) for name, found in cells.items()}
            for model in models
        ],
        sample=f", test images{tables.of_standin}, {seeds_of(frame)}" if models else "",
        spanners={title: names for title, names in spanners.items() if names},
        bold=f"{BEST}column{NOT_BOLD}",
        notes=[
            "Distances are over initially correct images, pixel scale 0–1; a failed search counts as infinitely far."
            if least
            else "",
            strength_note(tables, frame),
            f"{left_out} more models were attacked; their rows are in robustness.parquet." if left_out else "",
            gap_note([gap for gap in gaps(tables, "attack") if gap["role"] in roles]),
        ],
        otherwise="No attack was run on these models.",
    )


def robustness_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `robustness_curves` drawn; nothing where no attack looked for the smallest perturbation."""
    if frame.empty:
        return Html("")
    drawn = spread(frame, ["panel", "defense", "label", "eps"], "robust_accuracy")
    chart = Chart(
        drawn,
        x=Axis("eps", "distance, pixel scale 0–1", limits=(0, None), shared=False),
        y=Axis("robust_accuracy", "robust accuracy at most, %", limits=(0, 100), low="low", high="high", factor=100),
        panel="panel",
        line="label",
        look="defense",
        bounds="band",
        references=(Reference("y", 100 / int(tables.facts["classes"]), "chance"),),
    )
    return show(
        chart,
        name="robustness-curves",
        alt="Upper bound of robust accuracy against the size of the perturbation, one falling line per teacher.",
        caption="<b>Robust accuracy is at most this high.</b> Share of images that no attack here was seen to "
        "change to a wrong answer within the given size; other attacks may find more. Of each image counts the "
        f"closest adversarial point of all attacks in the norm: {escape(_attacks_of(tables, frame))}."
        f"{_fewer(frame)} Lines: means over {seeds_of(frame)}; bands: their range; "
        f"n = {counts(frame['n'])} images.",
        data=drawn[["label", "panel", "eps", "robust_accuracy"]],
    )


def robustness_curves(tables: Tables) -> "pd.DataFrame":
    """The table ``curves`` of the teachers in the order of every figure, with the panel and the label of each line."""
    frame = tables["curves"]
    teachers = teachers_of(tables).drop_duplicates("model").set_index("model")
    frame = frame[frame["model"].isin(teachers.index)]
    network = frame["model"].map(tables.networks) + ": " if teachers["arch"].nunique() > 1 else ""
    found = frame.assign(
        defense=frame["model"].map(teachers["defense"]),
        label=frame["model"].map(teachers["defense_label"]),
        panel=network + frame["norm"].map(norm_label),
    )
    return by_defense(found)


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
    radii = frame["eps"].map(lambda eps: f"-{setting(eps)}" if isfinite(eps) else "")
    return frame["attack"].astype(str) + radii.astype(str)


def _at_budget(part: "pd.DataFrame") -> bool:
    """Whether the attack has a fixed radius, or looks for the smallest perturbation."""
    return bool(part["eps"].notna().any())


def _heading(part: "pd.DataFrame") -> Heading:
    """One attack under one threat model."""
    first = part.iloc[0]
    norm = norm_label(first["norm"])
    if _at_budget(part):
        return Heading(first["attack_label"], f"{norm}, eps {setting(first['eps'])}\nn = {counts(part['n'])}", percent)
    return Heading(first["attack_label"], f"{norm}\nn = {counts(part['n'])}")


def _clean(frame: "pd.DataFrame") -> dict[str, Content]:
    """Accuracy on the attacked images before the attacks, by model."""
    return dict(estimates(frame.drop_duplicates(["model", "seed"]), ["model"], "clean_accuracy"))


def _attacked(part: "pd.DataFrame", words: dict[tuple[str, str, str], str]) -> dict[str, Content]:
    """The cells of one attack by model; where it is behind its number has a word and is not among the best."""
    value = "robust_accuracy" if _at_budget(part) else "median_distance"
    means, correct = estimates(part, ["model"], value), part.groupby("model")["success_n"].sum()
    means = {model: Absent(nothing_found(correct[model])) if isinstance(each, Absent) else each
             for model, each in means.items()}  # fmt: skip
    attack, logits = part["attack"].iloc[0], part["logits"].iloc[0]
    called = {model: words.get((model, attack, logits), "") for model in means}
    best = with_best({model: each for model, each in means.items() if not called[model]})
    return {model: with_mark(best.get(model, each), called[model]) for model, each in means.items()}


def _absent(tables: Tables, model: str, part: "pd.DataFrame | None") -> Absent:
    """The dash of an attack on a model; without a ``part`` that of its accuracy before them, where none can be run."""
    asked = {"model": model} | ({} if part is None else {"question": f"{part['attack'].iloc[0]} raw"})
    found = gaps(tables, "attack", **asked) or refused(tables, "attack", **asked)[:1]
    return Absent(reason(found, "not run in this preset"))


def _rank(tables: Tables, model: str) -> tuple[int, str]:
    """Teachers in the order of every figure, then students."""
    robustness = tables["robustness"]
    order = ordered(list(robustness["defense"]))
    rows = records(robustness[robustness["model"] == model])
    return (order.index(rows[0].defense) if rows and rows[0].role == "teacher" else len(order), model)
