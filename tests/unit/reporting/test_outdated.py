"""A page that a run was to make anew says that it is older than what it should show."""

from datetime import datetime

from distillab.reporting.outdated import MARK, mark_outdated

BEGAN = datetime(2026, 3, 4, 5, 6, 59)
PAGE = '<html><body><header>h</header>\n<main id="top" class="page"><p>old</p></main><main>second</main></body></html>'


def test_the_note_is_the_first_thing_of_the_page(tmp_path):
    page = tmp_path / "index.html"
    page.write_text(PAGE)
    mark_outdated(page, BEGAN)
    before, after = page.read_text().split('<main id="top" class="page">')
    assert before == PAGE.split("<main", maxsplit=1)[0]
    note, rest = after.split("</p>", maxsplit=1)
    assert rest == "<p>old</p></main><main>second</main></body></html>"
    assert note.startswith(f'<p role="status" {MARK}>')
    assert "This page is older than what it should show." in note
    assert "began on 2026-03-04 05:06 " in note


def test_a_page_is_marked_once(tmp_path):
    page = tmp_path / "index.html"
    page.write_text(PAGE)
    mark_outdated(page, BEGAN)
    first = page.read_text()
    mark_outdated(page, datetime(2027, 1, 1))
    assert page.read_text() == first


def test_what_is_no_page_is_left_alone(tmp_path):
    page = tmp_path / "index.html"
    mark_outdated(page, BEGAN)
    assert not page.exists()
    for content in (b"\xff\xfe", b"<p>no main</p>"):
        page.write_bytes(content)
        mark_outdated(page, BEGAN)
        assert page.read_bytes() == content
