"""What robustness costs, drawn: against natural accuracy, and against the size of the network."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting import tradeoff_figures
from distillab.reporting.display import Html, paragraph, setting
from distillab.reporting.drawing import show, style
from distillab.reporting.names import marked
from distillab.reporting.selection import kind_of, method_of, settings_of
from distillab.reporting.summaries import counts, kinds_note, over_seeds, seeds_of, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.titles import in_order
from distillab.reporting.worst_rows import ROBUST, ThreatModel, at, bounded_by, named, threat_models

if TYPE_CHECKING:
    import pandas as pd

_TEACHER = ["model", "defense", "arch"]


def tradeoff_figure(tables: Tables, points: "pd.DataFrame | None" = None) -> Html:
    """Natural against worst-case accuracy of the teachers, variants of TRADES joined by beta.

    Args:
        tables: The run.
        points: By default those of `tradeoffs`.
    """
    frame = _teachers(tables)
    points = tradeoffs(tables) if points is None else points
    if points.empty:
        return paragraph("No teacher has a worst case to set against its accuracy.")
    swept = points.loc[points["family"] != "", "defense"].nunique() > 1
    line = " Line: TRADES, from the smallest to the largest beta, which is 1/λ." if swept else ""
    with style():
        return show(
            tradeoff_figures.tradeoff(points),
            name="tradeoff",
            alt="Worst-case robust accuracy against natural accuracy, one point per teacher.",
            caption=f"<b>What robustness costs.</b> One point per teacher, upper right is better.{line} "
            f"{escape(bounded_by(tables, frame))} {kinds_note(points['kind'])} n = {counts(frame['n'])} images, "
            f"{seeds_of(frame)}.",
            data=points[["panel", "label", "clean", "clean_low", "clean_high", "robust", "robust_low", "robust_high"]],
        )


def capacity_figure(tables: Tables) -> Html:
    """Natural and worst-case accuracy against the parameters of the network; nothing where there is one network."""
    frame = _teachers(tables)
    if frame["arch"].nunique() < 2:
        return Html("")
    threat = threat_models(tables, frame)[0]
    frame = at(frame, threat)
    points = _sizes(tables, frame, threat)
    with style():
        return show(
            tradeoff_figures.capacity(points),
            name="capacity",
            alt="Natural and worst-case accuracy against the number of parameters, one line per defense.",
            caption="<b>Robustness needs capacity</b> is Madry et al.'s claim: a larger network gains more under "
            f"attack than on clean images. {escape(bounded_by(tables, frame))} {kinds_note(points['kind'])} "
            f"n = {counts(frame['n'])} images, {seeds_of(frame)}.",
            data=points[["panel", "label", "parameters", "value", "low", "high"]],
        )


def tradeoffs(tables: Tables) -> "pd.DataFrame":
    """One row per teacher and threat model, in percent, in the order of every figure, variants of TRADES by beta."""
    import pandas as pd

    frame = _teachers(tables)
    several, rows = frame["arch"].nunique() > 1, []
    order = in_order(tables, frame["model"])
    for threat in threat_models(tables, frame):
        part = at(frame, threat)
        clean, robust = (over_seeds(part, _TEACHER, f"{name}_accuracy") for name in ("clean", "robust"))
        for one, other in zip(records(clean), records(robust), strict=True):
            beta = _beta(tables, one.defense)
            rows.append(
                {"panel": f"{one.arch}: {named(threat)}" if several else named(threat), "defense": one.defense,
                 "label": marked(tables, one.defense), "kind": other.kind, "order": order.index(one.model),
                 "family": method_of(tables, one.defense) if beta is not None else "", "beta": beta or 0.0,
                 "said": f"β = {setting(beta)}" if beta is not None else ""}
                | _percent("clean", one) | _percent("robust", other)
            )  # fmt: skip
    panels = list(dict.fromkeys(row["panel"] for row in rows))
    if not rows:
        return frame
    made = pd.DataFrame(rows)
    return made.assign(place=made["panel"].map(panels.index)).sort_values(["place", "family", "beta", "order"])


def _teachers(tables: Tables) -> "pd.DataFrame":
    worst = tables["worst"]
    return worst[worst["role"] == "teacher"]


def _sizes(tables: Tables, frame: "pd.DataFrame", threat: ThreatModel) -> "pd.DataFrame":
    import pandas as pd

    parameters = teachers_of(tables).drop_duplicates("model").set_index("model")["parameters"]
    found = []
    for column, panel in (("clean_accuracy", "clean"), ("robust_accuracy", f"worst case, {named(threat)}")):
        means = over_seeds(frame, ["model", "defense"], column)
        percent = {name: 100 * means[name].astype("float64") for name in ("value", "low", "high")}
        found.append(
            means.assign(
                panel=panel,
                label=[marked(tables, key) for key in means["defense"]],
                parameters=means["model"].map(parameters),
                **percent,
            )
        )
    return pd.concat(found, ignore_index=True)


def _percent(name: str, row: object) -> dict[str, float]:
    value, low, high = (100 * float(getattr(row, part)) for part in ("value", "low", "high"))
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _beta(tables: Tables, key: str) -> float | None:
    """The weight of a TRADES teacher; None of any other, and where the run does not say."""
    beta = settings_of(tables, key).get("beta")
    return float(beta) if kind_of(tables, key) == ROBUST and beta is not None else None
