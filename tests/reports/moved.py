"""Numbers of a page that no table moves: what a run measured drifts, and whatever stays the same was not read there."""

import json
import re
from collections import Counter
from fnmatch import fnmatch
from math import copysign
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from truth import plain

from distillab.tables import TABLES

DRIFTS = ((0.97, 1.04), (0.95, 1.03))
"""Factors and powers: shares stay shares and orders stay orders, ratios do not, and chance fails once."""

STATED = {
    "text",
    "flag",
    "index",
    "count",
    "images",
    "seeds",
    "labels",
    "side",
    "temperature",
    "power",
    "passes",
    "setting",
}
"""Units of what a run counts or was told."""

TOLD = {"eps"}
"""Columns in a unit of measurements whose values were chosen."""

NUMBER = re.compile(r"(?<![\w.])(\d[\d,]*\.\d+(?:e[−-]?\d+)?)(?![\w])")
LEAST = 3
"""Digits that a number must show: fewer may be the same by chance."""

BEFORE = 25
"""Characters before a number that say which one it is."""


def drift(tables: Path, factor: float, power: float) -> None:
    """Change everything that a run measured: ``v`` becomes ``factor |v|^power``, with its sign."""

    def drifted(value: Any) -> Any:
        if isinstance(value, float):
            return copysign(factor * abs(value) ** power, value)
        if isinstance(value, dict):
            return {key: drifted(inner) for key, inner in value.items()}
        return [drifted(inner) for inner in value] if isinstance(value, list | np.ndarray) else value

    for path in tables.glob("*.parquet"):
        frame = pd.read_parquet(path)
        for name in frame.columns:
            if _unit(path.stem, name) not in STATED and name not in TOLD:
                frame[name] = frame[name].map(drifted)
        frame.to_parquet(path)
    run = tables / "run.json"
    run.write_text(json.dumps(drifted(json.loads(run.read_text(encoding="utf-8")))), encoding="utf-8")
    facts = tables / "facts.json"
    found = json.loads(facts.read_text(encoding="utf-8"))
    facts.write_text(json.dumps(found | {"margin": drifted(found["margin"])}), encoding="utf-8")


def unmoved(before: str, *afters: str) -> list[str]:
    """Numbers of three digits that stand in all bodies of a page, at the same place, with what stands before them."""
    there = [{where: number for where, number, _ in _numbers(after)} for after in afters]
    return [said for where, number, said in _numbers(before) if all(other.get(where) == number for other in there)]


def _numbers(html: str) -> list[tuple[tuple[str, int], str, str]]:
    text, found, times = plain(re.sub(r"<(svg|script|style|pre)\b.*?</\1>", " ", html, flags=re.DOTALL)), [], Counter()
    for match in NUMBER.finditer(text):
        context = NUMBER.sub("#", text[max(0, match.start() - 3 * BEFORE) : match.start()])[-BEFORE:]
        times[context] += 1
        if len(re.sub(r"\D", "", match[1]).lstrip("0")) >= LEAST:
            found.append(((context, times[context]), match[1], text[max(0, match.start() - BEFORE) : match.end() + 5]))
    return found


def _unit(table: str, column: str) -> str:
    """The unit of a column, which may be one of many with a common beginning."""
    columns = TABLES[table].columns
    return next(each.unit for each in columns if column == each.name or fnmatch(column, each.name))
