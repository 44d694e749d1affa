"""Sentences about adversarial training: what is left in the worst case, and what a survey of the papers gets wrong."""

from collections.abc import Iterator
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.display import Html, paragraph, percent
from distillab.reporting.reported import Reported
from distillab.reporting.selection import kind_of
from distillab.reporting.summaries import counts, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset
from distillab.reporting.titles import text_titles
from distillab.reporting.worst_rows import ROBUST, at, named, threat_models
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

_NAMED = (ROBUST, UNPROTECTED)


def adversarial_answer(tables: Tables) -> Html:
    """What robust and unprotected teachers keep under the worst of all attacks, and whether that can be trusted."""
    frame = tables["worst"]
    frame = frame[frame["role"] == "teacher"]
    if frame.empty:
        return paragraph("No teacher met an attack of a fixed radius in this preset.", kind="lead")
    threat = threat_models(tables, frame)[0]
    shown = at(frame, threat)
    kinds = shown["defense"].map(lambda key: kind_of(tables, key))
    trained = (kinds == ROBUST).any()
    rows = _ranked(shown[kinds.isin(_NAMED)]) if trained else _ends(shown)
    return paragraph(
        f"{'' if trained else 'No teacher was trained adversarially here. '}On {dataset(tables)}, under the worst of "
        f"{counts(shown['attacks'])} attack{'s' * int(shown['attacks'].max() > 1)} at {named(threat)}: "
        f"{'; '.join(_kept(tables, row) for row in rows)} of n = {counts(shown['n'])} images "
        f"({seeds_of(shown)}).{_doubt(tables, shown)}",
        kind="lead",
    )


def _ranked(frame: "pd.DataFrame") -> list[Any]:
    """Teachers by what they keep, most first."""
    return sorted(records(over_seeds(frame, ["model"], "robust_accuracy")), key=lambda row: -row.value)


def _ends(frame: "pd.DataFrame") -> list[Any]:
    """The teachers that keep most and least."""
    ranked = _ranked(frame)
    return [ranked[0], ranked[-1]] if len(ranked) > 1 else ranked


def _kept(tables: Tables, row: Any) -> str:  # noqa: ANN401 - a row
    bounds = f" [{percent(row.low)}, {percent(row.high)}]" if isfinite(row.low) else ""
    return f"{escape(text_titles(tables)[row.model])} keeps {percent(row.value)} %{bounds}"


def _doubt(tables: Tables, frame: "pd.DataFrame") -> str:
    """Teachers whose direct attacks an attack from another network beats."""
    beaten = frame.loc[frame["transfer_wins"].astype(bool), "model"].unique()
    if not len(beaten):
        return ""
    names = "; ".join(escape(text_titles(tables)[model]) for model in beaten)
    return f" An attack carried over from another network beats every direct one on {names}. Do not trust that number."


def survey_corrections(papers: Reported) -> Html:
    """What the survey that this study starts from says about the three papers, and what they say."""
    return Html(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in _corrections(papers))}</ul>")


def _corrections(papers: Reported) -> Iterator[str]:
    madry, trades, papernot = (papers[f"{name}_reported"] for name in ("madry", "trades", "papernot"))
    ends = madry[madry["quantity"] == "accuracy_max_over_attacks"]
    said = " and ".join(f"{row.value} % on {row.dataset}" for row in records(ends))
    yield (
        f"Madry et al.: the survey gives accuracies under attack as ranges up to {said}. Those ends are accuracies on "
        "clean images; only the lower ends are under attack."
    )
    levels = madry[(madry["quantity"] == "epsilon") & (madry["dataset"] == "CIFAR10")]["value"].iloc[0]
    yield f"Madry et al.: eps {levels} on CIFAR-10 counts levels of 0 to 255; on images in [0, 1] it is {levels}/255."
    yield (
        "TRADES: a higher λ is said to be more robust. It is less so: the weight of the robust term is β = 1/λ, and "
        "the larger β, the more robust and the less accurate."
    )
    wrong = trades[trades["note"].fillna("").str.startswith("WRONG pairing")].iloc[0]
    right = trades[trades["note"].fillna("").str.startswith("RIGHT partner")].iloc[0]
    robust = trades[trades["model"] == "TRADES 1/lambda=6"].query("quantity == 'robust_accuracy'").iloc[0]
    yield (
        f"TRADES: {robust['value']} % under attack is paired with {wrong['value']} % natural accuracy, which is that "
        f"of β = 1. The model of β = 6 has {right['value']} %."
    )
    lowest = madry[(madry["quantity"] == "accuracy_min_over_attacks") & (madry["dataset"] == "CIFAR10")]["value"].iloc[
        0
    ]
    quoted = trades[(trades["model"] == "Madry et al.") & (trades["quantity"] == "robust_accuracy")]["value"].iloc[0]
    yield (
        f"TRADES compares itself with {quoted} % of Madry et al. on CIFAR-10. That is the model of their public "
        f"challenge; their paper's own has {lowest} %."
    )
    features = papernot[papernot["quantity"] == "robustness_increase"].query("dataset == 'MNIST'")["value"].iloc[0]
    yield (
        f"Papernot et al.: an increase of robustness by {features} % counts the features that the saliency-map attack "
        "had to change. The attack did not adapt to the saturated softmax of a distilled network, and attacks on "
        "logits undo the effect: the metric measured masked gradients."
    )
