"""Where the project is, for a notebook that is opened in any of its folders."""

from pathlib import Path

MARK = "Snakefile"
"""A file that stands at the project's root and nowhere else."""


def in_project(path: str) -> Path:
    """A path from the project's root, which is looked for upward; as it is if it is absolute, or outside a project."""
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / MARK).is_file()), here)
    return root / path
