"""What stands for a page where somebody shares its address: question, answer and picture, as a small PNG."""

import re
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING

from distillab.reporting.charts import Chart
from distillab.reporting.display import Piece
from distillab.reporting.drawing import Drawing, panels_of, style
from distillab.reporting.lettering import as_label
from distillab.reporting.palette import INK, MUTED, PAPER
from distillab.studies import PAGES

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from PIL.Image import Image

WIDTH, HEIGHT = 1200, 630
"""Pixels, as sites expect them of a shared page."""

_COLORS = 64
"""Different colors of the file, which makes it a third as large."""
_DPI = 100
_EDGE = 48
_PICTURE = 560
"""Pixels of the picture's width, at most; and around everything."""
_LETTER = {"normal": 0.58, "bold": 0.66}
"""Widths of a letter, as shares of the size of the text."""


@dataclass(frozen=True)
class SocialCard:
    """An image of `WIDTH` x `HEIGHT` pixels; as text, the answer."""

    answer: str
    png: bytes

    def _repr_png_(self) -> bytes:
        return self.png

    def _repr_html_(self) -> None:
        """A page does not show its own card."""

    def __repr__(self) -> str:
        return self.answer


def social_card(page: str, answer: Piece | str, picture: Piece) -> SocialCard:
    """The question of a page, its answer, and the first panel of its picture.

    Args:
        page: Name of the page.
        answer: As the page gives it, HTML or text.
        picture: What the page shows beside it; left out where it is no drawing.
    """
    html = answer if isinstance(answer, str) else answer.text
    said = " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
    said = re.sub(r" (?=[,;:.])", "", said)
    charts = picture.charts if isinstance(picture, Drawing) else ()
    with style():
        return SocialCard(said, _png(_drawn(PAGES[page].title, PAGES[page].question, said, charts)))


def _drawn(title: str, question: str, answer: str, charts: tuple[Chart, ...]) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=PAPER)
    picture = _pixels(next(panels_of(charts[0]))) if charts else None
    free = WIDTH - 2 * _EDGE - (picture.shape[1] + _EDGE if picture is not None else 0)
    top = float(HEIGHT - _EDGE)
    for text, size, weight, color in ((f"distillab · {title}", 15, "normal", MUTED), (question, 25, "bold", INK),
                                      (answer, 14.5, "normal", INK)):  # fmt: skip
        line, letters = 1.4 * size * _DPI / 72, int(free / (_LETTER[weight] * size * _DPI / 72))
        for said in wrap(text, letters, max_lines=int((top - _EDGE) / line), placeholder=" …"):
            top -= line
            figure.text(_EDGE / WIDTH, top / HEIGHT, as_label(said), size=size, weight=weight, color=color)
        top -= _EDGE / 2
    if picture is not None:
        figure.figimage(picture, WIDTH - _EDGE - picture.shape[1], (HEIGHT - picture.shape[0]) // 2)
    return figure


def _pixels(panel: "Figure") -> "NDArray[np.uint8]":
    """A panel as an image that fits into the right half."""
    import numpy as np

    width, height = panel.get_size_inches()
    return np.asarray(_image(panel, min(_PICTURE / width, (HEIGHT - 2 * _EDGE) / height)))


def _png(figure: "Figure") -> bytes:
    """The figure in few colors: equal figures give equal bytes."""
    buffer = BytesIO()
    _image(figure, _DPI).convert("RGB").quantize(_COLORS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _image(figure: "Figure", dpi: float) -> "Image":
    from PIL.Image import open as opened

    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return opened(buffer)
