"""Switching presets: ``params.yaml`` is edited in place, comments kept, so that DVC sees it."""

import io
from pathlib import Path

from ruamel.yaml import YAML

from distillab.core.files import write_text
from distillab.core.shown import LONGEST_VALUE, printable, shortened
from distillab.core.workspace import PARAMS
from distillab.params.layers import CONFIG, known_preset, read_yaml


def use_preset(root: Path, preset: str) -> str:
    """Make ``preset`` the one that runs; says what changed.

    Raises:
        SpecError: there is no such preset, or ``params.yaml`` is not readable.
    """
    path = root / PARAMS
    before = read_yaml(path)
    known_preset(root / CONFIG, preset, "distillab use")
    yaml = YAML()
    text = path.read_text(encoding="utf-8")
    content = yaml.load(text)
    if content is None:  # comments alone, which a document without content cannot keep
        content, buffer = {}, io.StringIO(text.rstrip() + "\n" if text.strip() else "")
        buffer.seek(0, io.SEEK_END)
    else:
        buffer = io.StringIO()
    content["preset"] = preset
    yaml.dump(content, buffer)
    write_text(path, buffer.getvalue())
    former = shortened(printable(str(before.get("preset", "none"))), LONGEST_VALUE)
    kept = "; the override is kept" if before.get("override") else ""
    return f"params.yaml: preset {former} -> {preset}{kept}; now run `snakemake` or `dvc repro`"
