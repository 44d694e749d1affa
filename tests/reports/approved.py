"""Pages boiled down to what they say, as a person has read and approved it, in `tests/reference/pages`.

Tables become a line a row, figures a fingerprint: which shapes are drawn in which order with which words, and a sum
of all their numbers, which rounding on another processor moves less than any change of the code. The page of the
fullest run is kept in full, those of the others as the beginning and the hash of each line.

`python tests/reports/approved.py` writes the pages as they are now: read the difference before you commit it.
"""

import hashlib
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from in_process import body
from variants import VARIANTS

FOLDER = Path(__file__).parents[1] / "reference" / "pages"
KEPT_WHOLE = "three_seeds"
SHOWN = 60
"""Characters of a line that is kept as its hash."""

FIGURE = re.compile(r"<svg.*?</svg>", re.DOTALL)
NAMES = re.compile(r'\s(?:id|xlink:href|clip-path|aria-labelledby|aria-describedby)="[^"]*"|#[\da-zA-Z_-]+')
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
NOISE = re.compile(r'\s(?:data-(?:column|value)="[^"]*"|(?:row|col)span="1"|scope="\w+")')
EMBEDDED = re.compile(r'data:[\w/+;=-]+,[^"\s)]*')
DIGESTS = re.compile(r'(?<=download="provenance\.json" href=")[^"]*')
"""Digests of tables, which know the last bits of a processor."""
ENDS = re.compile(r"(?<=</tr>)|(?<=</p>)|(?<=</li>)|(?<=</figcaption>)|(?<=</summary>)|(?=<drawing)|(?=<h\d)")


def lines_of(page: str, tables: Path) -> list[str]:
    """What a page says about the tables in a folder, line by line."""
    if page == "record":
        return body(page, tables).splitlines()
    text = FIGURE.sub(lambda found: _drawing(found[0]), body(page, tables))
    text = EMBEDDED.sub(lambda found: f"data:{_hash(found[0])}", NOISE.sub("", DIGESTS.sub("", text)))
    return [line.strip() for line in ENDS.split(re.sub(r"\s*\n\s*", " ", text)) if line.strip()]


def kept(variant: str, lines: list[str]) -> list[str]:
    """Lines as they stand in the file of a variant."""
    return lines if variant == KEPT_WHOLE else [f"{_told(line)} {line[:SHOWN]}" for line in lines]


def path_of(variant: str, page: str) -> Path:
    """The file of an approved page."""
    return FOLDER / f"{page}-{variant}.txt"


def differences(old: list[str], new: list[str]) -> Iterator[str]:
    """The lines that are not the same but for rounding, each as it was and as it is."""
    for number in range(max(len(old), len(new))):
        was, now = (lines[number] if number < len(lines) else "(no line)" for lines in (old, new))
        if not _same(was, now):
            yield f"line {number + 1}\n- {was}\n+ {now}"


def _drawing(svg: str) -> str:
    bare = NAMES.sub("", svg)
    numbers = [abs(float(number)) for number in NUMBER.findall(bare)]
    words = " / ".join(re.findall(r">([^<>\s][^<>]*)<", bare))
    shapes = _hash(NUMBER.sub("0", bare))
    told = sum(number * (1 + place % 61 / 61) for place, number in enumerate(numbers))
    return f"<drawing {shapes} {len(numbers)} numbers, sum {told:.12g}: {words}>"


SUM = re.compile(r"(?<=numbers, sum )[\d.e+-]+")


def _same(was: str, now: str) -> bool:
    """Whether two lines agree, the sums of drawings but for rounding."""
    if SUM.sub("", was) != SUM.sub("", now):
        return False
    sums = zip(map(float, SUM.findall(was)), map(float, SUM.findall(now)), strict=True)
    return all(abs(old - new) <= 3e-8 * old for old, new in sums)


def _told(line: str) -> str:
    """The hash of a line but for the sum of a drawing, which stands beside it."""
    return " ".join([_hash(SUM.sub("", line)), *(f"numbers, sum {found}" for found in SUM.findall(line))])


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def main() -> None:
    """Write every page as it is now."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for make, pages in VARIANTS.items():
            tables = make(Path(folder) / make.__name__)
            for page in pages:
                path = path_of(make.__name__, page)
                path.write_text("\n".join(kept(make.__name__, lines_of(page, tables))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
