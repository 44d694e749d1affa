"""How protected teachers answer: entropy, support, distance from the unprotected one, and the loss behind it."""

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.cells import Absent, Content, Marked
from distillab.reporting.charts import Axis, Chart, Reference, by_defense, spread
from distillab.reporting.columns import Heading, declared
from distillab.reporting.display import Html, Piece, setting
from distillab.reporting.drawing import show
from distillab.reporting.kit import PageTable
from distillab.reporting.names import marked
from distillab.reporting.palette import places
from distillab.reporting.summaries import counts, estimates, range_of, seeds_of
from distillab.reporting.tables import Tables
from distillab.reporting.titles import cell_titles, in_order

if TYPE_CHECKING:
    import pandas as pd

_RELEASED = 1.0
RESPONSES = {
    "entropy": declared("responses", "entropy", "Entropy", "mean, nats"),
    "entropy_sd": declared("responses", "entropy_sd", "Its spread", "sd over images"),
    "support": declared("responses", "support", "Support", "exp(entropy), classes"),
    "gap": Heading("Gap", "first − second"),
    "kl_from_plain": declared("responses", "kl_from_plain", "KL(q, CE)"),
    "kl_to_plain": declared("responses", "kl_to_plain", "KL(CE, q)"),
}
_SOFTENED = ("entropy", "kl_from_plain", "kl_to_plain")
"""What is shown at the temperatures of attackers."""

_INFINITE = Marked("∞", "missing", reason="infinite: zeros meet mass")
_NO_PLAIN = "no unprotected teacher of this network and seed"
_NOTHING_RIGHT = "no image is classified correctly"
_TARGET = np.array([0.6, 0.4, 0.0, 0.0])
"""A sparse answer: two classes of four are kept."""


def responses_table(tables: Tables) -> PageTable:
    """Per teacher: how sure its right answers are, as released and softened, and how far from the unprotected ones."""
    frame = tables["responses"]
    temperatures = sorted(frame["temperature"].unique())
    spanners = {
        _spanner(t): {_column(t, name): name for name in (RESPONSES if t == _RELEASED else _SOFTENED)}
        for t in temperatures
    }
    columns = {key: RESPONSES[name] for keys in spanners.values() for key, name in keys.items()}
    cells = {
        _column(t, name): _answers(frame[frame["temperature"] == t], name)
        for t, keys in zip(temperatures, spanners.values(), strict=True)
        for name in keys.values()
    }
    titles = cell_titles(tables)
    return PageTable(
        "responses",
        "How the teachers answer",
        {"teacher": Heading("Teacher")} | columns,
        [
            {"teacher": titles[teacher]} | {key: found[teacher] for key, found in cells.items()}
            for teacher in in_order(tables, frame["teacher"])
        ],
        sample=f" images that they classify correctly, n = {counts(frame['n'])} test images{tables.of_standin}, "
        f"{seeds_of(frame)}"
        if len(frame)
        else "",
        spanners={title: list(keys) for title, keys in spanners.items()},
        notes=[
            "Softened at T: each answer to the power 1/T, normalized, which is all a thief can do with probabilities. "
            "CE: the unprotected teacher of the same network and seed. Infinite: one of the two has an exact zero "
            "where the other has mass.",
        ],
        otherwise="No answers were compared.",
    )


def _answers(frame: "pd.DataFrame", name: str) -> dict[str, Content]:
    """One column by teacher; infinite where any seed is."""
    answers, infinite = frame.groupby("teacher")["n"].sum(), set(frame.loc[frame[name] == inf, "teacher"])
    return {
        teacher: _INFINITE if teacher in infinite else Absent(_NO_PLAIN if answers[teacher] else _NOTHING_RIGHT)
        if isinstance(each, Absent) else each
        for teacher, each in estimates(frame, ["teacher"], name, within=range_of(name, "responses")).items()
    }  # fmt: skip


def sorted_answers(tables: Tables) -> "pd.DataFrame":
    """The table ``profiles`` in the order of every figure, with the network and the label of each line."""
    frame = tables["profiles"]
    return frame.assign(
        arch=[tables.networks.get(teacher, teacher) for teacher in frame["teacher"]],
        label=[marked(tables, key) for key in frame["defense"]],
        order=places(frame["defense"]),
    ).sort_values(["order", "rank"])


def profile_figure(frame: "pd.DataFrame") -> Piece:
    """The rows of `sorted_answers` drawn: the mean sorted answer of each teacher, as log-probabilities."""
    if frame.empty:
        return Html("")
    drawn = spread(by_defense(frame), ["arch", "defense", "label", "rank"], "value")
    several = drawn["arch"].nunique() > 1
    chart = Chart(
        drawn,
        x=Axis("rank", "rank of the class in the answer"),
        y=Axis("value", "log-probability, centered", low="low", high="high"),
        panel="arch" if several else "",
        line="label",
        look="defense",
        bounds="band",
    )
    return show(
        chart,
        name="profiles",
        alt="Mean log-probability against the rank of the class in the answer, one falling line per defense.",
        caption="<b>The mean sorted answer.</b> Log-probabilities at T = 1, centered image by image as only their "
        "differences count, and cut where float32 answers end. Steps near the top are classes that an answer "
        "keeps; a flat tail tells nothing about the rest. Lines: means over "
        f"{seeds_of(frame)}; bands: their range.",
        data=drawn[["arch", "label", "rank", "value"]],
    )


def divergence_figure(frame: "pd.DataFrame") -> Piece:
    """The rows of `divergence_rows` drawn: EPD against both Kullback-Leibler divergences, as functions of p."""
    if frame.empty:
        return Html("")
    losses = list(dict.fromkeys(frame["loss"]))
    chart = Chart(
        frame.assign(order=frame["loss"].map(losses.index)),
        x=Axis("t", "share of the way along the segment"),
        y=Axis("value", "value", limits=(-0.35, 1.5)),
        panel="segment",
        line="loss",
        look="order",
        markers=False,
        references=(Reference("y", -0.35, until=0), Reference("x", "at", "r")),
    )
    kept = ", ".join(setting(value) for value in _TARGET)
    return show(
        chart,
        name="divergences",
        alt="EPD(p, r) is a straight line through zero at p = r and negative beyond; KL touches zero there.",
        caption=f"<b>EPD is no divergence.</b> p moves along two segments of the simplex, the target r = ({kept}) "
        "at the upright line. EPD is linear in p and negative in the band, so it is least not at p = r but where "
        "all of p lies on the largest entry of r. KL(r, p) is least at p = r and grows without bound where p "
        "empties a class that r keeps; KL(p, r) is infinite wherever p is positive on a class that r dropped.",
        data=frame,
    )


def divergence_rows() -> "pd.DataFrame":
    """EPD(p, r), KL(r, p) and KL(p, r) along two segments through a sparse r: within its classes, and out of them."""
    import pandas as pd

    t, corners = np.linspace(0, 1, 101), np.eye(len(_TARGET))
    segments = {
        "p between the two kept classes": (corners[1], corners[0], float(_TARGET[0])),
        "p from r to a dropped class": (_TARGET, corners[2], 0.0),
    }
    losses: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "EPD(p, r)": lambda p: exponential_divergence(p, _TARGET),
        "KL(r, p)": lambda p: _kl(_TARGET, p),
        "KL(p, r)": lambda p: _kl(p, _TARGET),
    }
    rows = []
    for segment, (start, end, at) in segments.items():
        p = (1 - t)[:, None] * start + t[:, None] * end
        rows += [
            pd.DataFrame({"segment": segment, "at": at, "loss": loss, "t": t, "value": value(p)})
            for loss, value in losses.items()
        ]
    return pd.concat(rows, ignore_index=True)


def exponential_divergence(p: np.ndarray, r: np.ndarray) -> np.ndarray:
    """``sum_c exp(r_c) (r_c - p_c)`` over the last axis.

    Reference: Yilmaz & Keles 2024, released code.
    """
    found: np.ndarray = (np.exp(r) * (r - p)).sum(axis=-1)
    return found


def _kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """``sum p ln(p / q)``; NaN where infinite, which a figure leaves out."""
    from scipy.special import rel_entr

    found = rel_entr(p, q).sum(axis=-1)
    return np.where(np.isinf(found), np.nan, found)


def _column(temperature: float, name: str) -> str:
    return f"{name}_{temperature:g}"


def _spanner(temperature: float) -> str:
    return "As released (T = 1)" if temperature == _RELEASED else f"Softened at T = {temperature:g}"
