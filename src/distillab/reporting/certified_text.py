"""Sentences about certificates: what is proved and what is open, and what a survey of the papers gets wrong."""

from collections.abc import Iterator
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.certified_rows import certificates, combines, labels, strongest, threat_models
from distillab.reporting.display import Html, paragraph, percent, points
from distillab.reporting.reported import Reported
from distillab.reporting.summaries import counts, over_seeds, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset
from distillab.reporting.titles import text_titles
from distillab.reporting.worst_rows import at, named

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 3
"""Models that the answer names."""

_COMMAND = "distillab certify --weights mnist.pth --arch wong_small --eps 0.1"


def certified_answer(tables: Tables) -> Html:
    """What is certified of the models at the first radius, what attacks leave, and what lies between."""
    frame = certificates(tables)
    if frame.empty:
        return paragraph("No certificate was computed in this preset.", kind="lead")
    threat = threat_models(tables, frame)[0]
    shown = strongest(at(frame, threat))
    rows = sorted(records(over_seeds(shown, ["model"], "certified_accuracy")), key=lambda row: -row.value)
    rest = f" {len(rows) - _SHOWN} more models are in the table." if len(rows) > _SHOWN else ""
    said = "; ".join(_proved(tables, row, shown[shown["model"] == row.model]) for row in rows[:_SHOWN])
    return paragraph(
        f"On {dataset(tables)} at {named(threat)}: {said}. n = {counts(shown['n'])} images, {seeds_of(shown)}.{rest}",
        kind="lead",
    )


def rounding(tables: Tables) -> Html:
    """Certificates hold up to rounding: on how many bounds that may matter; nothing without certificates."""
    frame = certificates(tables)
    if frame.empty:
        return Html("")
    within = int(frame["slack"].sum())
    lie = f"{within:,} of them lie" if within else "none of them lies"
    return paragraph(
        f"Bounds are computed in floating point, without directed rounding; {lie} so close above zero that rounding "
        "might decide, and such a bound counts as not certified."
    )


def orderings() -> Html:
    """Which certifier is tighter by a theorem, and which is not."""
    return Html(
        "<ul><li>Theorems: the exact minimum is at least the LP with layers bounded by LPs, that is at least the LP on "
        "any other bounds of the layers, and an LP is at least alpha-CROWN, CROWN or the dual on the same bounds. LPs "
        "on tighter bounds of the layers are tighter.</li>"
        "<li>No theorem: that the dual or CROWN is at least as tight as interval arithmetic, that one of these two is "
        "the tighter one, or that tighter bounds of the layers make either tighter: their slopes are fixed by "
        "these bounds. Hence “best” asks all three, and stops at the first that certifies an image.</li>"
        "<li>Nor need a bound with fixed slopes fall as the radius grows. A certified radius is one that was certified "
        "itself.</li></ul>"
    )


def command() -> Html:
    """How to certify weights that somebody published."""
    return Html(f"<pre><code>{_COMMAND}</code></pre>") + paragraph(
        "reads a state dictionary (safetensors, or PyTorch's formats, without running code from the file), maps its "
        "tensors to the architecture by order and shape, and prints the clean and the certified accuracy with "
        "intervals. Published files hold no normalization, so that pixels are taken as they are, from 0 to 1, unless "
        "a mean and a deviation are given."
    )


def survey_corrections(papers: Reported) -> Html:
    """What the survey that this study starts from says about the two papers, and what they say."""
    return Html(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in _corrections(papers))}</ul>")


def _proved(tables: Tables, row: Any, part: "pd.DataFrame") -> str:  # noqa: ANN401 - a row
    bounds = f" [{percent(row.low)}, {percent(row.high)}]" if isfinite(row.low) else ""
    key = part["certifier"].iloc[0]
    by = "the best of several bounds" if combines(tables, key) else escape(labels(tables)[key])
    said = f"{escape(text_titles(tables)[row.model])} is certified on {percent(row.value)} %{bounds} by {by}"
    robust, gap = float(part["robust_accuracy"].mean()), float(part["gap"].mean())
    if not isfinite(robust):
        return f"{said}, with no attack beside it"
    return f"{said}, attacks leave {percent(robust)} %, and {points(gap).lstrip('+')} points are open"


def _corrections(papers: Reported) -> Iterator[str]:
    first, scaling = papers["wong_kolter_reported"], papers["scaling_reported"]
    wrong = first[first["note"].fillna("").str.startswith("WRONG")].set_index("dataset")["value"]
    exact = first[first["source"].str.startswith("recomputed") & first["setting"].str.contains("no input box")]
    error = float(exact.loc[exact["quantity"] == "robust_error_bound", "value"].iloc[0])
    single = float(scaling[(scaling["model"] == "single ResNet")]["value"].iloc[0])
    yield (
        f"Certified accuracy of {wrong['MNIST']} % on MNIST is not in the paper. Its robust error at that radius is "
        f"{error:g} %, so {100 - error:g} % are certified; the released weights give exactly that."
    )
    yield (
        f"Certified accuracy of {wrong['CIFAR10']} % on CIFAR-10 is not in it either: the first paper has no such "
        f"experiment. The nearest number is the second paper's {single:g} %, of a single residual network."
    )
    yield from _WORDS
    pairs = [_errors(scaling, "MNIST", "small", eps) for eps in ("linf eps 0.1", "linf eps 0.3")]
    pairs.append(_errors(scaling, "CIFAR10", "resnet", "linf eps 2/255"))
    said = "; ".join(f"{before:g} to {after:g} %" for before, after in pairs)
    yield (
        f"“Slightly increased” test errors of cascades: from {said} (both numbers of a pair are known from memory). "
        "Where the two errors of a cascade are the same, its last network leaves nothing uncertified."
    )


_WORDS = (
    "The margin of the right class is minimized and must stay above zero; the survey maximizes and wants it negative.",
    "The loss is the cross-entropy of the negated bounds. The paper mixes in no clean loss, has no weight λ, and never "
    "trains through linear programs.",
    "The bounds called CROWN, from positive and negative parts of the weights, are interval arithmetic. The paper "
    "bounds its layers by its own dual; CROWN is later, and interval training too.",
    "The triangle that relaxes a ReLU is right for units whose sign is open. For the others it divides by zero, or is "
    "looser than the unit itself.",
    "Other norms need no new derivation: the dual norm takes the place of the L1 norm.",
    "An inequality for a layer's outputs is labeled as one for its pre-activations; in the second paper's network a "
    "sum ends one layer late and the perturbed image carries the wrong index.",
    "Random projections do not keep the bounds as tight: they estimate them with noise, too small on average where the "
    "number of directions is even, and half of the time the estimate is no bound. They are for training.",
    "A gain over intervals, a share of missed certificates, a speed-up over linear programs: no such experiment is in "
    "the paper.",
    "Exact, linear program, dual, intervals: the last link of this chain is no theorem, see above.",
)


def _errors(scaling: "pd.DataFrame", data: str, model: str, eps: str) -> tuple[float, float]:
    """Test errors of the single network and of the cascade."""
    rows = scaling[(scaling["dataset"] == data) & (scaling["model"] == model) & (scaling["quantity"] == "test_error")]
    values = rows.set_index("setting")["value"]
    return float(values[f"single, {eps}"]), float(values[f"cascade, {eps}"])
