"""The first screen of the overview: the question, the answer, its control, three numbers, what is open, one picture."""

from collections.abc import Iterator
from html import escape
from math import inf, isfinite, nan
from typing import Any

from distillab.core.identity import PAPER
from distillab.reporting.answer import answer_sentence
from distillab.reporting.certified_text import certified_answer
from distillab.reporting.chain_text import claims_answer
from distillab.reporting.display import Html, Piece, interval, percent, points
from distillab.reporting.heads import head, study_list
from distillab.reporting.knockoff_rows import attack_name, sample, seeds_of
from distillab.reporting.robust_text import adversarial_answer
from distillab.reporting.selection import kind_of, robbed_by
from distillab.reporting.sparse_text import sparse_answer
from distillab.reporting.studies import studies_of
from distillab.reporting.summaries import counts, over_seeds, seeds_phrase
from distillab.reporting.summaries import seeds_of as seeds_of_models
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title
from distillab.reporting.thief_rows import UNPRICED, hardest_first, price_phrase
from distillab.reporting.titles import text_titles
from distillab.reporting.verdict_notes import control_note
from distillab.reporting.worst_rows import ROBUST, at, named, threat_models
from distillab.studies import STUDIES
from distillab.tables.thefts import UNPROTECTED

CARDS = 3
"""Numbers that the first screen shows."""


def first_screen(tables: Tables, picture: Piece) -> Html:
    """Everything that an answer needs, in the order in which it is asked for, and beside it a picture."""
    said = [f'<p class="lead">{escape(answer_sentence(tables))}</p>', _control(tables), _cards(tables), _open(tables)]
    return head(tables, "index") + Html(
        f'<div class="first"><div class="said">{"".join(said)}</div>{picture.text}</div>{study_list(tables).text}'
    )


def findings(tables: Tables) -> Html:
    """One answer per study of the run, but for the one that the first screen gives."""
    answers = {
        "ta": lambda: claims_answer(tables),
        "sparse": lambda: sparse_answer(robbed_by(tables, PAPER), short=True),
        "adversarial": lambda: adversarial_answer(tables),
        "certified": lambda: certified_answer(tables),
    }
    said = [
        f'<h3><a href="{study}.html">{escape(STUDIES[study].title)}</a></h3>{_plainly(answers[study]()).text}'
        for study in studies_of(tables)
        if study in answers
    ]
    return Html("".join(said))


def _plainly(answer: Html) -> Html:
    return Html(answer.text.replace(' class="lead"', ""))


def _control(tables: Tables) -> str:
    """Whether an unprotected teacher is shown to leak, and on how many images and seeds all this rests."""
    if not len(tables["verdicts"]):
        return ""
    return f"<p>{escape(control_note(tables))} {escape(sample(tables))}, {seeds_of(hardest_first(tables))}.</p>"


def _open(tables: Tables) -> str:
    """What is undecided, and what the cheapest of it would take."""
    verdicts = hardest_first(tables) if len(tables["verdicts"]) else None
    if verdicts is None:
        undecided = int((tables["claims"]["decision"] == "undecided").sum())
        return f"<p><strong>Undecided:</strong> {undecided} of {len(tables['claims'])} claims.</p>" if undecided else ""
    found = records(verdicts[verdicts["verdict"] == "undecided"])
    if not found:
        return "<p><strong>Undecided:</strong> nothing.</p>"
    cheapest = min(found, key=lambda v: v.price_seeds if isfinite(v.price_seeds or nan) else inf)
    price = price_phrase(tables, cheapest)
    nearest = f"the nearest, {cheapest.row} against {thief_title(cheapest.thief)}, would take {price}"
    rest = price if price == UNPRICED else nearest
    return f"<p><strong>Undecided:</strong> {len(found)} of {len(verdicts)} verdicts; {escape(rest)}.</p>"


def _cards(tables: Tables) -> str:
    """Three numbers with their intervals, of what this run has."""
    return card_list([*_leaks(tables), *_worst(tables), *_certified(tables)][:CARDS])


def card_list(cards: "list[Card]") -> str:
    """Numbers side by side; nothing where there is none."""
    items = "".join(
        f"<li><b>{value}</b>{escape(what)}<br><span>{escape(more)}</span></li>" for value, what, more in cards
    )
    return f'<ul class="cards">{items}</ul>' if items else ""


Card = tuple[str, str, str]
"""A number as HTML, what it is, and what it rests on."""


def _leaks(tables: Tables) -> Iterator[Card]:
    """The largest gain from the unprotected teacher, and from the defended one that loses least to the same thief."""
    verdicts = hardest_first(tables)
    plain = verdicts[verdicts["unprotected"] & verdicts["best_delta"].notna()]
    if plain.empty:
        return
    most = max(records(plain), key=lambda v: v.best_delta)
    yield _gain(tables, most, f"what {thief_title(most.thief)} gains from {most.row}, the unprotected teacher")
    others = verdicts[~verdicts["unprotected"] & (verdicts["thief"] == most.thief) & verdicts["best_delta"].notna()]
    if len(others):
        least = min(records(others), key=lambda v: v.best_delta)
        several = f"of {others['teacher'].nunique()} defended teachers the one that loses least"
        yield _gain(tables, least, f"from {least.row}, {several}")


def _gain(tables: Tables, v: Any, what: str) -> Card:  # noqa: ANN401 - a row
    value = interval(f"{points(v.best_delta)} points", points(v.lower), points(v.upper))
    return value, what, f"{attack_name(tables, v.best_attack)}, {seeds_phrase(int(v.seeds))}: {v.verdict}"


def _worst(tables: Tables) -> Iterator[Card]:
    """What the unprotected teacher and the most robust one keep under the worst attack."""
    frame = tables["worst"]
    frame = frame[frame["role"] == "teacher"]
    if frame.empty:
        return
    threat = threat_models(tables, frame)[0]
    shown = at(frame, threat)
    kinds = {row.model: kind_of(tables, row.defense) for row in records(shown)}
    rows = records(over_seeds(shown, ["model"], "robust_accuracy"))
    robust = [row for row in rows if kinds[row.model] == ROBUST] or rows
    best, titles = max(robust, key=lambda row: row.value), text_titles(tables)
    plain = [row for row in rows if kinds[row.model] == UNPROTECTED and row is not best]
    beside = f"; {titles[plain[0].model]} keeps {_share(plain[0], html=False)}" if plain else ""
    told = shown[shown["model"].isin([row.model for row in (best, *plain[:1])])]
    yield _share(best), f"kept by {titles[best.model]} under the worst attack at {named(threat)}{beside}", _n(told)


def _certified(tables: Tables) -> Iterator[Card]:
    """The largest certified accuracy."""
    frame = tables["certificates"].rename(columns={"low": "certified_low", "high": "certified_high"})
    if frame.empty:
        return
    threat = threat_models(tables, frame)[0]
    shown = at(frame, threat)
    rows = records(over_seeds(shown, ["model", "certifier"], "certified_accuracy"))
    best = max(rows, key=lambda row: row.value)
    told = shown[(shown["model"] == best.model) & (shown["certifier"] == best.certifier)]
    yield _share(best), f"of images certified for {text_titles(tables)[best.model]} at {named(threat)}", _n(told)


def _share(row: Any, *, html: bool = True) -> str:  # noqa: ANN401 - a row
    ends = percent(row.low), percent(row.high)
    known = isfinite(row.low)
    if html:
        return interval(f"{percent(row.value)} %", *ends)
    return f"{percent(row.value)} %" + (f" [{ends[0]}, {ends[1]}]" if known else "")


def _n(frame: Any) -> str:  # noqa: ANN401 - a data frame
    return f"n = {counts(frame['n'])} images, {seeds_of_models(frame)}"
