"""Hypotheses of this project about where the paper's method might be weak, and what one parameter of it does."""

from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.chain_lines import chain_figure
from distillab.reporting.columns import Heading, decided, declared, rows_of
from distillab.reporting.display import Html, Piece
from distillab.reporting.kit import PageTable
from distillab.reporting.names import marked
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


def ablations(tables: Tables) -> "pd.DataFrame":
    """The table ``ablations`` as lines: ``x`` is the value of a parameter, or its place where values are words."""
    import pandas as pd

    frame = tables["ablations"]
    if frame.empty:
        return frame
    values = frame.groupby(["method", "field"], sort=False)["value"].transform(_numbers)
    scale = frame["quantity"].map(lambda quantity: 1 if quantity == "peak" else 100)
    attacks = list(dict.fromkeys(frame["attack"]))
    students = frame.loc[frame["student"] != "", "student"].nunique()
    scaled = {name: frame[column].astype("float64") * scale for name, column in
              (("value", "number"), ("low", "low"), ("high", "high"))}  # fmt: skip
    return frame.assign(
        written=frame["value"].map(str), x=pd.to_numeric(values), counterpart=False, **scaled,
        panel=frame["quantity"].map(lambda quantity: _PANELS.get(quantity, quantity)),
        series=[_series(tables, row, students) for row in records(frame)],
        order=frame["attack"].map(attacks.index),
    )  # fmt: skip


def _series(tables: Tables, row: Any, students: int) -> str:  # noqa: ANN401 - a row
    if not row.attack:
        return "teacher"
    return marked(tables, row.attack) + (f" ({row.student})" if students > 1 else "")


def ablation_figures(tables: Tables, frame: "pd.DataFrame") -> Html:
    """The rows of `ablations` drawn, a figure per parameter: accuracy, largest CMI, and each knockoff against it."""
    parts = frame.groupby(["method", "field", "arch"], sort=False) if len(frame) else ()
    return Html("".join(_ablation(tables, part, several=frame["arch"].nunique() > 1).text for _, part in parts))


def _ablation(tables: Tables, part: "pd.DataFrame", *, several: bool) -> Piece:
    method, field, arch = (str(part[column].iloc[0]) for column in ("method", "field", "arch"))
    title = f"{tables.label(method)}: {field.replace('_', ' ')}"
    words = "" if _are_numbers(part["written"]) else f" Values in order: {', '.join(dict.fromkeys(part['written']))}."
    return chain_figure(
        part,
        name=f"ablation-{method}-{field}" + (f"-{arch}" if several else ""),
        what="Accuracy of teacher and knockoffs and largest CMI",
        caption=f"<b>What {escape(title)} does{escape(f' to {arch}') if several else ''}.</b>{escape(words)}",
        xlabel=title,
    )


def _are_numbers(values: "pd.Series[str]") -> bool:
    import pandas as pd

    return bool(pd.to_numeric(values, errors="coerce").notna().all())


def _numbers(values: "pd.Series[str]") -> "pd.Series[Any]":
    return values if _are_numbers(values) else _places(values)


def _places(values: "pd.Series[str]") -> "pd.Series[int]":
    """The place of each value among the distinct ones, from 1."""
    return values.map(list(dict.fromkeys(values)).index) + 1
