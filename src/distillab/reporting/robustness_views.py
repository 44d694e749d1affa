"""The robustness matrix: models against adversarial attacks, as a table and as curves."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting import figures
from distillab.reporting.display import Html, cell, header, interval, missing, number, percent, setting, table
from distillab.reporting.drawing import show, style
from distillab.reporting.palette import ordered
from distillab.reporting.summaries import (
    counts,
    kinds_note,
    norm_label,
    not_separable,
    over_seeds,
    seeds_phrase,
    teachers_of,
)
from distillab.reporting.tables import Tables

if TYPE_CHECKING:
    import pandas as pd


def robustness_table(tables: Tables, *, roles: tuple[str, ...] = ("teacher", "ls_student")) -> Html:
    """Models x attacks: robust accuracy at a fixed budget, median distance for minimum-norm attacks."""
    import pandas as pd

    frame = tables["robustness"]
    frame = frame[frame["role"].isin(roles)]
    columns = {c: _robust_column(part) for c, part in frame.assign(c=_columns(frame)).groupby("c", sort=False)}
    clean = over_seeds(frame.drop_duplicates(["model", "seed"]), ["model"], "clean_accuracy").set_index("model")
    rows = [
        {"model": escape(tables.label(model)), "clean": _percent_estimate(clean.loc[model])}
        | {name: shown.get(model, missing("not run in this preset")) for name, (shown, _, _) in columns.items()}
        for model in sorted(clean.index, key=lambda model: _rank(tables, model))
    ]
    fixed = [name for name, (_, _, at_budget) in columns.items() if at_budget]
    least = [name for name in columns if name not in fixed]
    spanners = {"Robust accuracy, % ↑": fixed, "Median distance of the nearest adversarial example ↑": least}
    kinds = pd.concat([kind for _, kind, _ in columns.values()]) if columns else pd.Series(dtype=str)
    return table(
        pd.DataFrame(rows, columns=["model", "clean", *columns]),
        name="robustness",
        caption=f"<b>Do the models resist adversarial examples?</b> n = {counts(frame['n'])} images of {escape(tables.dataset)}, "
        f"{seeds_phrase(int(frame['seed'].nunique()))}.",
        labels={"model": "Model", "clean": header("Clean", "accuracy, %")}
        | {name: _robust_header(frame[_columns(frame) == name]) for name in columns},
        spanners={title: names for title, names in spanners.items() if names},
        notes=[
            kinds_note(kinds),
            "Bold: the column's best and every model whose interval overlaps its interval."
            if (kinds != "points").any()
            else "",
            "Distances are over initially correct images, pixel scale 0–1; a failed search counts as infinitely far.",
        ],
    )


def robustness_figure(tables: Tables) -> Html:
    """Accuracy against distance of the teachers, from per-image distances."""
    frame = tables["curves"]
    teachers = teachers_of(tables).drop_duplicates("model").set_index("model")
    frame = frame[frame["model"].isin(teachers.index)]
    frame = frame.assign(
        defense=frame["model"].map(teachers["defense"]),
        label=frame["model"].map(teachers["defense_label"]),
        attack_label=frame["attack"].map(tables.label),
    )
    with style():
        return show(
            figures.robustness(frame, 1 / int(tables.facts["classes"])),
            name="robustness-curves",
            alt="Robust accuracy against the size of the perturbation, one falling line per defended teacher.",
            caption="<b>Share of images that no perturbation up to the given size changes to a wrong answer.</b> From "
            f"per-image distances. Lines: means over {seeds_phrase(int(frame['seed'].nunique()))}; bands: their range; "
            f"n = {counts(frame['n'])} images.",
            data=frame.groupby(["label", "attack", "eps"], sort=False)["robust_accuracy"].mean().reset_index(),
        )


def _percent_estimate(row: "pd.Series", *, best: bool = False) -> str:  # type: ignore[type-arg]
    if not isfinite(row["value"]):
        return missing("run, but no finite result")
    return cell(interval(percent(row["value"]), percent(row["low"]), percent(row["high"])), best=best)


def _columns(frame: "pd.DataFrame") -> "pd.Series[str]":
    return frame["attack"] + "@" + frame["eps"].map(lambda eps: setting(eps) if isfinite(eps) else "minimum")


def _robust_column(part: "pd.DataFrame") -> tuple[dict[str, str], "pd.Series[str]", bool]:
    """Model to cell, the kinds of interval in the column, and whether the attack has a fixed budget."""
    at_budget = bool(part["eps"].notna().any())
    means = over_seeds(part, ["model"], "robust_accuracy" if at_budget else "median_distance")
    best = not_separable(means["value"], means["low"], means["high"], largest=True)
    rows = {
        row["model"]: _percent_estimate(row, best=bool(best[i])) if at_budget else _distance(row, best=bool(best[i]))
        for i, row in means.iterrows()
    }
    return rows, means["kind"], at_budget


def _distance(row: "pd.Series", *, best: bool) -> str:  # type: ignore[type-arg]
    if not isfinite(row["value"]):
        return missing("no finite median: half of the searches failed")
    return cell(interval(number(row["value"]), number(row["low"]), number(row["high"])), best=best)


def _robust_header(part: "pd.DataFrame") -> str:
    first = part.iloc[0]
    norm = norm_label(str(first["norm"]))
    return header(
        str(first["attack_label"]), f"{norm}, eps {setting(first['eps'])}" if isfinite(first["eps"]) else norm
    )


def _rank(tables: Tables, model: str) -> tuple[int, str]:
    order = ordered(list(tables["robustness"]["defense"]))
    defense = tables["robustness"].set_index("model")["defense"].to_dict().get(model, "")
    return (order.index(defense) if defense else len(order), model)
