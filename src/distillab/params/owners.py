"""Whose a mistake is: what a preset brought is told as the preset's, with the way to take it out."""

import re
from collections.abc import Mapping
from typing import Any

from distillab.params.layers import ParamsLayers

TABLES = (
    ("defenses",),
    ("knockoff", "attacks"),
    ("thieves",),
    ("models",),
    ("chains",),
    ("robustness", "attacks"),
    ("certification", "certifiers"),
)
"""Where ``null`` takes out what a lower layer names."""


def with_owner(line: str, layers: ParamsLayers) -> str:
    """The line of a mistake, and after it which file its place is of, where that is not the user's override."""
    place = re.match(r"params: ([\w.]+)(?:\[\d+\])*[\w.\[\]]*[: ]", line)
    keys = tuple(place[1].split(".")) if place else ()
    if not keys or _has(layers.override, keys):
        return line
    file = next((file for file in reversed(layers.by_file) if _has(layers.by_file[file], keys)), None)
    return line if file is None else f"{line}; {_told(keys, file)}"


def _told(keys: tuple[str, ...], file: str) -> str:
    for table in TABLES:
        if keys[: len(table)] == table and len(keys) > len(table):
            entry = keys[: len(table) + 1]
            out = _written((*entry, "null"))
            return f"{'.'.join(entry)} is {file}'s: change it, or take it out with `{out}` under override"
    return f"{'.'.join(keys)} is {file}'s: write your own under override"


def _written(keys: tuple[str, ...]) -> str:
    """Keys inside each other, as YAML in one line: ``chains: {survival: null}``."""
    return f"{keys[0]}: {keys[1]}" if len(keys) == 2 else f"{keys[0]}: {{{_written(keys[1:])}}}"


def _has(layer: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether a layer says something of a place, or of all that it is in."""
    found: Any = layer
    for key in keys:
        if not isinstance(found, dict):
            return True
        if key not in found:
            return False
        found = found[key]
    return True
