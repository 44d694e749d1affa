"""What a page says of attacks that were cut short or weaker: where a number of theirs stands without the word."""

import re
from collections.abc import Iterator
from html import escape, unescape

import pandas as pd

from distillab.reporting.cells import html_of
from distillab.reporting.chain_views import chain_rows, least_rows, step_label
from distillab.reporting.strength import strength_words
from distillab.reporting.summaries import teachers_of
from distillab.reporting.tables import Tables, norm_label, records
from distillab.reporting.titles import cell_titles

FIGURE = re.compile(r"<figure.*?</figure>", re.DOTALL)
ROW, CELL = re.compile(r"<tr.*?</tr>", re.DOTALL), re.compile(r"<(t[dh])\b([^>]*)>(.*?)</\1>", re.DOTALL)
DRAWN = {
    "fig-robustness": ("raw", "rescaled"), "fig-largest": ("raw", "rescaled"), "fig-one-norm": ("raw",),
    "fig-steps-robustness": ("raw",), "fig-steps-averaged": ("raw", "rescaled"),
}  # fmt: skip
"""Figures with a panel or a line per attack on the chains, and the views of the logits that they draw."""


def unsaid(page: str, tables: Tables) -> list[str]:
    """Places of a page where a number of such an attack, or one that rests on it, stands without its word."""
    return [
        *_robustness(page, tables),
        *_masking(page, tables),
        *_worst(page, tables),
        *_drawings(page, tables),
        *_lists(page, tables),
        *_triptychs(page, tables),
        *_validity(page, tables),
    ]


def _robustness(page: str, tables: Tables) -> Iterator[str]:
    """Every cell of the table of models and attacks."""
    words, models = strength_words(tables), {tables.label(key): key for key in tables["robustness"]["model"].unique()}
    for row in _rows(_figure(page, "robustness")):
        model = models.get(_text(row[0][1]), "")
        for key in {attack for _, attack, _ in words}:
            word = words.get((model, key, "raw"), "")
            if word not in " ".join(_text(cell) for headers, cell in row if headers.partition("-")[0] == key):
                yield f"robustness: {model} under {key}"


def _masking(page: str, tables: Tables) -> Iterator[str]:
    """Every cell of the tables of attacks on Z and on Z/T."""
    words, frame = strength_words(tables), chain_rows(tables, "robustness")
    asked = {
        (tables.label(row.attack), step_label(tables, row.chain, row.temperature, row.step)): (row.model, row.attack)
        for row in records(frame)
    }
    for name in ("masking", "masking-others"):
        for row in _rows(_figure(page, name)):
            found = asked.get((_text(row[0][1]).partition(", n = ")[0], _text(row[1][1])))
            for headers, cell in row[2:] if found else []:
                if words.get((*found, headers.rpartition("_")[2]), "") not in _text(cell):
                    yield f"{name}: {found[0]} under {found[1]}, {headers}"


def _worst(page: str, tables: Tables) -> Iterator[str]:
    """The doubts about every worst case in whose norm no search is at full strength."""
    run = tables["robustness"]
    norms = {row.attack: f"{norm_label(row.norm)}, eps" for row in records(run)}
    run = run[(run["logits"] == "raw") & (run["kind"] == "minimum_norm") & (run["strength"] == "")]
    full = {(row.model, norms[row.attack]) for row in records(run)}
    titles = {model: _text(html_of(title, str)) for model, title in cell_titles(tables).items()}
    for figure in FIGURE.findall(page):
        name = re.search(r'id="((?:worst|survival)(?:-\d+)?)-caption"', figure)
        doubts = {_text(row[0][1]): _text(row[-1][1]) for row in _rows(figure)} if name else {}
        for (model, attack, view), word in strength_words(tables).items():
            about = norms[attack] in figure and view == "raw" and (model, norms[attack]) not in full
            said = doubts.get(titles.get(model, model)) if about else None
            if said is not None and f"{tables.label(attack)} is {word}" not in said:
                yield f"{name[1]}: {model} under {attack}"


def _drawings(page: str, tables: Tables) -> Iterator[str]:
    """Titles and legends of figures of chains: the attack's name never stands there bare."""
    for name, views in DRAWN.items():
        drawing = _figure(page, name)
        frame = chain_rows(tables, "robustness")
        for key in _behind(frame[frame["logits"].isin(views)])["attack"].unique():
            said = re.findall(rf"{re.escape(tables.label(key))}(?: \()?", _text(drawing))
            if drawing and (not said or not all(each.endswith("(") for each in said)):
                yield f"{name}: {key}"


def _lists(page: str, tables: Tables) -> Iterator[str]:
    """Captions and notes that list the attacks that a curve, a claim, a difference or a worst case rests on."""
    run, teachers = tables["robustness"], teachers_of(tables)
    for name in ("robustness-curves", "tradeoff", "differences", "claims"):
        figure = _figure(page, name)
        named = [name == "tradeoff" or f">{escape(label)}<" in figure for label in teachers["defense_label"]]
        drawn = teachers["model"][named]  # where costs are drawn every teacher is, most without a name
        frame, said = run[run["model"].isin(drawn)] if "<svg" in figure else least_rows(tables), _text(figure)
        for row in records(_behind(frame).drop_duplicates(["attack", "strength"])):
            if said and not re.search(rf"{re.escape(tables.label(row.attack))} \([^()]*{row.strength}", said):
                yield f"{name}: {row.attack} {row.strength}"


def _triptychs(page: str, tables: Tables) -> Iterator[str]:
    captions = [_text(figure.partition("<figcaption>")[2]) for figure in FIGURE.findall(page) if "triptych" in figure]
    for (model, attack, view), word in strength_words(tables).items():
        start = f"{tables.label(model)}, {tables.label(attack)}"
        if view == "raw" and any(caption.startswith(f"{start}: ") for caption in captions):
            yield f"triptych: {start}, {word}"


def _validity(page: str, tables: Tables) -> Iterator[str]:
    """The strip that names every attack with its budget, where it has budgets."""
    strip = re.search(r"<dl id='validity'.*?</dl>", page, re.DOTALL)
    if strip is None or "Attack budget" not in strip[0]:
        return
    for attack, word in {(attack, word) for (_, attack, _), word in strength_words(tables).items()}:
        if not re.search(rf"{re.escape(tables.label(attack))}[^;]* \([^;]*; [^;]*{word}", _text(strip[0])):
            yield f"validity: {attack} {word}"


def _behind(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["strength"] != ""]


def _figure(page: str, name: str) -> str:
    """A table or a drawing of a page; empty where it is not there."""
    marks = (f'id="{name}-caption"', f'download="{name}.csv"')
    return next((figure for figure in FIGURE.findall(page) if any(mark in figure for mark in marks)), "")


def _rows(figure: str) -> list[list[tuple[str, str]]]:
    """Of a table: per row that has a name, the column of each cell and what is in it."""
    found = [[(_headers(tag), cell) for _, tag, cell in CELL.findall(row)] for row in ROW.findall(figure)]
    return [row for row in found if len(row) > 1 and row[1][0]]


def _headers(tag: str) -> str:
    found = re.search(r'data-column="([^"]*)"', tag)
    return found[1] if found else ""


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
