"""The layers of ``params.yaml``: base, preset and override, read and merged."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from distillab.core.errors import SpecError
from distillab.core.shown import shown
from distillab.params.strict_yaml import LARGEST, parse

CONFIG = "config"
"""The folder of the presets in a project."""

EVERY = "*"
"""The key that stands for all keys of a lower layer."""

PRESET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""Names of presets: part of paths, of rules' wildcards and of shell commands."""


@dataclass(frozen=True)
class ParamsLayers:
    """What parameters are made of, the lowest first."""

    preset: str
    by_file: dict[str, dict[str, Any]]
    """Of the base and the preset, by their place in the project."""
    override: dict[str, Any]

    def merged(self) -> dict[str, Any]:
        """All layers as one mapping."""
        merged: dict[str, Any] = {}
        for layer in (*self.by_file.values(), self.override):
            merged = merge(merged, layer)
        return merged | {"preset": self.preset}


def read_layers(params: Path, preset: str | None = None) -> ParamsLayers:
    """``config/base.yaml``, the chosen preset (``preset`` if given) and the override.

    Raises:
        SpecError: a file is missing or is not a mapping, or the preset does not exist.
    """
    user = read_yaml(params)
    unknown = [shown(key).strip("'") for key in user if key not in {"preset", "override"}]
    if unknown:
        raise SpecError(
            "no such key here",
            where=f"{params.name}: {', '.join(unknown)}",
            expected="preset, override",
            do="what is different from the preset goes under override",
        )
    folder = params.parent / CONFIG
    name = known_preset(folder, preset or user.get("preset"), f"{params.name}: preset")
    files = ("base.yaml", f"{name}.yaml")
    by_file = {f"{CONFIG}/{file}": read_yaml(folder / file) for file in files}
    return ParamsLayers(name, by_file, _override(user, params.name))


def preset_names(folder: Path) -> list[str]:
    """The presets in ``folder``: every YAML file but the base."""
    return sorted(path.stem for path in folder.glob("*.yaml") if path.stem != "base")


def known_preset(folder: Path, preset: object, where: str) -> str:
    """The name of a preset in ``folder``.

    Raises:
        SpecError: there is none of this name, or its name cannot be part of a path.
    """
    known = preset_names(folder)
    if preset not in known:
        near = get_close_matches(str(preset), known, n=1)
        hint = f"did you mean {near[0]}?" if near else ""
        raise SpecError(
            "no such preset", where=where, expected=f"one of {', '.join(known)}", got=shown(preset), do=hint
        )
    if not PRESET.fullmatch(str(preset)):
        letters = "at most 40 letters, digits, - and _"
        raise SpecError("a preset's name", where=where, expected=letters, got=shown(preset), do="rename its file")
    return str(preset)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        SpecError: the file is missing, not a mapping, or not what parameters may be written as.
    """
    if not path.exists():
        raise SpecError("no such file", where=str(path), do="run from the project's root folder")
    if not path.is_file():
        raise SpecError("not a file", where=str(path))
    try:
        with path.open("rb") as file:
            content = parse(file.read(LARGEST + 1), str(path))
    except OSError as error:
        raise SpecError("cannot be read", where=str(path), got=error.strerror or "") from error
    if not isinstance(content, dict | None):
        raise SpecError("not a mapping", where=str(path), expected="key: value lines", got=type(content).__name__)
    return content or {}


def merge(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """``high`` over ``low``, recursively; a method of another name replaces the whole method.

    ``"*": null`` in ``high`` takes out all of ``low`` that ``high`` does not name.
    """
    others_out = EVERY in high and high[EVERY] is None
    merged = {key: value for key, value in low.items() if key in high or not others_out}
    for key, given in high.items():
        if key == EVERY and others_out:
            continue
        value, old = given, merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and _same_method(old, value):
            value = merge(old, value)
        merged[key] = value
    return merged


def _same_method(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return bool(new.get("name", old.get("name")) == old.get("name"))


def _override(user: dict[str, Any], name: str) -> dict[str, Any]:
    override = user.get("override") or {}
    if not isinstance(override, dict):
        raise SpecError(
            "not a mapping", where=f"{name}: override", expected="key: value lines or {}", got=type(override).__name__
        )
    if "preset" in override:
        raise SpecError("no such key here", where=f"{name}: override.preset", do="the preset is chosen beside override")
    return override
