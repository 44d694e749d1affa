"""Pages in a real browser: they fit, they can be used by everybody, they print short, and nothing fails."""

import re

import pytest
from browser import axe_source, browser, why_not
from in_process import PAGES, REPORTS, body
from jinja2 import Environment, FileSystemLoader

from distillab.reporting.furniture import furnished
from distillab.reporting.palette import css

WIDTHS = (360, 768, 1440)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def written(name, tables):
    """The page as a file has it, made without a kernel."""
    template = (REPORTS / "template" / "page.html.j2").read_text(encoding="utf-8")
    template = re.sub(r"{%- set shown -%}.*?{%- endset -%}", "", template, flags=re.DOTALL)
    environment = Environment(loader=FileSystemLoader(REPORTS / "template"), autoescape=False)
    environment.filters["furnish"] = lambda shown: furnished(shown, REPORTS / "template")
    resources = {"title": name, "palette": css()}
    return environment.from_string(template).render(shown=body(name, tables), resources=resources)


@pytest.fixture(scope="module")
def opened(tables, tmp_path_factory):
    """Every page, open in one browser, with the errors that it wrote to its console."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("browser")
    with browser() as running:
        pages = {}
        for name in PAGES:
            path = folder / f"{name}.html"
            path.write_text(written(name, tables), encoding="utf-8")
            page, errors = running.new_page(viewport={"width": 360, "height": 740}), []
            page.on("console", lambda said, errors=errors: errors.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
            page.on("request", lambda sent, errors=errors: None if sent.url.startswith(("file:", "data:", "blob:"))
                    else errors.append(sent.url))  # fmt: skip
            page.goto(path.as_uri())
            pages[name] = (page, errors, path)
        yield pages


@pytest.fixture(params=PAGES)
def page(request, opened):
    return opened[request.param][0]


def test_no_page_scrolls_sideways(page):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_fails_and_nothing_is_asked_of_the_network(opened):
    assert {name: errors for name, (_, errors, _) in opened.items()} == {name: [] for name in PAGES}


def test_no_barrier_is_found(page):
    page.set_viewport_size({"width": 768, "height": 800})
    page.evaluate(axe_source())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules}).then(found => found.violations)", RULES)
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found] == []


def test_a_keyboard_reaches_every_link_button_and_scrolling_box(page):
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.evaluate("document.activeElement.blur(); window.seen = new Set();"
                  "document.addEventListener('focusin', event => window.seen.add(event.target))")  # fmt: skip
    wanted = page.evaluate("document.querySelectorAll('a[href], button, input, summary, [tabindex=\"0\"]').length")
    for _ in range(min(wanted, 60)):
        page.keyboard.press("Tab")
    assert page.evaluate("window.seen.size") >= min(wanted, 60) - 1
    boxes = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth)"
        ".every(each => each.tabIndex === 0)"
    )
    assert boxes


def test_text_in_figures_can_be_read_at_every_width(page):
    sizes = (
        "[...document.querySelectorAll('.drawing svg text')].map(each => [each, each.ownerSVGElement])"
        ".filter(([_, svg]) => svg.getBoundingClientRect().width).map(([each, svg]) =>"
        " parseFloat(getComputedStyle(each).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"
    )
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert min(page.evaluate(sizes), default=11) >= 11


def test_no_text_in_a_figure_is_cut_or_lies_on_another(page):
    """As the browser draws it, in its own fonts; two pixels are nothing."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    problems = page.evaluate(
        """() => [...document.querySelectorAll('.drawing svg')].flatMap(svg => {
            const whole = svg.getBoundingClientRect(), name = svg.closest('figure').dataset.name;
            const texts = [...svg.querySelectorAll('text')].filter(each => each.textContent.trim());
            const boxes = texts.map(each => ({ text: each.textContent, box: each.getBoundingClientRect() }));
            const cut = boxes.filter(({ box }) => box.left < whole.left - 2 || box.right > whole.right + 2 ||
                box.top < whole.top - 2 || box.bottom > whole.bottom + 2).map(({ text }) => `${name}: cut: ${text}`);
            const over = boxes.flatMap((one, place) => boxes.slice(place + 1).filter(other =>
                Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left) > 2 &&
                Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top) > 4)
                .map(other => `${name}: ${one.text} on ${other.text}`));
            return [...cut, ...over];
        })"""
    )
    assert problems == []


def test_a_figure_is_downloaded_with_all_its_panels_and_in_plain_colors(opened, tmp_path):
    page = opened["ta"][0]
    figure = page.locator("figure[data-name=fig-robustness]")
    for button, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as found:
            figure.get_by_role("button", name=button).click()
        assert found.value.suggested_filename == f"fig-robustness.{button.lower()}"
        found.value.save_as(tmp_path / button)
        assert (tmp_path / button).read_bytes().startswith(begins)
    text = (tmp_path / "SVG").read_text(encoding="utf-8")
    assert text.count("<svg") == 1 + figure.locator("svg").count()
    assert "var(--" not in text


def test_the_first_screen_holds_what_an_answer_needs(opened):
    page = opened["index"][0]
    top = "name => document.querySelector(name).getBoundingClientRect().top"
    for width, height, shown in ((1440, 900, ("h1", ".lead", ".cards", ".first figure")), (360, 740, ("h1", ".lead"))):
        page.set_viewport_size({"width": width, "height": height})
        assert max(page.evaluate(top, name) for name in shown) < height


def test_tables_sort_by_a_column_and_back(opened):
    page = opened["undistillable"][0]
    page.set_viewport_size({"width": 1440, "height": 900})
    table = "#utility-caption ~ .scroll table"
    cells = f"[...document.querySelectorAll('{table} tbody tr')].map(row => parseFloat(row.cells[1].innerText))"
    button = page.locator(f"{table} thead button").nth(1)
    button.click()
    rising = page.evaluate(cells)
    button.click()
    assert rising == sorted(rising)
    assert page.evaluate(cells) == sorted(rising, reverse=True)


def test_printed_tables_keep_their_heads_and_lose_their_tools(opened):
    page = opened["undistillable"][0]
    page.emulate_media(media="print")
    shown = "each => [...document.querySelectorAll(each)].map(one => one.getBoundingClientRect().height > 0)"
    heads, tools = page.evaluate(shown, "#utility-caption ~ .scroll thead button"), page.evaluate(shown, ".tools")
    page.emulate_media(media="screen")
    assert heads
    assert all(heads)
    assert tools
    assert not any(tools)


def test_the_printed_overview_is_short(opened, tmp_path):
    page, path = opened["index"][0], tmp_path / "index.pdf"
    page.pdf(path=str(path), prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", path.read_bytes())) <= 4


def test_a_page_is_small(opened):
    assert max(path.stat().st_size for _, _, path in opened.values()) < 1_500_000
