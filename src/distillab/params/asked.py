"""Seeds of open cells, asked for in ``params.yaml``: written in place, so that DVC sees it and a killed run goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from distillab.core.errors import SpecError
from distillab.core.files import write_text
from distillab.core.workspace import PARAMS
from distillab.params.edit import with_number
from distillab.params.layers import merge
from distillab.params.root import Params
from distillab.params.strict_yaml import parse


class AskedCell(NamedTuple):
    """Cells of the knockoff matrix that get seeds together: on all networks, with all trials of a tuning attacker."""

    thief: str
    defense: str
    attack: str


def ask_in_file(root: Path, asked: Mapping[AskedCell, int]) -> None:
    """Write how many seeds each of these cells shall have into the override; nothing else in the file changes.

    Raises:
        SpecError: the file is written in a way that cannot be extended, such as with aliases; it is left as it was.
    """
    path = root / PARAMS
    before = path.read_bytes().decode()
    text, wanted = before, parse(before.encode(), PARAMS) or {}
    for cell, seeds in asked.items():
        keys = ("override", "decide", "asked", *cell)
        wanted = merge(wanted, _nested(keys, seeds))
        try:
            text = with_number(text, keys, seeds)
        except ValueError as error:
            raise _not_editable(str(error)) from error
    if _reads_otherwise(text, wanted):
        raise _not_editable("anchors, aliases, merged keys, or keys in quotes")
    write_text(path, text)


def with_asked(params: Params, asked: Mapping[AskedCell, int]) -> Params:
    """The parameters after these seeds were asked for."""
    found = params.decide.asked
    for cell, seeds in asked.items():
        found = merge(found, _nested(cell, seeds))
    return params.model_copy(update={"decide": params.decide.model_copy(update={"asked": found})})


def _nested(keys: tuple[str, ...], value: int) -> dict[str, Any]:
    return {keys[0]: _nested(keys[1:], value) if len(keys) > 1 else value}


def _reads_otherwise(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return bool(parse(text.encode(), PARAMS) != wanted)
    except SpecError:
        return True


def _not_editable(reason: str) -> SpecError:
    return SpecError(
        "decide.asked cannot be added in place",
        where=PARAMS,
        expected="an override of plain keys and values",
        got=reason,
        do="write the override without them",
    )
