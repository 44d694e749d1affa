"""What a page has around what its cells show: contents with anchors, explained terms, papers to cite."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from itertools import count
from pathlib import Path
from typing import Any

_TAG = re.compile(r"(<[^>]*>)")
_HEADING = re.compile(r"<h([23])>(.*?)</h\1>", re.DOTALL)
_EMPTY_SECTION = re.compile(r"<h2>(?:(?!</h2>).)*</h2>\s*(?=<h2>)", re.DOTALL)
_NOTES = re.compile(r'<div class="notes">(.*?)</div>', re.DOTALL)
_NOTE = re.compile(r"<p\b[^>]*>(.*?)</p>", re.DOTALL)
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
_DASHES = '<p class="dashes">'
"""Why a table has dashes: their letters are its own."""
_TOP = re.compile(r'<header class="top".*?</header>', re.DOTALL)
_PAGE = re.compile(r'<header class="top" data-page="(\w+)"')
_UNTOUCHED = frozenset(
    ["a", "abbr", "button", "code", "h1", "h2", "h3", "pre", "script", "style", "summary", "svg", "th"]
)
"""Elements in which no term is explained."""


@dataclass(frozen=True)
class Page:
    """A page in parts, each as HTML."""

    top: str
    """Links to the other pages, and which run this is; empty of a page without."""
    body: str
    contents: str
    papers: str
    glossary: str


def furnished(shown: str, folder: Path) -> Page:
    """What the cells of a report show, with furniture from the data beside the template.

    A section without content is left out. Headings get anchors and make the contents; a note that a table above has
    word for word is left out; the first occurrence of each term of ``glossary.json`` leads to its meaning;
    ``papers.json`` says what to cite.
    """
    top = _TOP.search(shown)
    page = _PAGE.search(shown)
    body = _anchored(_said_once(_EMPTY_SECTION.sub("", _TOP.sub("", shown, count=1))))
    terms, papers = (_read(folder / f"{name}.json") for name in ("glossary", "papers"))
    body, used = _explained(body, terms)
    cited = papers.get(page[1], []) if page else []
    return Page(top[0] if top else "", body, _contents(body), _papers(cited), _glossary(used, terms))


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _said_once(html: str) -> str:
    """Without the sentences of notes that repeat one word for word; why a table has dashes is its own."""
    said: set[str] = set()

    def kept(found: re.Match[str]) -> str:
        return f'<div class="notes">{new}</div>' if (new := _NOTE.sub(note, found[1])) else ""

    def note(found: re.Match[str]) -> str:
        if found[0].startswith(_DASHES):
            return found[0]
        new = [sentence for sentence in _SENTENCE.split(found[1]) if sentence not in said]
        said.update(new)
        return f"<p>{' '.join(new)}</p>" if new else ""

    return _NOTES.sub(kept, html)


def _anchored(html: str) -> str:
    """Headings with ids made from their text, each of its own."""
    taken: set[str] = {"main", "papers", "glossary", *re.findall(r"\bid=[\"']([^\"']*)", html)}

    def named(found: re.Match[str]) -> str:
        slug = re.sub(r"\W+", "-", _text(found[2]).lower()).strip("-") or "part"
        free = next(each for each in _numbered(slug) if each not in taken)
        taken.add(free)
        return f'<h{found[1]} id="{free}">{found[2]}</h{found[1]}>'

    return _HEADING.sub(named, html)


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    yield from (f"{slug}-{number}" for number in count(2))


def _contents(html: str) -> str:
    """Links to the sections of a page."""
    found = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', html, re.DOTALL)
    return "".join(f'<li><a href="#{anchor}">{_TAG.sub("", title)}</a></li>' for anchor, title in found)


def _explained(html: str, terms: dict[str, str]) -> tuple[str, list[str]]:
    """The first occurrence of each term as a link to its meaning, and which terms occur."""
    if not terms:
        return html, []
    names = "|".join(re.escape(escape(term)) for term in sorted(terms, key=len, reverse=True))
    pattern, used = re.compile(rf"(?<![\w&-])({names})(?![\w-])"), dict[str, None]()

    def link(found: re.Match[str]) -> str:
        term = unescape(found[1])
        if term in used:
            return found[1]
        used[term] = None
        return f'<a class="term" href="#{_anchor(term)}" title="{escape(terms[term])}">{found[1]}</a>'

    inside: list[str] = []
    parts = []
    for part in _TAG.split(html):
        tag = re.match(r"</?(\w+)", part)
        if tag and tag[1] in _UNTOUCHED:
            inside = inside[:-1] if part.startswith("</") else [*inside, tag[1]]
        parts.append(part if part.startswith("<") or inside else pattern.sub(link, part))
    return "".join(parts), list(used)


def _glossary(used: list[str], terms: dict[str, str]) -> str:
    order = sorted(used, key=str.lower)
    return "".join(f'<div id="{_anchor(term)}"><dt>{escape(term)}</dt><dd>{escape(terms[term])}</dd></div>'
                   for term in order)  # fmt: skip


def _anchor(term: str) -> str:
    return f"term-{re.sub(r'[^a-z0-9]+', '-', term.lower())}"


def _papers(cited: list[dict[str, Any]]) -> str:
    """Papers as a list with links, and beneath it their BibTeX entries."""
    if not cited:
        return ""
    items = "".join(f"<li>{escape(_named(paper))} {_link(paper)}</li>" for paper in cited)
    entries = "\n\n".join(map(_bibtex, cited))
    return f'<ul>{items}</ul><pre class="bibtex" tabindex="0"><code>{escape(entries)}</code></pre>'


def _named(paper: dict[str, Any]) -> str:
    """``"Hinton et al., 2015: Distilling ..."``."""
    authors = paper["authors"].split(" and ")
    last = [author.split()[-1] for author in authors]
    who = f"{last[0]} et al." if len(last) > 2 else " and ".join(last)
    return f"{who}, {paper['year']}: {paper['title']}."


def _link(paper: dict[str, Any]) -> str:
    return f'<a href="https://arxiv.org/abs/{escape(paper["arxiv"])}">arXiv {escape(paper["arxiv"])}</a>'


def _bibtex(paper: dict[str, Any]) -> str:
    fields = {"author": paper["authors"], "title": f"{{{paper['title']}}}", "booktitle": paper.get("venue"),
              "year": paper["year"], "eprint": paper["arxiv"], "archivePrefix": "arXiv"}  # fmt: skip
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{'inproceedings' if 'venue' in paper else 'misc'}{{{paper['key']},\n{lines}\n}}"


def _text(html: str) -> str:
    return unescape(_TAG.sub("", html))
