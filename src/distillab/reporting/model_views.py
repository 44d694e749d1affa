"""Facts about the models themselves: accuracy, confidence, concentration, training."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.reporting import figures
from distillab.reporting.display import Html, cell, header, interval, missing, number, percent, points, table
from distillab.reporting.drawing import show, style
from distillab.reporting.palette import ordered
from distillab.reporting.reported import Printed, Reported
from distillab.reporting.summaries import counts, kinds_note, not_separable, over_seeds, seeds_phrase, teachers_of
from distillab.reporting.tables import Tables

if TYPE_CHECKING:
    import pandas as pd


def accuracy_table(tables: Tables, reported: Reported) -> Html:
    """Test accuracy of the protected models, beside the paper's number where it is about the same data set."""
    import pandas as pd

    printed = reported.accuracies(reported.dataset(tables.facts))
    teachers = teachers_of(tables)
    shown = over_seeds(teachers, ["defense", "defense_label", "arch"], "test_accuracy")
    shown = shown.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
    best = not_separable(shown["value"], shown["low"], shown["high"], largest=True)
    rows = [
        {
            "model": escape(row.defense_label),
            "arch": escape(row.arch),
            "ours": cell(interval(percent(row.value), percent(row.low), percent(row.high)), best=bool(best[row.Index])),
            **_beside(printed, (row.defense_label, row.arch), row.value),
        }
        for row in shown.itertuples()
    ]
    labels = {"model": "Model", "arch": "Architecture", "ours": header("Accuracy ↑", "%"), **_paper_headers(printed)}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="accuracy",
        caption=f"<b>Accuracy of the protected models</b>, n = {tables.facts['test_n']:,} test images of {escape(tables.dataset)}, "
        f"{seeds_phrase(int(teachers['seed'].nunique()))}.",
        labels=labels,
        notes=[
            kinds_note(shown["kind"]),
            "Bold: the best and every model whose interval overlaps its interval." if best.any() else "",
        ],
    )


def entropy_table(tables: Tables, reported: Reported) -> Html:
    """How confident each teacher's answers are, and what that costs."""
    import pandas as pd

    printed = reported.entropies(reported.dataset(tables.facts))
    teachers = teachers_of(tables)
    columns = {
        "entropy_nats": header("Entropy", "nats"),
        "entropy_normalized": header("Entropy", "share of ln k"),
        "confidence": header("Confidence", "mean top probability"),
        "ece": header("ECE ↓", "calibration error"),
        "nll": header("NLL ↓", "nats"),
        "brier": header("Brier ↓", ""),
    }
    by = ["defense", "defense_label", "arch"]
    means = {name: over_seeds(teachers, by, name) for name in columns}
    first = means["entropy_normalized"].sort_values("value", ascending=False, kind="stable")
    rows = [
        {"model": escape(row.defense_label), "arch": escape(row.arch)}
        | {name: _estimate(frame.loc[row.Index]) for name, frame in means.items()}
        | ({"paper": _printed_number(printed, (row.defense_label, row.arch))} if printed else {})
        for row in first.itertuples()
    ]
    labels = {"model": "Teacher", "arch": "Architecture", **columns}
    labels |= {"paper": header("Paper", "unit not stated")} if printed else {}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="entropy",
        caption=f"<b>Confidence of the released answers</b>, n = {tables.facts['test_n']:,} test images of {escape(tables.dataset)}, "
        f"{seeds_phrase(int(teachers['seed'].nunique()))}.",
        labels=labels,
        notes=[
            kinds_note(first["kind"]),
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
            caption=f"<b>{escape(finding)}</b> Lines: means over {seeds_phrase(int(overall['seed'].nunique()))}; bands: "
            f"their range; n = {counts(overall['n'])} images.",
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
            caption="<b>Training losses of the teachers.</b> One thin line per seed; post-hoc defenses share the network "
            "of the teacher that they wrap.",
        )


def _beside(printed: Printed, key: tuple[str, str], value: float) -> dict[str, str]:
    if not printed:
        return {}
    paper = printed.get(key)
    reason = "the paper prints no number for this pair"
    return {
        "paper": missing(reason) if paper is None else cell(percent(paper)),
        "difference": missing(reason) if paper is None else cell(points(value - paper)),
    }


def _paper_headers(printed: Printed) -> dict[str, str]:
    return {"paper": header("Paper", "%"), "difference": header("Ours − paper", "points")} if printed else {}


def _printed_number(printed: Printed, key: tuple[str, str]) -> str:
    return cell(number(printed[key])) if key in printed else missing("the paper prints no number for this pair")


def _estimate(row: "pd.Series") -> str:  # type: ignore[type-arg]
    if not isfinite(row["value"]):
        return missing("not measured")
    return cell(interval(number(row["value"]), number(row["low"]), number(row["high"])))
