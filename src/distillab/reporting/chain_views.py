"""Distillation chains as tables: the claims decided, what each step is, what the papers print."""

from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.absent import gap_note, gaps, reason
from distillab.reporting.display import Html, folded, header, missing, number, paragraph, percent, table, table_cell
from distillab.reporting.reported import Reported
from distillab.reporting.strength import strength_sentence
from distillab.reporting.summaries import (
    counts,
    decision_cells,
    estimate_cell,
    kinds_note,
    over_seeds,
    seeds_of,
    seeds_range,
)
from distillab.reporting.tables import Tables, lookup, norm_label, records, step_name

if TYPE_CHECKING:
    import pandas as pd

STEP = ["chain", "temperature", "step"]

STUDENT = 2
"""Steps up to this one are the paper's teacher, assistant and student; the later ones its section VI."""

_PRINTED = {
    "accuracy": "accuracy",
    "attack_success_rate": "success rate of an attack",
    "max_accuracy_variation": "largest change of accuracy",
}


def chain_rows(tables: Tables, name: str) -> "pd.DataFrame":
    """The rows of a table that are steps of chains; without those that start from a defended teacher."""
    frame = tables[name]
    return frame[(frame["role"] == "chain") & ~frame["chain"].isin(first_teachers(tables))]


def first_teachers(tables: Tables) -> dict[str, str]:
    """The defended teacher that a chain starts from, by chain; chains that trained their own are left out."""
    models = tables["models"]
    steps = models[(models["role"] == "chain") & models["teacher"].notna() & (models["teacher"] != "")]
    return lookup(steps, "chain", "teacher")


def least_rows(tables: Tables) -> "pd.DataFrame":
    """What minimum-norm attacks found on chains."""
    frame = chain_rows(tables, "robustness")
    return frame[(frame["kind"] == "minimum_norm") & frame["penalized_mean"].notna()]


def shown_models(tables: Tables) -> list[str]:
    """The paper's baseline, and the assistant and the student of the highest temperature, of the first chain."""
    models = chain_rows(tables, "models")
    models = models[models["chain"] == models["chain"].min()]
    temperatures = models["temperature"]
    baseline = (temperatures == temperatures.min()) & (models["step"] == 0)
    distilled = (temperatures == temperatures.max()) & models["step"].between(1, STUDENT)
    return list(models.loc[baseline | distilled, "model"].unique())


def claims_table(tables: Tables) -> Html:
    """Every claim of the paper that this run has numbers for, with its estimate and the decision."""
    import pandas as pd

    claims = tables["claims"]
    if claims.empty:
        return paragraph("No claim can be checked: this preset has one temperature and one step.")
    several = claims["chain"].nunique() > 1
    rows = [
        {
            "statement": escape(
                f"{row.chain}: {named_norms(row.statement)}" if several else named_norms(row.statement)
            ),
            "source": escape(row.source),
            "logits": view_name(row.view),
            "unit": table_cell(escape(named_norms(row.unit))),
        }
        | decision_cells(row)
        for row in records(claims)
    ]
    labels = {
        "statement": "The paper says", "source": "Section", "logits": "Attacks saw", "value": "Here", "unit": "Unit",
        "p": header("p", "Holm"), "decision": "Decision",
    }  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="claims",
        caption=f"<b>The paper's claims on {escape(tables.dataset)}</b>, {seeds_range(claims['seeds'])}.",
        labels=labels,
        notes=[
            "A trend is the least-squares slope per seed, with Student's t over seeds; it counts from one image over "
            "the whole range on, of a distance from what the mean image contributes to the mean. A claim of no effect "
            "holds only within a margin: one test image (at least 0.1 point) per step for accuracy, one point per "
            "doubling of T for confidence. p-values are corrected for the number of claims (Holm).",
            _attacks_behind(tables),
        ],
    )


def _attacks_behind(tables: Tables) -> str:
    """Which searches are behind others; a claim about robustness rests on the closest point of all in a norm."""
    said = strength_sentence(tables, least_rows(tables))
    return f"A claim about robustness takes the closest point of all attacks in the norm. {said}" if said else ""


def steps_table(tables: Tables, reported: Reported) -> Html:
    """Accuracy, confidence and sensitivity of every step at every temperature; steps after the student folded."""
    models = chain_rows(tables, "models")
    if models.empty:
        return paragraph("No chain was trained.")
    later = models["step"] > STUDENT
    shown = _steps(tables, models[~later], reported, "steps")
    return (
        shown + folded("The further steps", _steps(tables, models[later], reported, "further"))
        if later.any()
        else shown
    )


def _steps(tables: Tables, models: "pd.DataFrame", reported: Reported, name: str) -> Html:
    import pandas as pd

    sensitivity = chain_rows(tables, "sensitivity")
    sensitivity = sensitivity[sensitivity["model"].isin(models["model"])]
    shown = {
        "accuracy": over_seeds(models, STEP, "test_accuracy"),
        "confidence": over_seeds(models, STEP, "confidence"),
        "ece": over_seeds(models, STEP, "ece"),
        "small": over_seeds(sensitivity, STEP, "small"),
    }
    cells = {name: {_key(row): row for row in records(frame)} for name, frame in shown.items()}
    paper = reported.baseline(reported.chain_dataset(tables.facts))
    rows = []
    forms: dict[str, Callable[[float], str]] = {
        "accuracy": percent,
        "confidence": percent,
        "ece": number,
        "small": percent,
    }
    for row in records(shown["accuracy"]):
        made: dict[str, str] = {"model": step_label(tables, row)}
        for column, form in forms.items():
            found = cells[column].get(_key(row))
            why = reason(gaps(tables, "sensitivity", **step_of(row)), "not measured")
            made[column] = missing(why) if found is None else estimate_cell(found, form)
        if paper is not None:
            baseline = row.step == 0 and row.temperature == 1
            made["paper"] = percent(paper) if baseline else missing("only drawn in the paper")
        rows.append(made)
    rows += _absent(tables, models, forms)
    labels = {
        "model": "Step", "accuracy": header("Accuracy", "%"), "confidence": header("Confidence", "%"), "ece": "ECE",
        "small": header("Gradients < 1e-10", "% of images"),
    }  # fmt: skip
    labels |= {"paper": header("Paper", "accuracy, %")} if paper is not None else {}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name=name,
        caption=f"<b>Every step at T = 1</b>, n = {counts(models['test_n'])} test images of {escape(tables.dataset)}, "
        f"{seeds_of(models)}.",
        labels=labels,
        notes=[
            kinds_note(pd.concat([frame["kind"] for frame in shown.values()])),
            "Confidence is the mean of the top probability, 0 where the prediction is wrong (the paper's equation 14 "
            "with max for argmax). Gradients are those of softmax, in log space where nothing underflows.",
            gap_note(gaps(tables, "distill", "sensitivity", role="chain")),
        ],
    )


def step_of(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
    """The columns that name a step, with their values in a row."""
    return {name: getattr(row, name) for name in STEP}


def _absent(tables: Tables, models: "pd.DataFrame", columns: Iterable[str]) -> list[dict[str, str]]:
    """Rows of dashes: the planned steps, of the chains of these models, of which no seed is there."""
    import pandas as pd

    there = {tuple(key) for key in tables["models"][STEP].to_numpy()}
    found = pd.DataFrame(gaps(tables, "distill", "measure", role="chain"), columns=[*STEP, "reason"]).drop_duplicates(
        STEP
    )
    mine = found[
        found["chain"].isin(models["chain"]) & found["step"].between(models["step"].min(), models["step"].max())
    ]
    return [
        {"model": step_label(tables, row)} | dict.fromkeys((*columns, "paper"), missing(row.reason))
        for row in records(mine)
        if (row.chain, row.temperature, row.step) not in there
    ]


def printed_table(reported: Reported) -> Html:
    """What the two papers print about accuracy and success rates; numbers quoted from memory are left out."""
    import pandas as pd

    frame = pd.concat([reported["ta_reported"], reported["papernot_reported"]])
    known = frame["quantity"].isin(_PRINTED) & ~frame["source"].str.contains("recalled")
    frame = frame[known & pd.to_numeric(frame["value"], errors="coerce").notna()]
    frame = frame.drop_duplicates(["quantity", "dataset", "model", "value"]).fillna("")
    rows = [
        {"quantity": _PRINTED[row.quantity], "dataset": escape(row.dataset), "model": escape(row.model)}
        | {"setting": escape(row.setting), "value": escape(f"{float(row.value):g}"), "source": escape(row.source)}
        for row in records(frame.sort_values(["quantity", "dataset"]))
    ]
    labels = {
        "quantity": "Quantity", "dataset": "Data set", "model": "Model", "setting": "Setting",
        "value": header("Printed", "%, points"), "source": "Where",
    }  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="printed",
        caption="<b>What the papers print.</b> All else about chains is drawn there, not printed.",
        labels=labels,
        notes=["TA: the teacher-assistant paper. Success rates are those of Papernot et al., 2016."],
    )


def named_norms(text: str) -> str:
    """``l2`` and its kin as a page writes them."""
    for norm in ("linf", "l2", "l0"):
        text = text.replace(norm, norm_label(norm))
    return text


def view_name(view: str) -> str:
    """What the attacks saw: the logits, also the logits over T, or either; empty where nothing was attacked."""
    return {"raw": "Z", "worst": "Z and Z/T", "both": "Z, and Z and Z/T alike"}.get(view, "")


def step_label(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    """Step and temperature, with the chain where there are several; HTML."""
    several = chain_rows(tables, "models")["chain"].nunique() > 1
    name = f"{step_name(row.step)}, T = {row.temperature:g}"
    return f"{escape(row.chain)}: {name}" if several else name


def _key(row: Any) -> tuple[str, float, int]:  # noqa: ANN401 - a row
    return (row.chain, row.temperature, row.step)
