"""Figures of every page: each is made from a frame in a cell before, none is a crowd, and all can be read."""

import ast
import re
from html import unescape

import jupytext
import pandas as pd
import pytest
from in_process import PAGES, REPORTS, body

from distillab.reporting.charts import MOST
from distillab.reporting.marks import SERIES

FIGURE = re.compile(r'<figure class="drawing.*?</figure>', re.DOTALL)
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


@pytest.fixture(scope="module", params=PAGES)
def page(request, tables):
    return body(request.param, tables)


def panels(page):
    """Every panel of a page with the name of its figure."""
    return [(re.search(r'data-name="([^"]*)"', figure)[1], panel)
            for figure in FIGURE.findall(page) for panel in SVG.findall(figure)]  # fmt: skip


def lines_of(panel):
    """The drawn lines of a panel: strokes of one line count once."""
    return set(re.findall(rf'<g id="[^"]*-{SERIES}(\d+)(?:-\d+)?"', panel))


def test_no_panel_has_more_lines_than_can_be_told_apart(page):
    crowded = {name: len(lines_of(panel)) for name, panel in panels(page) if len(lines_of(panel)) > MOST}
    assert crowded == {}


def test_lines_are_counted_where_there_are_lines(tables):
    counted = {name: len(lines_of(panel)) for name, panel in panels(body("ta", tables))}
    assert counted["fig-robustness"] == 6
    assert all(counted.values())


def test_every_figure_has_words_and_a_name_of_its_own(page):
    figures = FIGURE.findall(page)
    names = [re.search(r'data-name="([^"]*)"', figure)[1] for figure in figures]
    assert len(names) == len(set(names))
    for figure in figures:
        assert re.search(r'class="panels" role="img" aria-label="[^"]{20,}"', figure)
        assert re.search(r"<figcaption>.{30,}</figcaption>", figure, re.DOTALL)


def test_no_text_of_a_panel_begins_or_ends_outside_of_it(page):
    """By the place of its anchor; how wide a text is, only a browser knows."""
    for name, panel in panels(page):
        width, height = (float(side) for side in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', panel).groups())
        for x, y, text in re.findall(r'<text [^>]*\bx="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)<', panel):
            where = f"{name}: {unescape(text)}"
            assert 0 <= float(x) <= width, where
            assert 5 <= float(y) <= height, where


def cells(name, tables, *, without=False):
    """What the code cells of a report show, its frames emptied before a cell uses them if ``without``."""
    values = {}
    for cell in jupytext.read(REPORTS / f"{name}.py", fmt="py:percent").cells:
        if cell.cell_type == "markdown":
            continue
        tree = ast.parse(cell.source)
        shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), values)
        if "parameters" in cell.metadata.get("tags", []):
            values |= {"tables": tables.as_posix(), "reported": (REPORTS / "reported").as_posix()}
        for key, value in list(values.items()) if without else ():
            if isinstance(value, pd.DataFrame):
                values[key] = value[:0]
        if shown is not None:
            value = eval(compile(ast.Expression(shown.value), name, "eval"), values)
            yield (value._repr_html_() or "") if value is not None else ""


@pytest.mark.parametrize("name", [name for name in PAGES if name != "index"])
def test_every_figure_is_made_of_a_frame_in_a_cell_before_it(name, tables):
    """A scientist who changes the frames changes the figures: without rows no figure is left."""
    assert any(FIGURE.search(shown) for shown in cells(name, tables))
    left = [re.findall(r'data-name="([^"]*)"', shown) for shown in cells(name, tables, without=True)]
    assert [names for names in left if names] == []
