"""Facts about the teachers themselves: accuracy, calibration, confidence, training."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from distillab.reporting.cells import Absent, Content, Measured, lines, quiet
from distillab.reporting.charts import Axis, Chart, by_defense, spread
from distillab.reporting.columns import Heading, declared
from distillab.reporting.display import Piece, number, paragraph, percent, points
from distillab.reporting.drawing import show
from distillab.reporting.kit import PageTable
from distillab.reporting.names import graded
from distillab.reporting.reported import Reported
from distillab.reporting.selection import kind_of, unprotected
from distillab.reporting.summaries import BEST, NOT_BOLD, estimates, seeds_of, teachers_of, with_best
from distillab.reporting.tables import Tables, records
from distillab.tables.thefts import BROUGHT

if TYPE_CHECKING:
    import pandas as pd

_MODEL = ["defense", "arch"]

UTILITY = {
    "flip_rate": declared("models", "flip_rate", "Flipped ↓", "% of predictions"),
    "change_l1": declared("models", "change_l1", "Changed ↓", "mean L1"),
    "ece": Heading("ECE ↓", "calibration error"),
    "nll": declared("models", "nll", "NLL ↓"),
    "brier": declared("models", "brier", "Brier ↓", "squared error"),
}
"""What an honest user of a teacher gets, by column of ``models``."""

ENTROPY = {
    "entropy_normalized": Heading("Entropy", "share of ln k"),
    "confidence": Heading("Confidence", "top probability, 0 if wrong"),
}

_NOTED = 0.1
"""Seconds before the first step that are worth a word."""
_INFINITE = "infinite: an answer has a zero for the right class"
_TRAINED = "trained anew: nothing to compare answer by answer"
_BROUGHT = Absent("from elsewhere: not trained here, and nothing to compare answer by answer")
_NOT_PRINTED = Absent("the paper prints no number for this pair")
_TIME_NOTE = (
    "Training time: over that of CE with the same network; beneath it that of one step + the seconds before the first. "
    "Machine-dependent."
)

_Pair = tuple[str, str]
"""Defense and network of a teacher."""


def utility_table(tables: Tables, reported: Reported) -> PageTable:
    """What protection costs: accuracy beside the paper's, changed answers, calibration, training time."""
    dataset, teachers = reported.dataset(tables.facts), teachers_of(tables)
    printed, overheads = reported.accuracies(dataset), reported.overheads(dataset)
    shown = estimates(teachers, _MODEL, "test_accuracy")
    shown = with_best(dict(sorted(shown.items(), key=lambda item: -_value(item[1]))))
    reasons = {"flip_rate": _TRAINED, "change_l1": _TRAINED}
    others = {name: estimates(teachers, _MODEL, name, reason=reasons.get(name, _INFINITE)) for name in UTILITY}
    times = _times(tables)
    columns = {"model": Heading("Teacher"), "ours": Heading("Accuracy ↑", "%", percent)}
    columns |= {"paper": Heading("Paper", "%", percent), "difference": Heading("Ours − paper", "points", points)} if (
        printed
    ) else {}  # fmt: skip
    columns |= {"time": Heading("Training time", "× CE")} if times else {}
    columns |= {"time_paper": Heading("Paper", "× CE")} if times and overheads else {}
    rows = []
    for pair, accuracy in shown.items():
        paper = printed.get((tables.printed_label(pair[0]), pair[1]))
        difference = _NOT_PRINTED if paper is None else _value(accuracy) - paper
        overhead = overheads.get((tables.printed_label(pair[0]), pair[1]))
        rows.append(
            {"model": _name(tables, pair), "ours": accuracy, "difference": difference,
             "paper": _NOT_PRINTED if paper is None else paper, "time": times.get(pair, Absent("not measured")),
             "time_paper": _NOT_PRINTED if overhead is None else overhead}
            | {name: found[pair] for name, found in others.items()}
            | (dict.fromkeys(("time", *reasons), _BROUGHT) if kind_of(tables, pair[0]) == BROUGHT else {})
        )  # fmt: skip
    return PageTable(
        "utility",
        "What the owner pays and the honest user gets",
        columns | UTILITY,
        rows,
        sample=f", {_sample(tables)}",
        bold=f"{BEST}column{NOT_BOLD}",
        notes=[
            "Flipped, changed: predictions, and probabilities in L1, against the unprotected teacher whose weights a "
            "post-hoc defense keeps. ECE: 15 bins.",
            _TIME_NOTE if times else "",
        ],
    )


def entropy_table(tables: Tables, reported: Reported) -> PageTable:
    """How confident each teacher's answers are."""
    printed = reported.entropies(reported.dataset(tables.facts))
    teachers = teachers_of(tables)
    means = {name: estimates(teachers, _MODEL, name) for name in ENTROPY}
    order = sorted(means["entropy_normalized"], key=lambda pair: -_value(means["entropy_normalized"][pair]))
    paper = {"paper": Heading("Paper", "unit not stated")} if printed else {}
    rows: list[dict[str, Content]] = [
        {"model": _name(tables, pair), "paper": printed.get((tables.printed_label(pair[0]), pair[1]), _NOT_PRINTED)}
        | {name: found[pair] for name, found in means.items()}
        for pair in order
    ]
    return PageTable(
        "entropy",
        "How confident the released answers are",
        {"model": Heading("Teacher")} | ENTROPY | paper,
        rows,
        sample=f", {_sample(tables)}",
        notes=[
            "Answers can be concentrated without being confident: entropy is about single answers, CMI about how far "
            "those of a class differ." + (" Compare the paper's with the normalized column." if printed else ""),
        ],
    )


def training_figure(frame: "pd.DataFrame") -> Piece:
    """The rows of `training_curves` drawn, a panel per teacher."""
    if frame.empty:
        return paragraph("No training history of a teacher was kept.")
    drawn = spread(frame, ["label", "term", "epoch"], "value")
    terms = sorted(drawn["term"].unique(), key=lambda term: (term != "total", term))
    chart = Chart(
        drawn.assign(order=drawn["term"].map(terms.index), name=drawn["term"].str.replace("_", " ")),
        x=Axis("epoch", "epoch"),
        y=Axis("value", "loss", low="low", high="high"),
        panel="label",
        line="name",
        look="order",
        bounds="band",
        height=95,
    )
    return show(
        chart,
        name="training",
        alt="Loss terms against epochs, one panel per teacher.",
        caption=f"<b>Training losses of the teachers.</b> Lines: means over {seeds_of(frame)}; bands: their range; "
        "post-hoc defenses share the network of the teacher that they wrap.",
    )


def training_curves(tables: Tables) -> "pd.DataFrame":
    """The losses of the teachers by epoch, in the order of every figure, with what a panel calls each."""
    frame = tables["history"]
    teachers = teachers_of(tables).drop_duplicates("model").set_index("model")["defense"]
    frame = frame[frame["model"].isin(teachers.index) & (frame["term"] != "lr")]
    return by_defense(frame.assign(label=frame["model"].map(tables.label), defense=frame["model"].map(teachers)))


def _value(content: Content) -> float:
    return content.value if isinstance(content, Measured) else nan


def _name(tables: Tables, pair: _Pair) -> Content:
    """The defense with its grade; with the architecture where teachers of several were trained."""
    several = teachers_of(tables)["arch"].nunique() > 1
    return graded(tables, pair[0], f", {pair[1]}" if several and pair[0] != pair[1] else "")


def _times(tables: Tables) -> dict[_Pair, Content]:
    """Training time of each teacher over that of CE; empty where no time is known."""
    seconds = tables.facts.get("teacher_seconds") or {}
    plain = {arch: seconds.get(model) for arch, model in unprotected(tables).items()}
    found: dict[_Pair, Content] = {}
    for row in records(teachers_of(tables).drop_duplicates("model")) if seconds else []:
        ratio = seconds.get(row.model, nan) / (plain.get(row.arch) or nan)
        if isfinite(row.flip_rate):
            found[row.defense, row.arch] = Absent("post-hoc: no network is trained")
        elif isfinite(ratio):
            found[row.defense, row.arch] = lines(ratio, quiet(_parts(tables, row)))
    return found


def _parts(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    """What a training's time is made of: one step over that of CE, and the seconds before the first one."""
    steps, fixed = (tables.facts.get(f"teacher_{name}_seconds") or {} for name in ("step", "fixed"))
    plain = steps.get(unprotected(tables).get(row.arch))
    if row.model not in steps or not plain:
        return ""
    before = fixed.get(row.model, 0.0)
    return number(steps[row.model] / plain) + (f" + {number(before, digits=2)} s" if before >= _NOTED else "")


def _sample(tables: Tables) -> str:
    seeds = seeds_of(teachers_of(tables))
    return f"n = {tables.facts['test_n']:,} test images{tables.of_standin}, {seeds}"
