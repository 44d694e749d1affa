"""How protected teachers answer: entropy, support, distance from the unprotected one, and the loss behind it."""

from collections.abc import Callable
from html import escape
from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting import response_figures
from distillab.reporting.display import Html, header, number, paragraph, setting, table
from distillab.reporting.drawing import show, style
from distillab.reporting.names import grade_note, marked
from distillab.reporting.palette import places
from distillab.reporting.summaries import counts, estimate_cell, kinds_note, over_seeds, range_of, seeds_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.titles import html_titles, in_order

if TYPE_CHECKING:
    import pandas as pd

_RELEASED = 1.0
_COLUMNS = {
    "entropy": header("Entropy", "mean, nats"),
    "entropy_sd": header("Its spread", "sd over images"),
    "support": header("Support", "exp(entropy), classes"),
    "gap": header("Gap", "first − second"),
    "kl_from_plain": header("KL(q, CE)", "nats"),
    "kl_to_plain": header("KL(CE, q)", "nats"),
}
_SOFTENED = ("entropy", "kl_from_plain", "kl_to_plain")
"""What is shown at the temperatures of attackers."""

_INFINITE = '<abbr class="missing" title="infinite: zeros meet mass">∞</abbr>'
_NO_PLAIN = "no unprotected teacher of this network and seed"
_NOTHING_RIGHT = "no image is classified correctly"
_TARGET = np.array([0.6, 0.4, 0.0, 0.0])
"""A sparse answer: two classes of four are kept."""


def responses_table(tables: Tables) -> Html:
    """Per teacher: how sure its right answers are, as released and softened, and how far from the unprotected ones."""
    import pandas as pd

    frame = tables["responses"]
    if frame.empty:
        return paragraph("No answers were compared.")
    temperatures = sorted(frame["temperature"].unique())
    columns = {(t, name): _COLUMNS[name] for t in temperatures for name in (_COLUMNS if t == _RELEASED else _SOFTENED)}
    made: dict[str, dict[str, str]] = {}
    kinds: list[str] = []
    for temperature, name in columns:
        part = frame[frame["temperature"] == temperature]
        infinite = set(part.loc[part[name] == inf, "teacher"])
        answers = part.groupby("teacher")["n"].sum()
        for row in records(over_seeds(part, ["teacher"], name, within=range_of(name, "responses"))):
            shown = estimate_cell(row, number, reason=_NO_PLAIN if answers[row.teacher] else _NOTHING_RIGHT)
            made.setdefault(row.teacher, {})[_column(temperature, name)] = (
                _INFINITE if row.teacher in infinite else shown
            )
            kinds += [row.kind] if isfinite(row.value) else []
    titles = html_titles(tables)
    labels = {"teacher": header("Teacher", "grade")} | {_column(*key): title for key, title in columns.items()}
    return table(
        pd.DataFrame([{"teacher": titles[name]} | made[name] for name in in_order(tables, frame["teacher"])]),
        name="responses",
        caption=f"<b>How the teachers answer</b> images that they classify correctly, n = {counts(frame['n'])} test "
        f"images of {escape(tables.dataset)}, {seeds_of(frame)}.",
        labels=labels,
        spanners={_spanner(t): [_column(*key) for key in columns if key[0] == t] for t in temperatures},
        notes=[
            kinds_note(pd.Series(kinds, dtype=object)),
            "Softened at T: each answer to the power 1/T, normalized, which is all a thief can do with probabilities. "
            "CE: the unprotected teacher of the same network and seed. Infinite: one of the two has an exact zero "
            "where the other has mass.",
            grade_note(tables, frame["defense"].unique()),
        ],
    )


def profile_figure(tables: Tables) -> Html:
    """The mean sorted answer of each teacher, as log-probabilities."""
    frame = tables["profiles"]
    if frame.empty:
        return Html("")
    frame = frame.assign(
        arch=[tables.networks.get(teacher, teacher) for teacher in frame["teacher"]],
        label=[marked(tables, key) for key in frame["defense"]],
        order=places(frame["defense"]),
    ).sort_values(["order", "rank"])
    with style():
        return show(
            response_figures.profiles(frame),
            name="profiles",
            alt="Mean log-probability against the rank of the class in the answer, one falling line per defense.",
            caption="<b>The mean sorted answer.</b> Log-probabilities at T = 1, centered image by image as only their "
            "differences count, and cut where float32 answers end. Steps near the top are classes that an answer "
            "keeps; a flat tail tells nothing about the rest. Lines: means over "
            f"{seeds_of(frame)}; bands: their range.",
            data=frame.groupby(["arch", "label", "rank"], sort=False)["value"].mean().reset_index(),
        )


def divergence_figure() -> Html:
    """EPD against both Kullback-Leibler divergences, as functions of the trained answer p; computed here."""
    frame = divergence_rows()
    kept = ", ".join(setting(value) for value in _TARGET)
    with style():
        return show(
            response_figures.divergences(frame),
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
        "EPD(p, r)": lambda p: response_figures.exponential_divergence(p, _TARGET),
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


def _kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """``sum p ln(p / q)``; NaN where infinite, which a figure leaves out."""
    from scipy.special import rel_entr

    found = rel_entr(p, q).sum(axis=-1)
    return np.where(np.isinf(found), np.nan, found)


def _column(temperature: float, name: str) -> str:
    return f"{name}_{temperature:g}"


def _spanner(temperature: float) -> str:
    return "As released (T = 1)" if temperature == _RELEASED else f"Softened at T = {temperature:g}"
