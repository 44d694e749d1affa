"""Switching presets: ``params.yaml`` is edited in place, comments kept, so that DVC sees it."""

import io
from pathlib import Path

from ruamel.yaml import YAML

from distillab.core.errors import SpecError
from distillab.core.files import write_text
from distillab.core.workspace import PARAMS
from distillab.params.layers import CONFIG, preset_names, read_yaml


def use_preset(root: Path, preset: str) -> str:
    """Make ``preset`` the one that runs; says what changed.

    Raises:
        SpecError: there is no such preset, or ``params.yaml`` is not readable.
    """
    known = preset_names(root / CONFIG)
    if preset not in known:
        raise SpecError("no such preset", where="distillab use", expected=f"one of {', '.join(known)}", got=preset)
    path = root / PARAMS
    before = read_yaml(path)
    yaml = YAML()
    content = yaml.load(path.read_text(encoding="utf-8"))
    content["preset"] = preset
    buffer = io.StringIO()
    yaml.dump(content, buffer)
    write_text(path, buffer.getvalue())
    kept = "; the override is kept" if before.get("override") else ""
    return f"params.yaml: preset {before.get('preset')} -> {preset}{kept}; now run `snakemake` or `dvc repro`"
