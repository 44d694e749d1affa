"""README, CONTRIBUTING and the pages of docs/: their blocks of code, and how each is to be checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from project import PROJECT

CODE = {"console", "sh", "bash", "python", "yaml", "diff"}
"""Languages whose blocks are checked."""

CHECKS = {"run": CODE - {"diff", "yaml"}, "write": CODE - {"diff"}, "replace": {"diff"}, "params": {"yaml"},
          "added": {"diff"}, "parse": CODE - {"diff"}, "slurm": {"console"}, "gpu": {"console"}}  # fmt: skip
"""How a block may be checked, and in which languages."""

_FENCE = re.compile(r"^```(?P<language>[\w{}-]*)", flags=re.M)
_COMMENT = re.compile(r"<!-- (check|project): (.*?) -->")


@dataclass(frozen=True)
class Block:
    """A block of code in a page."""

    page: Path
    line: int
    language: str
    check: tuple[str, ...]
    """The words of the comment above it; none where there is no comment."""
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}:{self.line}"


def documents() -> list[Path]:
    """Every page that people write."""
    pages = [path for path in PROJECT.glob("docs/**/*.md") if "generated" not in path.parts]
    return [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(pages)]


def blocks(page: Path) -> list[Block]:
    """Blocks of code in a page, in their order."""
    return list(_blocks(page, page.read_text(encoding="utf-8")))


def _blocks(page: Path, text: str) -> Iterator[Block]:
    lines = iter(enumerate(text.splitlines(), start=1))
    check: tuple[str, ...] = ()
    for number, line in lines:
        if fence := _FENCE.match(line):
            inside = _until_fence(lines)
            if fence["language"] in CODE:
                yield Block(page, number, fence["language"], check, "\n".join(inside) + "\n")
            check = ()
        elif comment := _COMMENT.match(line):
            check = tuple(comment[2].split()) if comment[1] == "check" else check
        elif line.strip():
            check = ()


def _until_fence(lines: Iterator[tuple[int, str]]) -> list[str]:
    found: list[str] = []
    for _, line in lines:
        if line.startswith("```"):
            return found
        found.append(line)
    raise ValueError("a block without an end")


def starts_fresh(page: Path) -> bool:
    """Whether a page's commands start in a project in which nothing has run."""
    return "<!-- project: fresh -->" in page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """A page without its blocks and comments."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"<!--.*?-->", "", text, flags=re.S)


def links(page: Path) -> list[str]:
    """Targets of the links and pictures of a page."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as they are made of a heading's words."""
    headings = re.findall(r"^#+ (.*)$", prose(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
