"""Figures 3 to 8 of the teacher-assistant paper, rebuilt from tables: their rows, and what is said of each."""

from dataclasses import dataclass
from html import escape
from itertools import product
from typing import TYPE_CHECKING

from distillab.reporting.chain_lines import STEPS, TEMPERATURES, chain_figure, chain_line, chain_lines
from distillab.reporting.chain_views import STUDENT, chain_rows, least_rows
from distillab.reporting.display import Html, Piece, paragraph
from distillab.reporting.strength import named_attack, strength_sentence
from distillab.reporting.summaries import counts
from distillab.reporting.tables import Tables, step_name

if TYPE_CHECKING:
    import pandas as pd

_NO_CHAIN = "No chain was trained."
_NO_ATTACK = "No minimum-norm attack was run on a correctly classified image of a chain."
_DISTANCE = "distance, pixel scale 0–1"
_OVER = (
    "Over initially correct images, each attack in its own norm; a failed search counts as the farthest point of the "
    "pixel box."
)
_LINES = "Full lines: attacks on Z; broken: on Z/T."
_SHARES = {"test_accuracy": "accuracy", "confidence": "confidence"}


@dataclass(frozen=True)
class _Figure:
    """What is said of a figure: the quantity, its caption but for n, and what stands where there is none."""

    what: str
    caption: str
    otherwise: str = _NO_ATTACK
    xlabel: str = TEMPERATURES
    title: str = ""


_FIGURES = {
    "accuracy": _Figure("Accuracy", "<b>Figure 3 of the paper: accuracy against the temperature.</b>", _NO_CHAIN),
    "confidence": _Figure("Confidence", "<b>Figure 6 of the paper: confidence against the temperature.</b>", _NO_CHAIN),
    "sensitivity": _Figure(
        "Share of small gradients and median amplitude of the teachers",
        "<b>Figure 4 of the paper: small gradients of the teachers.</b> Beside the share, the amplitude of the "
        "gradients of softmax and of the logits, which no saturation reaches.",
        "No Jacobian was computed in this preset.",
    ),
    "robustness": _Figure(
        "Perturbation",
        f"<b>Figure 5 of the paper, above: mean perturbation that changes the class.</b> {_OVER} {_LINES}",
        title=_DISTANCE,
    ),
    "largest": _Figure(
        "Perturbation",
        "<b>Figure 5 of the paper, below: largest perturbation that changed a class.</b> Over successes, so one image "
        f"that an attack failed to bring closer decides it. {_LINES}",
        title=_DISTANCE,
    ),
    "one-norm": _Figure(
        "Mean L2 length of each attack's perturbation",
        "<b>The attacks in one norm.</b> Mean L2 length of the successful perturbations of every attack on Z, also of "
        "those that minimize another norm.",
        title=f"L2 {_DISTANCE}",
    ),
    "steps-accuracy": _Figure(
        "Accuracy", "<b>Figure 7 of the paper: accuracy over the steps.</b>", _NO_CHAIN, xlabel=STEPS
    ),
    "steps-robustness": _Figure(
        "Perturbation",
        f"<b>Figure 8 of the paper, left: mean perturbation of every step</b>, attacks on Z. {_OVER}",
        otherwise="",
        title=_DISTANCE,
    ),
    "steps-averaged": _Figure(
        "Mean perturbation, averaged over the temperatures,",
        "<b>Figure 8 of the paper, right: mean perturbation averaged over all temperatures.</b> "
        f"{_OVER} {_LINES}",
        xlabel=STEPS,
        title=_DISTANCE,
    ),
}  # fmt: skip


def figure(tables: Tables, frame: "pd.DataFrame", name: str) -> Piece:
    """The rows of one of the functions below drawn, with what is said of the figure of this name."""
    said = _FIGURES[name]
    if frame.empty:
        return paragraph(said.otherwise) if said.otherwise else Html("")
    caption = " ".join(filter(None, (said.caption, _sample(tables, said))))
    return chain_figure(
        frame, name=f"fig-{name}", what=said.what, caption=caption, xlabel=said.xlabel, title=said.title
    )


def shares(tables: Tables, column: str) -> "pd.DataFrame":
    """Accuracy or confidence, in percent, against the temperature, a line per step; the teacher at T = 1 across."""
    models = chain_rows(tables, "models")
    models = models[models["step"] <= STUDENT]
    lines = chain_lines(
        [chain_line(part, column, f"{_SHARES[column]}, %", step_name(step), step, scale=100)
         for step, part in models.groupby("step", sort=True)]
    )  # fmt: skip
    first = lines[(lines["order"] == 0) & (lines["x"] == 1)].set_index("panel")["value"]
    return lines.assign(baseline=lines["panel"].map(first))


def sensitivities(tables: Tables) -> "pd.DataFrame":
    """Share of small gradients of the teachers, exact and as float32 reads it, and their amplitude."""
    frame = tables["sensitivity"]
    frame = frame[(frame["role"] == "chain") & (frame["step"] == 0)]
    share, amplitude = "share of images below 1e-10, %", "median log10 amplitude"
    parts = [
        chain_line(frame, "small", share, "exact (log space)", 0, scale=100),
        chain_line(frame, "small_float32", share, "as float32 reads it", 0, counterpart=True, scale=100),
        chain_line(frame, "log10_median", amplitude, "of softmax at T = 1", 1),
        chain_line(frame, "log10_logits_median", amplitude, "of the logits", 2),
    ]
    return chain_lines(parts if len(frame) else [])


def perturbations(tables: Tables, column: str = "penalized_mean", *, further: bool = False) -> "pd.DataFrame":
    """Mean or largest perturbation against the temperature, a panel per attack, a line per step and view.

    Args:
        tables: The run.
        column: ``penalized_mean`` or ``max_distance``.
        further: All steps, on Z alone, where there is a step after the student; by default up to the student.
    """
    frame = least_rows(tables)
    kept = (frame["logits"] == "raw") & (frame["step"].max() > STUDENT) if further else frame["step"] <= STUDENT
    parts = []
    for _, of_attack in frame[kept].groupby("attack", sort=False):
        panel = named_attack(tables, of_attack)
        for (step, logits), part in of_attack.groupby(["step", "logits"], sort=True):
            scaled = logits == "rescaled"
            line = f"{step_name(step)}{' on Z/T' if scaled else ''}"
            parts.append(chain_line(part, column, panel, line, step, counterpart=scaled))
    return chain_lines(parts)


def lengths(tables: Tables) -> "pd.DataFrame":
    """Mean L2 length of every attack's perturbations on Z, whatever it minimizes, a panel per step.

    The only reading in which the paper can rank the attacks.
    """
    frame = least_rows(tables)
    frame = frame[(frame["step"] <= STUDENT) & (frame["logits"] == "raw")]
    attacks = list(dict.fromkeys(frame["attack"]))
    named = {attack: named_attack(tables, part) for attack, part in frame.groupby("attack", sort=False)}
    return chain_lines(
        [chain_line(part, "mean_l2", step_name(step), named[attack], attacks.index(attack))
         for (step, attack), part in frame.groupby(["step", "attack"], sort=False)]
    )  # fmt: skip


def accuracies_by_step(tables: Tables) -> "pd.DataFrame":
    """Accuracy against the step, in percent, a line per temperature."""
    models = chain_rows(tables, "models")
    parts = models.groupby("temperature", sort=True)
    return chain_lines(
        [chain_line(part, "test_accuracy", "accuracy, %", f"T = {temperature:g}", order, x="step", scale=100)
         for order, (temperature, part) in enumerate(parts)]
    )  # fmt: skip


def averages_by_step(tables: Tables) -> "pd.DataFrame":
    """Mean perturbation against the step, averaged over the temperatures within each seed, on Z and on Z/T."""
    frame = least_rows(tables)
    views = {"raw": frame["logits"] == "raw", "rescaled": (frame["logits"] == "rescaled") | (frame["temperature"] == 1)}
    parts, named = [], {key: named_attack(tables, part) for key, part in frame.groupby("attack", sort=False)}
    for attack, (logits, seen) in product(named, views.items()):
        part = frame[seen & (frame["attack"] == attack)]
        means = part.groupby(["chain", "step", "seed"])["penalized_mean"].mean().reset_index()
        name, scaled = ("on Z/T", True) if logits == "rescaled" else ("on Z", False)
        if len(part) and (part["logits"] == logits).any():
            line = chain_line(means, "penalized_mean", named[attack], name, 0, counterpart=scaled, x="step")
            parts.append(line)
    return chain_lines(parts)


def _sample(tables: Tables, said: _Figure) -> str:
    """Which attacks are behind, and on how many images this rests."""
    if said.otherwise == _NO_CHAIN:
        return f"n = {counts(chain_rows(tables, 'models')['test_n'])} test images."
    frame = least_rows(tables)
    return f"{escape(strength_sentence(tables, frame))} n = {counts(frame['n'])} images." if said.title else ""
