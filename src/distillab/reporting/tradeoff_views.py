"""What robustness costs, drawn: against natural accuracy, and against the size of the network."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.charts import Axis, Chart, by_defense
from distillab.reporting.display import Html, Piece, paragraph, setting
from distillab.reporting.drawing import show
from distillab.reporting.names import marked
from distillab.reporting.palette import OTHER
from distillab.reporting.selection import kind_of, settings_of
from distillab.reporting.summaries import counts, kinds_note, over_seeds, seeds_of, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.titles import in_order
from distillab.reporting.worst_rows import ROBUST, ThreatModel, at, bounded_by, named, threat_models
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

_TEACHER = ["model", "defense", "arch"]
_NAMED = (ROBUST, UNPROTECTED, "certified")
"""Kinds of the defenses that have a name in the figure."""


def tradeoff_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `tradeoffs` drawn: natural against worst-case accuracy, a point per teacher, the others in gray."""
    if frame.empty:
        return paragraph("No teacher has a worst case to set against its accuracy.")
    chart = Chart(
        frame,
        x=Axis("clean", "natural accuracy, %", low="clean_low", high="clean_high", shared=False),
        y=Axis("robust", "worst-case robust accuracy, %", low="robust_low", high="robust_high", shared=False),
        kind="points",
        panel="panel",
        line="said",
        look="look",
    )
    shown = _teachers(tables)
    swept = " β of TRADES is 1/λ." if frame["beta"].gt(0).any() else ""
    gray = frame.loc[frame["look"] == OTHER, "defense"].nunique()
    others = "a defense that is not for robustness" if gray == 1 else f"{gray} defenses that are not for robustness"
    return show(
        chart,
        name="tradeoff",
        alt="Worst-case robust accuracy against natural accuracy, one point per teacher.",
        caption="<b>What robustness costs.</b> One point per teacher, upper right is better"
        f"{f'; gray: {others}' if gray else ''}.{swept} "
        f"{escape(bounded_by(tables, shown))} {kinds_note(frame['kind'])} n = {counts(shown['n'])} images, "
        f"{seeds_of(shown)}.",
        data=frame[["panel", "label", "clean", "clean_low", "clean_high", "robust", "robust_low", "robust_high"]],
    )


def sizes(tables: Tables) -> "pd.DataFrame":
    """Natural and worst-case accuracy by defense and network with its ``parameters``; no row where there is one."""
    frame = _teachers(tables)
    if frame["arch"].nunique() < 2:
        return frame[:0]
    threat = threat_models(tables, frame)[0]
    return _sizes(tables, at(frame, threat), threat)


def capacity_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `sizes` drawn against the parameters of the network; nothing without them."""
    if frame.empty:
        return Html("")
    chart = Chart(
        frame,
        x=Axis("parameters", "parameters (log scale)", "log", ticks="values"),
        y=Axis("value", "accuracy, %", low="low", high="high", shared=False),
        panel="panel",
        line="label",
        look="defense",
    )
    shown = _teachers(tables)
    shown = at(shown, threat_models(tables, shown)[0])
    return show(
        chart,
        name="capacity",
        alt="Natural and worst-case accuracy against the number of parameters, one line per defense.",
        caption="<b>Robustness needs capacity</b> is Madry et al.'s claim: a larger network gains more under "
        f"attack than on clean images. {escape(bounded_by(tables, shown))} {kinds_note(frame['kind'])} "
        f"n = {counts(shown['n'])} images, {seeds_of(shown)}.",
        data=frame[["panel", "label", "parameters", "value", "low", "high"]],
    )


def tradeoffs(tables: Tables) -> "pd.DataFrame":
    """One row per teacher and threat model, in percent, in the order of every figure, with their names and looks."""
    import pandas as pd

    frame = _teachers(tables)
    several, rows = frame["arch"].nunique() > 1, []
    order = in_order(tables, frame["model"])
    for threat in threat_models(tables, frame):
        part = at(frame, threat)
        clean, robust = (over_seeds(part, _TEACHER, f"{name}_accuracy") for name in ("clean", "robust"))
        for one, other in zip(records(clean), records(robust), strict=True):
            beta = _beta(tables, one.defense)
            named_point = kind_of(tables, one.defense) in _NAMED
            rows.append(
                {"panel": f"{one.arch}: {named(threat)}" if several else named(threat), "defense": one.defense,
                 "label": marked(tables, one.defense), "kind": other.kind, "order": order.index(one.model),
                 "beta": beta or 0.0, "look": one.defense if named_point else OTHER,
                 "said": marked(tables, one.defense) + (f", β = {setting(beta)}" if beta is not None else "")
                 if named_point else ""}
                | _percent("clean", one) | _percent("robust", other)
            )  # fmt: skip
    panels = list(dict.fromkeys(row["panel"] for row in rows))
    if not rows:
        return frame
    made = pd.DataFrame(rows)
    return made.assign(place=made["panel"].map(panels.index)).sort_values(["place", "order", "beta"])


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
    return by_defense(pd.concat(found, ignore_index=True).sort_values("parameters", kind="stable"))


def _percent(name: str, row: object) -> dict[str, float]:
    value, low, high = (100 * float(getattr(row, part)) for part in ("value", "low", "high"))
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _beta(tables: Tables, key: str) -> float | None:
    """The weight of a TRADES teacher; None of any other, and where the run does not say."""
    beta = settings_of(tables, key).get("beta")
    return float(beta) if kind_of(tables, key) == ROBUST and beta is not None else None
