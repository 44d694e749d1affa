"""The site is built without a warning, needs no network, and leaves out nothing that it is generated from."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from documents import PROJECT

from distillab.core.stages import STAGES
from distillab.params.layers import preset_names

pytestmark = pytest.mark.workflow

sys.path.insert(0, str(PROJECT / "docs"))

from generate import DESIGN, ERRATA, METHODS, OWN, commands, pages, prose  # noqa: E402 - beside the pages


class Loaded(HTMLParser):
    """What a browser fetches by itself when it shows a page, and the page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {found.get("id") or ""}
        if tag == "a":
            self.links.append(found.get("href") or "")
        elif tag != "form":
            self.fetched += [value for name in ("src", "srcset", "href", "data") if (value := found.get(name))]


def read(page: Path) -> Loaded:
    loaded = Loaded()
    loaded.feed(page.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` builds it."""
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "docs", str(built)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return built


def test_pages_fetch_nothing_from_elsewhere(site: Path) -> None:
    built = sorted(site.rglob("*.html"))
    assert len(built) > 30
    for page in built:
        assert [address for address in read(page).fetched if "//" in address] == []
    assert [
        css.name for css in site.rglob("*.css") if re.search(r"(url\(|@import )[\"']?(https?:)?//", css.read_text())
    ] == []


def test_links_inside_the_site_lead_somewhere(site: Path) -> None:
    ids = {page: read(page).ids for page in site.rglob("*.html")}
    for page in ids:
        for link in read(page).links:
            name, _, anchor = link.partition("#")
            if "://" in link or link.startswith("mailto:"):
                continue
            target = (page.parent / name).resolve() if name else page
            assert target.exists(), f"{page}: {link}"
            assert not anchor or target.suffix != ".html" or anchor in ids[target], f"{page}: {link}"


def test_every_page_is_in_the_menu_and_in_the_search(site: Path) -> None:
    menu = {link.split("#")[0] for link in read(site / "index.html").links}
    pages_built = {page.relative_to(site).as_posix() for page in site.rglob("*.html") if "_static" not in page.parts}
    assert pages_built - menu <= {"genindex.html", "search.html", "index.html", "py-modindex.html"}
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert index.startswith("Search.setIndex(")
    assert "generated/defenses" in index


def test_every_method_has_its_equation_or_words_its_grade_and_its_source() -> None:
    written = pages()
    for name, (_, members, _) in METHODS.items():
        parts = written[name].split("\n## ")[1:]
        assert len(parts) == len(members)
        for member, part in zip(members, parts, strict=True):
            grade = "O" if OWN.get(member.paper) == DESIGN else member.grade
            assert f"Grade **{grade}**" in part
            assert prose(member.__doc__) in part
            assert OWN.get(member.paper, f"[{member.paper}](https://") in part


def test_no_paper_is_listed_that_no_method_is_from() -> None:
    papers = yaml.safe_load((PROJECT / "docs" / "papers.yaml").read_text(encoding="utf-8"))
    named = {member.paper for _, members, _ in METHODS.values() for member in members}
    assert set(papers) == named - set(OWN)


def test_every_erratum_command_and_preset_is_there() -> None:
    written = pages()
    errata = yaml.safe_load((PROJECT / "reports" / "reported" / "errata.yaml").read_text(encoding="utf-8"))
    assert errata.keys() == ERRATA.keys()
    assert written["errata"].count("\n- ") == sum(map(len, errata.values()))
    names = [name for name, _ in commands()]
    assert set(STAGES) <= set(names)
    for name, command in commands():
        own = written["command-line"].split(f"## `distillab {name}`\n")[1].split("\n## ")[0]
        for action in command._actions:
            assert all(f"`{option}`" in own for option in action.option_strings if option not in {"-h", "--help"})
    assert all(f"`{preset}`]" in written["presets"] for preset in preset_names(PROJECT / "config"))


def test_every_room_has_its_place() -> None:
    rooms = {path.parent.name for path in (PROJECT / "src" / "distillab").glob("*/__init__.py")}
    for page in ("docs/reference/layout.md", "CONTRIBUTING.md"):
        text = (PROJECT / page).read_text(encoding="utf-8")
        assert {room for room in rooms if f"`{room}`" not in text} == set()


def test_a_docstring_stays_what_it_is() -> None:
    assert prose("A ``x * y`` of `z`, *not* a <b>.\n\nReference: Someone 2020, section 3; methods section 4.2.") == (
        "A `x * y` of `z`, \\*not\\* a \\<b\\>.\n\nReference: Someone 2020, section 3."
    )
