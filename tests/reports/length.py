"""How many words a page has for its reader: `python tests/reports/length.py PAGE.html ...` counts them.

Folded parts count as if they were open. A word holds a letter: numbers are none. The BibTeX entries, the glossary, the
labels inside drawings and what is not shown do not count.
"""

import re
import sys
from html import unescape
from pathlib import Path

_EXCEPTED = (
    re.compile(r"<(style|script|head|svg)\b.*?</\1>", re.DOTALL),
    re.compile(r'<pre class="bibtex".*?</pre>', re.DOTALL),
    re.compile(r'<section class="glossary">.*?</section>', re.DOTALL),
)
_TAG = re.compile(r"<[^>]*>")


def count(page: str) -> int:
    """Words of a page, or of a piece of one."""
    for part in _EXCEPTED:
        page = part.sub(" ", page)
    return sum(any(map(str.isalpha, word)) for word in unescape(_TAG.sub(" ", page)).split())


def by_section(page: str) -> dict[str, int]:
    """The same by heading, those before the first one under the empty title."""
    title, *parts = re.split(r"<h2[^>]*>(.*?)</h2>", page, flags=re.DOTALL)
    return {"": count(title)} | {
        _TAG.sub("", name): count(part) for name, part in zip(parts[::2], parts[1::2], strict=True)
    }


def main() -> None:
    """Print the words of every page named, and of all together."""
    found = {Path(name).stem: count(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]}
    for name, words in (found | {"together": sum(found.values())}).items():
        print(f"{name:15}{words:7,}")  # noqa: T201


if __name__ == "__main__":
    main()
