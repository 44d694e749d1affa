"""Figures 3 to 8 of the teacher-assistant paper, rebuilt from tables."""

from typing import TYPE_CHECKING

from distillab.reporting.chain_figures import chain_curves
from distillab.reporting.chain_views import chain_rows
from distillab.reporting.display import Html, paragraph
from distillab.reporting.drawing import show, style
from distillab.reporting.summaries import over_seeds, seeds_phrase
from distillab.reporting.tables import Tables, step_name

if TYPE_CHECKING:
    import pandas as pd

STUDENT = 2
"""Figures 3, 5 and 6 show teacher, assistant and student."""

_BARS = "Bars: 95 %, Student's t over seeds."
_TEMPERATURE = "temperature of the training (log scale)"


def accuracy_by_temperature(tables: Tables) -> Html:
    """Figure 3: accuracy against the temperature, a line per step; the teacher at T = 1 as a broken line."""
    return _by_temperature(
        tables, "test_accuracy", unit="accuracy, %", name="fig-accuracy", figure="Figure 3 of the paper"
    )


def confidence_by_temperature(tables: Tables) -> Html:
    """Figure 6: confidence against the temperature, a line per step."""
    return _by_temperature(
        tables, "confidence", unit="confidence, %", name="fig-confidence", figure="Figure 6 of the paper"
    )


def sensitivity_by_temperature(tables: Tables) -> Html:
    """Figure 4: share of small gradients of the teachers, exact and as float32 reads it, and their amplitude."""
    import pandas as pd

    frame = tables["sensitivity"]
    frame = frame[frame["step"] == 0]
    if frame.empty:
        return paragraph("No Jacobian was computed in this preset.")
    share, amplitude = "share of images below 1e-10, %", "median log10 amplitude"
    parts = [
        _panel(frame.assign(v=100 * frame["small"]), share, "exact (log space)", 0),
        _panel(frame.assign(v=100 * frame["small_float32"]), share, "float32", 0, counterpart=True),
        _panel(frame.assign(v=frame["log10_median"]), amplitude, "softmax at T = 1", 1),
        _panel(frame.assign(v=frame["log10_logits_median"]), amplitude, "logits", 2),
    ]
    return _show(
        pd.concat(parts),
        name="fig-sensitivity",
        what="Gradients of the teachers",
        caption="<b>Figure 4 of the paper: gradients vanish from softmax as T grows, and only from softmax.</b> The "
        "logits' own gradients grow. What float32 reads as zero is drawn beside the exact share.",
        frame=frame,
    )


def robustness_by_temperature(tables: Tables) -> Html:
    """Figure 5: mean and largest perturbation against the temperature, on Z and on Z/T."""
    import pandas as pd

    frame = _least(tables)
    if frame.empty:
        return paragraph("No minimum-norm attack was run on a chain.")
    frame = frame[frame["step"] <= STUDENT]
    parts = []
    for kind, column in (("mean", "penalized_mean"), ("largest", "max_distance")):
        for attack, of_attack in frame.groupby("attack", sort=False):
            for (step, logits), line in of_attack.groupby(["step", "logits"], sort=True):
                scaled = logits == "rescaled"
                title = f"{tables.label(str(attack))}, {kind}"
                name = f"{step_name(step)}{' on Z/T' if scaled else ''}"
                parts.append(_panel(line.assign(v=line[column]), title, name, int(step), counterpart=scaled))
    return _show(
        pd.concat(parts),
        name="fig-robustness",
        what="Perturbation needed",
        caption="<b>Figure 5 of the paper: perturbation that changes the class.</b> Above the mean over initially "
        "correct images (a failure counts as the farthest point of the pixel box), below the largest over successes. "
        "Full lines: attacks on Z; broken: on Z/T. Each attack in its own norm.",
        frame=frame,
        columns=int(frame["attack"].nunique()),
    )


def accuracy_by_step(tables: Tables) -> Html:
    """Figure 7: accuracy against the step, a line per temperature."""
    models = chain_rows(tables, "models")
    return _by_step(models.assign(v=100 * models["test_accuracy"]), ["accuracy, %"] * len(models), "fig-steps-accuracy",
                    "Accuracy", "<b>Figure 7 of the paper: accuracy over the steps of the chain.</b>")  # fmt: skip


def robustness_by_step(tables: Tables) -> Html:
    """Figure 8: mean perturbation against the step, a line per temperature."""
    frame = _least(tables)
    if frame.empty:
        return paragraph("No minimum-norm attack was run on a chain.")
    frame = frame[frame["logits"] == "raw"]
    titles = [tables.label(attack) for attack in frame["attack"]]
    return _by_step(frame.assign(v=frame["penalized_mean"]), titles, "fig-steps-robustness", "Mean perturbation",
                    "<b>Figure 8 of the paper: mean perturbation over the steps</b>, attacks on Z.")  # fmt: skip


def _by_temperature(tables: Tables, column: str, *, unit: str, name: str, figure: str) -> Html:
    import pandas as pd

    what = unit.split(",", maxsplit=1)[0]
    models = chain_rows(tables, "models")
    models = models[models["step"] <= STUDENT]
    parts = [
        _panel(line.assign(v=100 * line[column]), unit, step_name(step), int(step))
        for step, line in models.groupby("step", sort=True)
    ]
    first = models[(models["step"] == 0) & (models["temperature"] == 1)]
    baseline = pd.DataFrame({"panel": [unit], "value": [100 * first[column].mean()]}) if len(first) else None
    return _show(
        pd.concat(parts),
        name=name,
        what=what.capitalize(),
        caption=f"<b>{figure}: {what} against the temperature.</b> Broken: the teacher at T = 1.",
        frame=models,
        baseline=baseline,
    )


def _by_step(frame: "pd.DataFrame", titles: list[str], name: str, what: str, caption: str) -> Html:
    import pandas as pd

    frame = frame.assign(title=titles)
    temperatures = sorted(frame["temperature"].unique())
    parts = [
        _panel(line, str(title), f"T = {temperature:g}", temperatures.index(temperature), x="step")
        for (title, temperature), line in frame.groupby(["title", "temperature"], sort=False)
    ]
    return _show(pd.concat(parts), name=name, what=what, caption=caption, frame=frame, xlabel="distillation step")


def _least(tables: Tables) -> "pd.DataFrame":
    frame = chain_rows(tables, "robustness")
    return frame[(frame["kind"] == "minimum_norm") & frame["penalized_mean"].notna()]


def _panel(
    frame: "pd.DataFrame", panel: str, name: str, order: int, *, counterpart: bool = False, x: str = "temperature"
) -> "pd.DataFrame":
    means = over_seeds(frame, ["chain", x], "v")
    means = means[means["chain"] == means["chain"].iloc[0]]
    return means.assign(panel=panel, series=name, order=order, counterpart=counterpart, x=means[x])


def _show(
    drawn: "pd.DataFrame",
    *,
    name: str,
    what: str,
    caption: str,
    frame: "pd.DataFrame",
    columns: int = 0,
    baseline: "pd.DataFrame | None" = None,
    xlabel: str = _TEMPERATURE,
) -> Html:
    bars = f" {_BARS}" if drawn["low"].notna().any() else " No intervals below three seeds."
    note = f" {seeds_phrase(frame['seed'].nunique()).capitalize()}.{bars}"
    with style():
        figure = chain_curves(drawn, xlabel=xlabel, doubling=xlabel == _TEMPERATURE, columns=columns, baseline=baseline)
        data = drawn[["panel", "series", "x", "value", "low", "high"]]
        return show(figure, name=name, alt=f"{what} against the {xlabel}.", caption=caption + note, data=data)
