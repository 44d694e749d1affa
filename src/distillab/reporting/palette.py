"""One look per method for all figures: color, marker and line style, legible in gray, light and dark.

Hues follow Okabe and Ito. Their lightness is spread so that no two colors share a gray, and each has at least 3:1
contrast against the page, in both themes. Figures are drawn in the light colors; in a page every color becomes a CSS
variable, so that one SVG serves both themes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias
from zlib import crc32

INK, PAPER, MUTED, RULE, BAND = "#1a1d21", "#ffffff", "#565e69", "#d8dce1", "#f1f3f5"

LIGHT = {
    "ink": INK, "paper": PAPER, "muted": MUTED, "rule": RULE, "band": BAND, "purple": "#6c127e", "blue": "#0054b3",
    "vermillion": "#c13705", "green": "#00856a", "rose": "#c85a99", "orange": "#c47d00",
}  # fmt: skip
DARK = {
    "ink": "#f4f5f7", "paper": "#14171c", "muted": "#a3abb6", "rule": "#3a414b", "band": "#222831",
    "purple": "#d452a9", "blue": "#489dff", "vermillion": "#fb9271", "green": "#50d3b0", "rose": "#f3bbe2",
    "orange": "#ffda5f",
}  # fmt: skip

METHOD_COLORS = ("ink", "blue", "orange", "green", "purple", "vermillion", "rose")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*", "d", "8")
Star: TypeAlias = tuple[int, Literal[1], int]
Marker: TypeAlias = str | Star
"""As matplotlib names it, or the number of points, 1 for a star, and an angle."""

Line: TypeAlias = str | tuple[int, tuple[float, ...]]
OTHER = "other"
"""What stands in the background, without a name."""

_ROLES: dict[str, tuple[str, Marker, int]] = {
    "control": ("muted", "o", 0), "margin": ("muted", "", 2), "second control": ("muted", "s", 1),
    OTHER: ("muted", ".", 0), "tick": ("muted", "|", 0), "worst attack": ("ink", "X", 1),
}  # fmt: skip
"""Looks of what is drawn beside methods."""
_LINES: tuple[Line, ...] = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (6, 2, 1.2, 2)))

_DEFENSES: dict[str, tuple[str, Marker, int]] = {
    "ce": ("ink", "o", 0), "ls": ("ink", "s", 1),
    "nt": ("vermillion", "v", 0), "snt": ("vermillion", "<", 1), "ast": ("vermillion", ">", 2),
    "st": ("green", "D", 0), "mad": ("green", "P", 1), "mad_argmax": ("green", "X", 2), "apgp": ("purple", "p", 0),
    "rsp": ("purple", "h", 1), "label_only": ("purple", "d", 2),
    "cmim": ("blue", "^", 0), "cmim_flat": ("blue", "8", 1), "cmim_anchored": ("blue", "*", 2),
    "madry": ("orange", "H", 0), "trades": ("orange", (4, 1, 0), 1),
    "wong_kolter": ("rose", (6, 1, 0), 0), "crown_ibp": ("rose", (3, 1, 0), 1), "ibp_training": ("rose", (8, 1, 0), 2),
}  # fmt: skip
"""Key to color, marker and line, in the order of every figure; one color per kind: unprotected, trained, post-hoc
(sparse or steered; all others), concentrated, trained on adversarial images, trained for certificates. A new defense
gets a look from its name until it is listed."""


@dataclass(frozen=True)
class Look:
    """How a method is drawn; ``color`` is a light-theme hex value."""

    color: str
    marker: Marker
    line: Line

    @property
    def size(self) -> float:
        """How large the marker is to be drawn: shapes with thin arms need more room."""
        return 1.35 if self.marker in {"P", "X", "*", "d", "."} or isinstance(self.marker, tuple) else 1.0


def look(key: str | int) -> Look:
    """The look of a defense, the same on every figure; of a role such as a control; or of a place in a series.

    A defense that is not listed has the color of the listed one that its name begins with, where there is such a one.
    """
    if not isinstance(key, str):
        return Look(LIGHT[METHOD_COLORS[key % len(METHOD_COLORS)]], _MARKERS[key % len(_MARKERS)],
                    _LINES[key % len(_LINES)])  # fmt: skip
    listed = _DEFENSES | _ROLES
    if key in listed:
        color, marker, line = listed[key]
        return Look(LIGHT[color], marker, _LINES[line])
    index = crc32(key.encode())
    family = max((known for known in _DEFENSES if key.startswith(f"{known}_")), key=len, default=None)
    color = _DEFENSES[family][0] if family else METHOD_COLORS[index % len(METHOD_COLORS)]
    return Look(LIGHT[color], _MARKERS[index % len(_MARKERS)], _LINES[index % len(_LINES)])


def ordered(keys: list[str]) -> list[str]:
    """Distinct keys in the order of every figure: listed methods first, then by name."""
    listed = list(_DEFENSES)
    return sorted(set(keys), key=lambda key: (listed.index(key) if key in listed else len(listed), key))


def places(keys: Iterable[str]) -> list[int]:
    """The place of each key in the order of every figure."""
    keys = list(keys)
    order = ordered(keys)
    return [order.index(key) for key in keys]


def themed(svg: str) -> str:
    """``svg`` with every palette color replaced by its CSS variable."""
    names = {value: name for name, value in LIGHT.items()}
    return re.sub("|".join(names), lambda match: f"var(--{names[match.group()]})", svg)


def css() -> str:
    """The palette as CSS variables: light by default and in print, dark where the reader's system asks for it."""
    light = "".join(f"--{name}:{value};" for name, value in LIGHT.items())
    dark = "".join(f"--{name}:{value};" for name, value in DARK.items())
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
