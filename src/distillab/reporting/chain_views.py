"""Distillation chains as tables: the claims decided, what each step is, what the papers print."""

from typing import TYPE_CHECKING

from distillab.reporting.absent import gap_note, gaps, reason
from distillab.reporting.cells import Absent, known
from distillab.reporting.columns import CellRow, Heading, decided, declared, printed, rows_of
from distillab.reporting.display import percent
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.reported import Reported
from distillab.reporting.strength import strength_sentence
from distillab.reporting.summaries import counts, estimates, seeds_of, seeds_range
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

CLAIMS = {"statement": Heading("The paper says"), **decided("claims"), "view": Heading("Attacks saw"),
          "source": Heading("Section")}  # fmt: skip

STEPS = {
    "model": Heading("Step"),
    "test_accuracy": declared("models", "test_accuracy", "Accuracy"),
    "confidence": declared("models", "confidence", "Confidence"),
    "ece": Heading("ECE"),
    "small": declared("sensitivity", "small", "Gradients < 1e-10", "% of images"),
    "paper": Heading("Paper", "accuracy, %", percent),
}

PRINTED = {"quantity": Heading("Quantity"), "dataset": Heading("Data set"), "model": Heading("Model"),
           "setting": Heading("Setting"), "value": Heading("Printed", "%, points", printed),
           "source": Heading("Where")}  # fmt: skip


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


def claims_table(tables: Tables) -> PageTable:
    """Every claim of the paper that this run has numbers for, with its estimate and the decision."""
    claims = tables["claims"]
    several = claims["chain"].nunique() > 1
    shown = claims.assign(
        statement=[(f"{row.chain}: " if several else "") + named_norms(row.statement) for row in records(claims)],
        view=claims["view"].map(view_name),
        unit=claims["unit"].map(named_norms),
    )
    return PageTable(
        "claims",
        f"The paper's claims on {tables.dataset}",
        CLAIMS,
        rows_of(shown, CLAIMS),
        sample=f", {seeds_range(claims['seeds'])}",
        notes=[
            "A trend is the least-squares slope per seed, with Student's t over seeds; it counts from one image over "
            "the whole range on, of a distance from what the mean image contributes to the mean. A claim of no effect "
            "holds only within a margin: one test image per step for accuracy, one point per "
            "doubling of T for confidence. p-values are corrected for the number of claims (Holm).",
            VIEWS_NOTE,
            _attacks_behind(tables),
        ],
        otherwise="No claim can be checked: this preset has one temperature and one step.",
    )


def _attacks_behind(tables: Tables) -> str:
    """Which searches are behind others; a claim about robustness rests on the closest point of all in a norm."""
    said = strength_sentence(tables, least_rows(tables))
    return f"A claim about robustness takes the closest point of all attacks in the norm. {said}" if said else ""


def steps_table(tables: Tables, reported: Reported) -> Folded:
    """Accuracy, confidence and sensitivity of every step at every temperature; steps after the student folded."""
    models = chain_rows(tables, "models")
    later = models["step"] > STUDENT
    others = [_steps(tables, models[later], reported, "further")] if later.any() else []
    return Folded(_steps(tables, models[~later], reported, "steps"), "The further steps", others)


def _steps(tables: Tables, models: "pd.DataFrame", reported: Reported, name: str) -> PageTable:
    sensitivity = chain_rows(tables, "sensitivity")
    cells = {column: estimates(models, STEP, column) for column in ("test_accuracy", "confidence", "ece")}
    cells["small"] = estimates(sensitivity[sensitivity["model"].isin(models["model"])], STEP, "small")
    paper = reported.baseline(reported.chain_dataset(tables.facts))
    rows: list[CellRow] = []
    for step in cells["test_accuracy"]:
        named = dict(zip(STEP, step, strict=True))
        baseline = paper if (named["step"], named["temperature"]) == (0, 1) else None
        absent = Absent(reason(gaps(tables, "sensitivity", **named), "not measured"))
        rows.append(
            {"model": step_label(tables, *step), "paper": known(baseline, absent="only drawn in the paper")}
            | {column: found.get(step, absent) for column, found in cells.items()}
        )
    rows += _gone(tables, models)
    return PageTable(
        name,
        "Every step, trained at its T and used at T = 1",
        STEPS if paper is not None else {key: column for key, column in STEPS.items() if key != "paper"},
        rows,
        sample=f", n = {counts(models['test_n'])} test images{tables.of_standin}, {seeds_of(models)}" if rows else "",
        notes=[
            "Confidence is the mean of the top probability, 0 where the prediction is wrong (the paper's equation 14 "
            "with max for argmax). Gradients are those of softmax, in log space where nothing underflows.",
            gap_note(gaps(tables, "distill", "sensitivity", role="chain")),
        ],
        otherwise="No chain was trained.",
    )


def _gone(tables: Tables, models: "pd.DataFrame") -> list[CellRow]:
    """Rows of dashes: the planned steps, of the chains of these models, of which no seed is there."""
    there = {tuple(key) for key in tables["models"][STEP].to_numpy()}
    chains, low, high = set(models["chain"]), models["step"].min(), models["step"].max()
    found = {tuple(gap[name] for name in STEP): gap["reason"] for gap in
             reversed(gaps(tables, "distill", "measure", role="chain"))}  # fmt: skip
    return [
        dict.fromkeys(STEPS, Absent(why)) | {"model": step_label(tables, *step)}
        for step, why in reversed(found.items())
        if step not in there and step[0] in chains and low <= step[2] <= high
    ]


def printed_table(reported: Reported) -> PageTable:
    """What the two papers print about accuracy and success rates; numbers quoted from memory are left out."""
    import pandas as pd

    frame = pd.concat([reported["ta_reported"], reported["papernot_reported"]], ignore_index=True)
    kept = frame["quantity"].isin(_PRINTED) & ~frame["source"].str.contains("recalled")
    frame = frame[kept].assign(value=pd.to_numeric(frame["value"], errors="coerce")).dropna(subset="value")
    frame = frame.drop_duplicates(["quantity", "dataset", "model", "value"]).sort_values(["quantity", "dataset"])
    return PageTable(
        "printed",
        "What the papers print.",
        PRINTED,
        rows_of(frame.assign(quantity=frame["quantity"].map(_PRINTED)).fillna(""), PRINTED),
        sample=" All else about chains is drawn there, not printed",
        notes=["TA: the teacher-assistant paper. Success rates are those of Papernot et al., 2016."],
    )


def named_norms(text: str) -> str:
    """``l2`` and its kin as a page writes them."""
    for norm in ("linf", "l2", "l0"):
        text = text.replace(norm, norm_label(norm))
    return text


def view_name(view: str) -> str:
    """What the attacks saw: the logits, also the logits over T, or either; empty where nothing was attacked."""
    return {"raw": "Z", "worst": "Z+Z/T", "both": "either"}.get(view, "")


VIEWS_NOTE = "Attacks saw the logits Z, or Z+Z/T: also the logits over T, and the better counts; either: both alike."


def step_label(tables: Tables, chain: str, temperature: float, step: int) -> str:
    """Step and temperature, with the chain where there are several."""
    several = chain_rows(tables, "models")["chain"].nunique() > 1
    name = f"{step_name(step)}, T = {temperature:g}"
    return f"{chain}: {name}" if several else name
