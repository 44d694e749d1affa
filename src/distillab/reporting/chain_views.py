"""Distillation chains as tables: what each step is, what rescaling unmasks, what a step adds."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.display import Html, cell, header, interval, missing, number, paragraph, percent, table
from distillab.reporting.reported import Reported
from distillab.reporting.summaries import counts, estimate_cell, kinds_note, over_seeds, seeds_phrase
from distillab.reporting.tables import Tables, norm_label, records, step_name

if TYPE_CHECKING:
    import pandas as pd

STEP = ["chain", "temperature", "step"]
_FEW = "no interval below three seeds"


def chain_rows(tables: Tables, name: str) -> "pd.DataFrame":
    """The rows of a table that are steps of chains."""
    frame = tables[name]
    return frame[frame["role"] == "chain"] if "role" in frame else frame


def claims_table(tables: Tables) -> Html:
    """Every claim of the paper that this run has numbers for, with its estimate and the decision."""
    import pandas as pd

    claims = tables["claims"]
    if claims.empty:
        return paragraph("No claim can be checked: this preset has one temperature and one step.")
    rows = [
        {
            "statement": escape(named_norms(row.statement)),
            "source": escape(row.source),
            "logits": _view(row.view),
            "value": cell(interval(*(number(v, signed=True) for v in (row.value, row.low, row.high)))),
            "unit": cell(escape(named_norms(row.unit))),
            "p": number(row.p, digits=2) if row.p is not None and isfinite(row.p) else missing(_FEW),
            "decision": f'<span class="cell"><strong>{escape(row.decision)}</strong></span>',
        }
        for row in records(claims)
    ]
    labels = {
        "statement": "The paper says", "source": "Section", "logits": "Attacks saw", "value": "Here", "unit": "Unit",
        "p": header("p", "Holm"), "decision": "Decision",
    }  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="claims",
        caption=f"<b>The paper's claims on {escape(tables.dataset)}</b>, {seeds_phrase(int(claims['seeds'].max()))}.",
        labels=labels,
        notes=[
            "A trend is the least-squares slope per seed, with Student's t over seeds. A claim of no effect holds only "
            "within a margin: one test image (at least 0.1 point) per step for accuracy, one point per doubling of T "
            "for confidence. p-values are corrected for the number of claims (Holm)."
        ],
    )


def steps_table(tables: Tables, reported: Reported) -> Html:
    """Accuracy, confidence and sensitivity of every step at every temperature."""
    import pandas as pd

    models, sensitivity = chain_rows(tables, "models"), tables["sensitivity"]
    shown = {
        "accuracy": over_seeds(models, STEP, "test_accuracy", upper=1),
        "confidence": over_seeds(models, STEP, "confidence", upper=1),
        "ece": over_seeds(models, STEP, "ece", upper=1),
        "small": over_seeds(sensitivity, STEP, "small", upper=1),
    }
    cells = {name: {_key(row): row for row in records(frame)} for name, frame in shown.items()}
    paper = reported.baseline(reported.chain_dataset(tables.facts))
    rows = []
    for row in records(shown["accuracy"]):
        key = _key(row)
        made: dict[str, str] = {"model": _step_label(tables, row)}
        for name, form in (("accuracy", percent), ("confidence", percent), ("ece", number), ("small", percent)):
            found = cells[name].get(key)
            made[name] = missing("not measured") if found is None else estimate_cell(found, form)
        if paper is not None:
            baseline = row.step == 0 and row.temperature == 1
            made["paper"] = percent(paper) if baseline else missing("only drawn in the paper")
        rows.append(made)
    labels = {
        "model": "Step", "accuracy": header("Accuracy", "%"), "confidence": header("Confidence", "%"), "ece": "ECE",
        "small": header("Gradients < 1e-10", "% of images"),
    }  # fmt: skip
    labels |= {"paper": header("Paper", "accuracy, %")} if paper is not None else {}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="steps",
        caption=f"<b>Every step at T = 1</b>, n = {counts(models['test_n'])} test images of {escape(tables.dataset)}, "
        f"{seeds_phrase(models['seed'].nunique())}.",
        labels=labels,
        notes=[
            kinds_note(shown["accuracy"]["kind"]),
            "Confidence is the mean of the top probability, 0 where the prediction is wrong (the paper's equation 14 "
            "with max for argmax). Gradients are those of softmax, in log space where nothing underflows.",
        ],
    )


def masking_table(tables: Tables) -> Html:
    """Every attack on the logits and on the logits over T, side by side."""
    import pandas as pd

    frame = chain_rows(tables, "robustness")
    frame = frame[frame["temperature"] != 1]
    if frame.empty:
        return paragraph("Nothing to unmask: no attack was run on a model trained at another temperature than 1.")
    rows = []
    for _, part in frame.groupby(["attack", *STEP], sort=False):
        first = records(part)[0]
        least = first.kind == "minimum_norm"
        views = {str(logits): _measured(group, least=least) for logits, group in part.groupby("logits")}
        rows.append(
            {"attack": escape(tables.label(first.attack)), "model": _step_label(tables, first)}
            | {"measure": f"median {norm_label(first.norm)} distance" if least else "robust accuracy, %"}
            | {name: views.get(name, missing("not run")) for name in ("raw", "rescaled")}
            | {"zero": percent(part.loc[part["logits"] == "raw", "zero_gradient"].mean())}
        )
    labels = {
        "attack": "Attack", "model": "Step", "measure": "Measure", "raw": header("Z", "masked"),
        "rescaled": header("Z/T", "unmasked"), "zero": header("Zero gradient", "% of images, on Z"),
    }  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="masking",
        caption=f"<b>What dividing the logits by T unmasks</b>, n = {counts(frame['n'])} images.",
        labels=labels,
        notes=[
            "No decision boundary moves between the two columns: whatever is lower on the right was numerical. A zero "
            "gradient is one whose every entry is exactly 0 in float32."
        ],
    )


def differences_table(tables: Tables) -> Html:
    """How much more perturbation a later step needs than an earlier one, on the same images."""
    import pandas as pd

    steps = tables["steps"]
    if steps.empty:
        return paragraph("No steps to compare: no minimum-norm attack was run on a chain.")
    rows = [
        {
            "pair": f"{step_name(row.later)} − {step_name(row.earlier)}",
            "temperature": "mean over T" if row.temperature < 0 else f"T = {row.temperature:g}",
            "norm": norm_label(row.norm),
            "view": _view(row.view),
            "seeds": cell(interval(*(number(v, signed=True) for v in (row.difference, row.low, row.high)))),
            "images": _images(row),
        }
        for row in records(steps)
        if row.view == "worst" or (steps["temperature"] != 1).any()
    ]
    labels = {
        "pair": "Later − earlier step", "temperature": "Temperature", "norm": "Norm", "view": "Attacks saw",
        "seeds": header("Difference", "over seeds"), "images": header("Interval", "over images of one seed"),
    }  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="differences",
        caption="<b>What a step adds to the mean smallest perturbation</b>: positive where the later step needs more.",
        labels=labels,
        notes=[
            "Smallest over all minimum-norm attacks in the norm, on the images that both steps classify correctly; a "
            "failed search counts as the farthest point of the pixel box."
        ],
    )


def named_norms(text: str) -> str:
    """``l2`` and its kin as a page writes them."""
    for norm in ("linf", "l2", "l0"):
        text = text.replace(norm, norm_label(norm))
    return text


def _view(view: str) -> str:
    return {"raw": "Z", "worst": "Z and Z/T"}.get(view, "")


def _images(row: Any) -> str:  # noqa: ANN401 - a row
    if row.images_low is None or not isfinite(row.images_low):
        return missing("averaged over temperatures" if row.temperature < 0 else "all images differ alike")
    return cell(f"[{number(row.images_low, signed=True)}, {number(row.images_high, signed=True)}], n = {int(row.n):,}")


def _measured(group: "pd.DataFrame", *, least: bool) -> str:
    value = "median_distance" if least else "robust_accuracy"
    frame = over_seeds(group, STEP, value, upper=float("inf") if least else 1)
    return estimate_cell(records(frame)[0], number if least else percent, reason="half of the searches found nothing")


def _step_label(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    chains = tables["models"].loc[tables["models"]["role"] == "chain", "chain"].nunique()
    name = f"{step_name(row.step)}, T = {row.temperature:g}"
    return f"{escape(row.chain)}: {name}" if chains > 1 else name


def _key(row: Any) -> tuple[str, float, int]:  # noqa: ANN401 - a row
    return (row.chain, row.temperature, row.step)
