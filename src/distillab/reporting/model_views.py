"""Facts about the models themselves: accuracy, confidence, concentration, training."""

from collections.abc import Callable
from html import escape
from typing import Any

from distillab.reporting import figures
from distillab.reporting.display import Html, cell, header, missing, number, percent, points, table
from distillab.reporting.drawing import show, style
from distillab.reporting.palette import ordered
from distillab.reporting.reported import Printed, Reported
from distillab.reporting.summaries import (
    counts,
    estimate_cell,
    kinds_note,
    not_separable,
    over_seeds,
    seeds_phrase,
    teachers_of,
)
from distillab.reporting.tables import Tables, records

_MODEL = ["defense", "defense_label", "arch"]


def accuracy_table(tables: Tables, reported: Reported) -> Html:
    """Test accuracy of the protected models, beside the paper's number where it is about the same data set."""
    import pandas as pd

    printed = reported.accuracies(reported.dataset(tables.facts))
    shown = over_seeds(teachers_of(tables), _MODEL, "test_accuracy", upper=1)
    shown = shown.sort_values("value", ascending=False, kind="stable")
    best = not_separable(shown["value"], shown["low"], shown["high"], largest=True)
    rows = [
        {"model": _name(tables, row), "ours": estimate_cell(row, percent, best=bool(best[row.Index]))}
        | _beside(printed, row)
        for row in records(shown)
    ]
    labels = {"model": "Model", "ours": header("Accuracy ↑", "%")}
    labels |= {"paper": header("Paper", "%"), "difference": header("Ours − paper", "points")} if printed else {}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="accuracy",
        caption=f"<b>Accuracy of the protected models</b>, {_sample(tables)}.",
        labels=labels,
        notes=[
            kinds_note(shown["kind"]),
            "Bold: the best and every model whose interval overlaps its interval." if best.any() else "",
        ],
    )


def entropy_table(tables: Tables, reported: Reported) -> Html:
    """How confident each teacher's answers are, and how well that confidence is calibrated."""
    import pandas as pd

    printed = reported.entropies(reported.dataset(tables.facts))
    columns = {
        "entropy_nats": header("Entropy", "nats"),
        "entropy_normalized": header("Entropy", "share of ln k"),
        "confidence": header("Confidence", "mean top probability"),
        "ece": header("ECE ↓", "calibration error"),
        "nll": header("NLL ↓", "nats"),
        "brier": header("Brier ↓", "squared error"),
    }
    teachers = teachers_of(tables)
    means = {name: records(over_seeds(teachers, _MODEL, name)) for name in columns}
    order = sorted(means["entropy_normalized"], key=lambda row: -row.value)
    rows = [
        {"model": _name(tables, row)}
        | {name: estimate_cell(shown[row.Index], number) for name, shown in means.items()}
        | ({"paper": _printed(printed, row, number)} if printed else {})
        for row in order
    ]
    labels = {"model": "Teacher", **columns} | ({"paper": header("Paper", "unit not stated")} if printed else {})
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="entropy",
        caption=f"<b>Confidence of the released answers</b>, {_sample(tables)}.",
        labels=labels,
        notes=[
            kinds_note(pd.Series([row.kind for row in order], dtype=object)),
            "Compare the paper's entropies with the normalized column." if printed else "",
        ],
    )


def concentration_figure(tables: Tables) -> Html:
    """CMI against power per defense, training and test images."""
    frame = tables["cmi"]
    overall = frame[frame["label"] == -1].rename(columns={"defense_label": "label_text"}).drop(columns="label")
    overall = overall.rename(columns={"label_text": "label"})
    peaks = overall.groupby(["label", "split", "power"])["cmi"].mean().groupby(["split", "label"]).max()
    split = "train" if (overall["split"] == "train").any() else "test"
    low, high = peaks[split].idxmin(), peaks[split].idxmax()
    finding = (
        f"{low} has the tightest clusters and {high} the widest: largest CMI on {split} images "
        f"{number(peaks[split][low])} and {number(peaks[split][high])} nats."
    )
    with style():
        return show(
            figures.concentration(overall),
            name="cmi",
            alt=f"Conditional mutual information against power, one line per defense. {finding}",
            caption=f"<b>{escape(finding)}</b> Lines: means over {seeds_phrase(overall['seed'].nunique())}; "
            f"bands: their range; n = {counts(overall['n'])} images.",
            data=overall.groupby(["label", "split", "power"], sort=False)["cmi"].mean().reset_index(),
        )


def training_figure(tables: Tables) -> Html:
    """Training curves of the teachers."""
    frame = tables["history"]
    teachers = teachers_of(tables).drop_duplicates("model").set_index("model")["defense"]
    frame = frame[frame["model"].isin(teachers.index)]
    order = ordered(list(frame["model"].map(teachers)))
    frame = frame.assign(label=frame["model"].map(tables.label), rank=frame["model"].map(teachers).map(order.index))
    with style():
        return show(
            figures.training(frame.sort_values("rank", kind="stable")),
            name="training",
            alt="Loss terms against epochs, one panel per teacher.",
            caption="<b>Training losses of the teachers.</b> One thin line per seed; post-hoc defenses share the "
            "network of the teacher that they wrap.",
        )


def _name(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    """The defense; with the architecture where teachers of several were trained."""
    several = teachers_of(tables)["arch"].nunique() > 1
    return escape(f"{row.defense_label}, {row.arch}" if several else str(row.defense_label))


def _sample(tables: Tables) -> str:
    seeds = seeds_phrase(len(tables.facts["seeds"]))
    return f"n = {tables.facts['test_n']:,} test images of {escape(tables.dataset)}, {seeds}"


def _beside(printed: Printed, row: Any) -> dict[str, str]:  # noqa: ANN401 - a row
    """The paper's accuracy and the difference to it; nothing where the paper has no such data set."""
    if not printed:
        return {}
    return {
        "paper": _printed(printed, row, percent),
        "difference": _printed(printed, row, lambda paper: points(row.value - paper)),
    }


def _printed(printed: Printed, row: Any, show: Callable[[float], str]) -> str:  # noqa: ANN401 - a row
    paper = printed.get((row.defense_label, row.arch))
    return missing("the paper prints no number for this pair") if paper is None else cell(show(paper))
