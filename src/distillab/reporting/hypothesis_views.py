"""Hypotheses of this project about where the paper's method might be weak, and what one parameter of it does."""

from html import escape
from typing import TYPE_CHECKING

from distillab.reporting.chain_figures import chain_curves
from distillab.reporting.columns import Heading, decided, declared, rows_of
from distillab.reporting.display import Html
from distillab.reporting.drawing import show, style
from distillab.reporting.kit import PageTable
from distillab.reporting.names import marked
from distillab.reporting.summaries import OVER_SEEDS, seeds_phrase
from distillab.reporting.tables import Tables, records

if TYPE_CHECKING:
    import pandas as pd

_ALL = tuple(f"W{number}" for number in range(1, 9))
_ELSEWHERE = {"W5": " (cost: the training times above, and a benchmark)", "W6": " (needs attackers who tune)"}
HYPOTHESES = {"hypothesis": Heading("No."), "statement": Heading("Hypothesis"), **decided("hypotheses", "[95 %]"),
              "seeds": declared("hypotheses", "seeds", "Seeds")}  # fmt: skip
_PANELS = {"accuracy": "teacher's accuracy, %", "peak": "largest CMI, nats", "knockoff": "knockoff's accuracy, %"}


def hypotheses_table(tables: Tables) -> PageTable:
    """Every hypothesis that this run has numbers for, with its estimate and the decision."""
    frame = tables["hypotheses"].sort_values(["defense", "hypothesis"])
    several = frame["defense"].nunique() > 1
    said = [(f"{tables.label(row.defense)}: " if several else "") + row.statement for row in records(frame)]
    absent = [f"{name}{_ELSEWHERE.get(name, '')}" for name in _ALL if name not in set(frame["hypothesis"])]
    return PageTable(
        "hypotheses",
        f"Where CMIM might be weak on {tables.dataset}",
        HYPOTHESES,
        rows_of(frame.assign(statement=said), HYPOTHESES),
        sample=": hypotheses of this project, not the paper's",
        notes=[
            "Positive where the hypothesis is true. Mean over seeds with Student's t; p-values are corrected for the "
            "number of hypotheses (Holm). Below three seeds nothing is decided.",
            f"Without a number in this run: {', '.join(absent)}." if absent else "",
        ],
        otherwise="No hypothesis about CMIM has a number here: this preset trained no CMIM teacher.",
    )


def ablation_figures(tables: Tables) -> Html:
    """Per parameter that this run varies: the teacher's accuracy, its largest CMI, and each knockoff against it."""
    frame = tables["ablations"]
    drawn = [_ablation(tables, part, str(method), str(field))
             for (method, field), part in frame.groupby(["method", "field"], sort=False)]  # fmt: skip
    return Html("".join(part.text for part in drawn))


def _ablation(tables: Tables, part: "pd.DataFrame", method: str, field: str) -> Html:
    import pandas as pd

    values = pd.to_numeric(part["value"], errors="coerce")
    lines = _lines(tables, part.assign(x=values if values.notna().all() else _places(part["value"])))
    title = f"{tables.label(method)}: {field.replace('_', ' ')}"
    places = "" if values.notna().all() else f" Values in order: {', '.join(dict.fromkeys(part['value'].map(str)))}."
    with style():
        return show(
            chain_curves(lines, xlabel=title, doubling=bool((lines["x"] > 0).all()) and lines["x"].nunique() > 2),
            name=f"ablation-{method}-{field}",
            alt=f"Accuracy of teacher and knockoffs and largest CMI against {title}.",
            caption=f"<b>What {escape(title)} does.</b> {seeds_phrase(int(part['seeds'].max()))}; bars: "
            f"{OVER_SEEDS}, where there are three.{escape(places)}",
            data=part[["value", "quantity", "attack", "number", "low", "high", "seeds"]],
        )


def _lines(tables: Tables, part: "pd.DataFrame") -> "pd.DataFrame":
    """The rows as `chain_curves` draws them: shares in percent, the knockoffs as series of one panel."""
    scale = part["quantity"].map(lambda quantity: 1 if quantity == "peak" else 100)
    attacks = list(dict.fromkeys(part["attack"]))
    scaled = {name: part[column].astype("float64") * scale for name, column in
              (("value", "number"), ("low", "low"), ("high", "high"))}  # fmt: skip
    return part.drop(columns=["value"]).assign(
        **scaled,
        panel=part["quantity"].map(lambda quantity: _PANELS.get(quantity, quantity)),
        series=[marked(tables, key) if key else "teacher" for key in part["attack"]],
        order=part["attack"].map(attacks.index),
        counterpart=False,
    )


def _places(values: "pd.Series[str]") -> "pd.Series[int]":
    """The place of each value among the distinct ones, from 1."""
    return values.map(list(dict.fromkeys(values)).index) + 1
