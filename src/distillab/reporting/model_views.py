"""Facts about the teachers themselves: accuracy, calibration, confidence, training."""

from collections.abc import Callable
from html import escape
from math import isfinite, nan
from typing import Any

from distillab.reporting import figures
from distillab.reporting.display import (
    DASH,
    Html,
    header,
    missing,
    number,
    paragraph,
    percent,
    points,
    table,
    table_cell,
)
from distillab.reporting.drawing import show, style
from distillab.reporting.names import grade_note, graded
from distillab.reporting.palette import places
from distillab.reporting.reported import Printed, Reported
from distillab.reporting.selection import unprotected
from distillab.reporting.summaries import (
    estimate_cell,
    kinds_note,
    not_separable,
    over_seeds,
    seeds_of,
    teachers_of,
)
from distillab.reporting.tables import Tables, records

_MODEL = ["defense", "defense_label", "arch"]
_UTILITY: dict[str, tuple[str, Callable[[float], str]]] = {
    "flip_rate": (header("Flipped ↓", "% of predictions"), percent),
    "change_l1": (header("Changed ↓", "mean L1"), number),
    "ece": (header("ECE ↓", "calibration error"), number),
    "nll": (header("NLL ↓", "nats"), number),
    "brier": (header("Brier ↓", "squared error"), number),
}
"""Column of ``models`` to its title and how it is written."""

_TIMES = {"time": header("Training time", "× CE"), "time_paper": header("Paper", "× CE")}
_TRAINED = "trained anew, so there is nothing to compare answer by answer"
_TIME_NOTE = (
    "Training time: seconds of the whole training over those of CE with the same network; beneath it the same of one "
    "step, and the seconds that the method takes before the first step. Machine-dependent."
)


def utility_table(tables: Tables, reported: Reported) -> Html:
    """What protection costs: accuracy beside the paper's, changed answers, calibration, training time."""
    import pandas as pd

    printed = reported.accuracies(reported.dataset(tables.facts))
    teachers = teachers_of(tables)
    shown = over_seeds(teachers, _MODEL, "test_accuracy").sort_values("value", ascending=False, kind="stable")
    best = not_separable(shown["value"], shown["low"], shown["high"], largest=True)
    others = {name: {_key(row): row for row in records(over_seeds(teachers, _MODEL, name))} for name in _UTILITY}
    times = _times(tables, reported)
    rows = [
        {"model": _name(tables, row), "ours": estimate_cell(row, percent, best=bool(best[row.Index]))}
        | _beside(tables, printed, row)
        | {name: column.get(_key(row), missing("not measured")) for name, column in times.items()}
        | {name: estimate_cell(found[_key(row)], _UTILITY[name][1], reason=_TRAINED) for name, found in others.items()}
        for row in records(shown)
    ]
    labels = {"model": header("Teacher", "grade"), "ours": header("Accuracy ↑", "%")}
    labels |= {"paper": header("Paper", "%"), "difference": header("Ours − paper", "points")} if printed else {}
    labels |= {name: _TIMES[name] for name in times} | {name: title for name, (title, _) in _UTILITY.items()}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="utility",
        caption=f"<b>What the owner pays and the honest user gets</b>, {_sample(tables)}.",
        labels=labels,
        notes=[
            kinds_note(shown["kind"]),
            "Bold: the best and every model whose interval overlaps its interval." if best.any() else "",
            "Flipped, changed: predictions, and probabilities in L1, against the unprotected teacher whose weights a "
            f"post-hoc defense keeps; {DASH} for teachers that were trained anew. ECE: 15 bins.",
            _TIME_NOTE if times else "",
            grade_note(tables, shown["defense"]),
        ],
    )


def entropy_table(tables: Tables, reported: Reported) -> Html:
    """How confident each teacher's answers are."""
    import pandas as pd

    printed = reported.entropies(reported.dataset(tables.facts))
    columns = {
        "entropy_nats": header("Entropy", "nats"),
        "entropy_normalized": header("Entropy", "share of ln k"),
        "confidence": header("Confidence", "top probability, 0 if wrong"),
    }
    teachers = teachers_of(tables)
    means = {name: records(over_seeds(teachers, _MODEL, name)) for name in columns}
    order = sorted(means["entropy_normalized"], key=lambda row: -row.value)
    rows = [
        {"model": _name(tables, row)}
        | {name: estimate_cell(shown[row.Index], number) for name, shown in means.items()}
        | ({"paper": _printed(tables, printed, row, number)} if printed else {})
        for row in order
    ]
    labels = {"model": header("Teacher", "grade"), **columns}
    labels |= {"paper": header("Paper", "unit not stated")} if printed else {}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="entropy",
        caption=f"<b>How confident the released answers are</b>, {_sample(tables)}.",
        labels=labels,
        notes=[
            kinds_note(pd.Series([row.kind for row in order], dtype=object)),
            "Answers can be concentrated without being confident: entropy is about single answers, CMI about how far "
            "those of a class differ." + (" Compare the paper's with the normalized column." if printed else ""),
            grade_note(tables, [row.defense for row in order]),
        ],
    )


def training_figure(tables: Tables) -> Html:
    """Training curves of the teachers."""
    frame = tables["history"]
    teachers = teachers_of(tables).drop_duplicates("model").set_index("model")["defense"]
    frame = frame[frame["model"].isin(teachers.index)]
    if frame.empty:
        return paragraph("No training history of a teacher was kept.")
    frame = frame.assign(label=frame["model"].map(tables.label), rank=places(frame["model"].map(teachers)))
    with style():
        return show(
            figures.training(frame.sort_values("rank", kind="stable")),
            name="training",
            alt="Loss terms against epochs, one panel per teacher.",
            caption="<b>Training losses of the teachers.</b> One thin line per seed; post-hoc defenses share the "
            "network of the teacher that they wrap.",
        )


def _name(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    """The defense with its grade; with the architecture where teachers of several were trained."""
    several = teachers_of(tables)["arch"].nunique() > 1
    return graded(tables, row.defense) + (f", {escape(row.arch)}" if several else "")


def _key(row: Any) -> tuple[str, str]:  # noqa: ANN401 - a row
    return (row.defense, row.arch)


def _times(tables: Tables, reported: Reported) -> dict[str, dict[tuple[str, str], str]]:
    """Training time of each teacher over that of CE, as cells by column; no column where no time is known."""
    seconds = tables.facts.get("teacher_seconds") or {}
    if not seconds:
        return {}
    teachers = teachers_of(tables).drop_duplicates("model")
    plain = {arch: seconds.get(model) for arch, model in unprotected(tables).items()}
    printed = reported.overheads(reported.dataset(tables.facts))
    columns: dict[str, dict[tuple[str, str], str]] = {name: {} for name in _TIMES if name == "time" or printed}
    for row in records(teachers):
        ratio = seconds.get(row.model, nan) / (plain.get(row.arch) or nan)
        post_hoc = isfinite(row.flip_rate)
        known = isfinite(ratio) and not post_hoc
        reason = "post-hoc: no network is trained" if post_hoc else "not measured"
        columns["time"][_key(row)] = table_cell(number(ratio) + _parts(tables, row)) if known else missing(reason)
        if printed:
            columns["time_paper"][_key(row)] = _printed(tables, printed, row, number)
    return columns


def _parts(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    """What a training's time is made of: one step over that of CE, and the seconds before the first one."""
    steps, fixed = (tables.facts.get(f"teacher_{name}_seconds") or {} for name in ("step", "fixed"))
    plain = steps.get(unprotected(tables).get(row.arch))
    if row.model not in steps or not plain:
        return ""
    said = f"a step {number(steps[row.model] / plain)}; {number(fixed.get(row.model, 0.0), digits=2)} s before"
    return f'<br><span class="interval">{said}</span>'


def _sample(tables: Tables) -> str:
    seeds = seeds_of(teachers_of(tables))
    return f"n = {tables.facts['test_n']:,} test images of {escape(tables.dataset)}, {seeds}"


def _beside(tables: Tables, printed: Printed, row: Any) -> dict[str, str]:  # noqa: ANN401 - a row
    """The paper's accuracy and the difference to it; nothing where the paper has no such data set."""
    if not printed:
        return {}
    return {
        "paper": _printed(tables, printed, row, percent),
        "difference": _printed(tables, printed, row, lambda paper: points(row.value - paper)),
    }


def _printed(tables: Tables, printed: Printed, row: Any, show: Callable[[float], str]) -> str:  # noqa: ANN401 - a row
    paper = printed.get((tables.printed_label(row.defense), row.arch))
    return missing("the paper prints no number for this pair") if paper is None else table_cell(show(paper))
