"""Figures 3 to 8 of the teacher-assistant paper, rebuilt from tables."""

from html import escape
from itertools import product
from typing import TYPE_CHECKING

from distillab.reporting.chain_figures import STEPS, chain_figure, chain_line
from distillab.reporting.chain_views import STUDENT, chain_rows, least_rows
from distillab.reporting.display import Html, folded, paragraph
from distillab.reporting.strength import named_attack, strength_sentence
from distillab.reporting.summaries import counts
from distillab.reporting.tables import Tables, step_name

if TYPE_CHECKING:
    import pandas as pd

_NO_CHAIN = "No chain was trained."
_NO_ATTACK = "No minimum-norm attack was run on a correctly classified image of a chain."
_OVER = (
    "Over initially correct images, each attack in its own norm; a failed search counts as the farthest point of the "
    "pixel box."
)
_MEAN = f"{_OVER} Full lines: attacks on Z; broken: on Z/T."


def accuracy_by_temperature(tables: Tables) -> Html:
    """Figure 3: accuracy against the temperature, a line per step; the teacher at T = 1 as a broken line."""
    return _share_by_temperature(tables, "test_accuracy", "accuracy", "Figure 3 of the paper")


def confidence_by_temperature(tables: Tables) -> Html:
    """Figure 6: confidence against the temperature, a line per step; the teacher at T = 1 as a broken line."""
    return _share_by_temperature(tables, "confidence", "confidence", "Figure 6 of the paper")


def sensitivity_by_temperature(tables: Tables) -> Html:
    """Figure 4: share of small gradients of the teachers, exact and as float32 reads it, and their amplitude."""
    frame = tables["sensitivity"]
    frame = frame[(frame["role"] == "chain") & (frame["step"] == 0)]
    if frame.empty:
        return paragraph("No Jacobian was computed in this preset.")
    share, amplitude = "share of images below 1e-10, %", "median log10 amplitude"
    parts = [
        chain_line(frame, "small", share, "exact (log space)", 0, scale=100),
        chain_line(frame, "small_float32", share, "as float32 reads it", 0, counterpart=True, scale=100),
        chain_line(frame, "log10_median", amplitude, "of softmax at T = 1", 1),
        chain_line(frame, "log10_logits_median", amplitude, "of the logits", 2),
    ]
    return chain_figure(
        parts,
        name="fig-sensitivity",
        what="Share of small gradients and median amplitude of the teachers",
        caption="<b>Figure 4 of the paper: small gradients of the teachers.</b> Beside the share, the amplitude of the "
        "gradients of softmax and of the logits, which no saturation reaches.",
        seeds=frame["seed"].nunique(),
    )


def robustness_by_temperature(tables: Tables) -> Html:
    """Figure 5: mean perturbation against the temperature, on Z and on Z/T; the largest ones folded."""
    frame = least_rows(tables)
    frame = frame[frame["step"] <= STUDENT]
    if frame.empty:
        return paragraph(_NO_ATTACK)
    mean = _attack_panels(
        tables, frame, "penalized_mean", name="fig-robustness",
        head="<b>Figure 5 of the paper, above: mean perturbation that changes the class.</b>", rest=_MEAN,
    )  # fmt: skip
    largest = _attack_panels(
        tables, frame, "max_distance", name="fig-largest",
        head="<b>Figure 5 of the paper, below: largest perturbation that changed a class.</b>",
        rest="Over successes, so one image that an attack failed to bring closer decides it. Full lines: on Z; "
        "broken: on Z/T.",
    )  # fmt: skip
    return mean + folded("The largest perturbations", largest)


def one_norm_by_temperature(tables: Tables) -> Html:
    """All attacks in L2, whatever they minimize: the only reading in which the paper can rank them."""
    frame = least_rows(tables)
    frame = frame[(frame["step"] <= STUDENT) & (frame["logits"] == "raw")]
    if frame.empty:
        return paragraph(_NO_ATTACK)
    attacks = list(dict.fromkeys(frame["attack"]))
    named = {attack: named_attack(tables, part) for attack, part in frame.groupby("attack", sort=False)}
    parts = [
        chain_line(part, "mean_l2", step_name(step), named[attack], attacks.index(attack))
        for (step, attack), part in frame.groupby(["step", "attack"], sort=False)
    ]
    return chain_figure(
        parts,
        name="fig-one-norm",
        what="Mean L2 length of each attack's perturbation",
        caption="<b>The attacks in one norm.</b> Mean L2 length of the successful perturbations of every attack on Z, "
        f"also of those that minimize another norm. {escape(strength_sentence(tables, frame))}",
        seeds=frame["seed"].nunique(),
    )


def accuracy_by_step(tables: Tables) -> Html:
    """Figure 7: accuracy against the step, a line per temperature."""
    models = chain_rows(tables, "models")
    if models.empty:
        return paragraph(_NO_CHAIN)
    temperatures = sorted(models["temperature"].unique())
    parts = [
        chain_line(part, "test_accuracy", "accuracy, %", f"T = {temperature:g}", order, x="step", scale=100)
        for order, temperature in enumerate(temperatures)
        for part in [models[models["temperature"] == temperature]]
    ]
    return chain_figure(
        parts,
        name="fig-steps-accuracy",
        what="Accuracy",
        caption=f"<b>Figure 7 of the paper: accuracy over the steps.</b> n = {counts(models['test_n'])} test images.",
        seeds=models["seed"].nunique(),
        xlabel=STEPS,
    )


def robustness_by_step(tables: Tables) -> Html:
    """Figure 8: mean perturbation of every step against the temperature, and averaged over the temperatures."""
    frame = least_rows(tables)
    if frame.empty:
        return paragraph(_NO_ATTACK)
    longer = Html("")
    if frame["step"].max() > STUDENT:
        longer = _attack_panels(
            tables, frame[frame["logits"] == "raw"], "penalized_mean", name="fig-steps-robustness",
            head="<b>Figure 8 of the paper, left: mean perturbation of every step</b>, attacks on Z.", rest=_OVER,
        )  # fmt: skip
    return longer + _averaged(tables, frame)


def _averaged(tables: Tables, frame: "pd.DataFrame") -> Html:
    """Mean perturbation against the step, averaged over the temperatures within each seed."""
    views = {"raw": frame["logits"] == "raw", "rescaled": (frame["logits"] == "rescaled") | (frame["temperature"] == 1)}
    parts, named = [], {key: named_attack(tables, part) for key, part in frame.groupby("attack", sort=False)}
    for attack, (logits, seen) in product(named, views.items()):
        part = frame[seen & (frame["attack"] == attack)]
        means = part.groupby(["chain", "step", "seed"])["penalized_mean"].mean().reset_index()
        name, scaled = ("on Z/T", True) if logits == "rescaled" else ("on Z", False)
        if len(part) and (part["logits"] == logits).any():
            panel = named[attack]
            parts.append(chain_line(means, "penalized_mean", panel, name, 0, counterpart=scaled, x="step"))
    return chain_figure(
        parts,
        name="fig-steps-averaged",
        what="Mean perturbation, averaged over the temperatures,",
        caption="<b>Figure 8 of the paper, right: mean perturbation averaged over all temperatures.</b> "
        f"{_MEAN} {escape(strength_sentence(tables, frame))}",
        seeds=frame["seed"].nunique(),
        xlabel=STEPS,
        widest=3,
    )


def _share_by_temperature(tables: Tables, column: str, what: str, figure: str) -> Html:
    models = chain_rows(tables, "models")
    models = models[models["step"] <= STUDENT]
    if models.empty:
        return paragraph(_NO_CHAIN)
    title = f"{what}, %"
    parts = [
        chain_line(part, column, title, step_name(step), step, scale=100)
        for step, part in models.groupby("step", sort=True)
    ]
    first = models[(models["step"] == 0) & (models["temperature"] == 1)]
    return chain_figure(
        parts,
        name=f"fig-{what}",
        what=what.capitalize(),
        caption=f"<b>{figure}: {what} against the temperature.</b> n = {counts(models['test_n'])} test images."
        + (" Broken: the teacher at T = 1." if len(first) else ""),
        seeds=models["seed"].nunique(),
        baseline=[chain_line(first, column, title, "", 0, scale=100)] if len(first) else [],
    )


def _attack_panels(tables: Tables, frame: "pd.DataFrame", column: str, *, name: str, head: str, rest: str) -> Html:
    """A panel per attack; a line per step, full on Z and broken on Z/T."""
    parts = []
    for attack in dict.fromkeys(frame["attack"]):
        of_attack = frame[frame["attack"] == attack]
        panel = named_attack(tables, of_attack)
        for (step, logits), part in of_attack.groupby(["step", "logits"], sort=True):
            scaled = logits == "rescaled"
            line = f"{step_name(step)}{' on Z/T' if scaled else ''}"
            parts.append(chain_line(part, column, panel, line, step, counterpart=scaled))
    return chain_figure(
        parts,
        name=name,
        what="Perturbation",
        caption=f"{head} {rest} {escape(strength_sentence(tables, frame))} n = {counts(frame['n'])} images.",
        seeds=frame["seed"].nunique(),
        widest=3,
    )
