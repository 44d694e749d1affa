"""The plan of a params file, cached by its content and the code's, so that a no-op never imports torch."""

import hashlib
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.files import write_text
from distillab.core.job import Plan, read_plan
from distillab.core.workspace import HIDDEN

PARAMS = "params.yaml"


def load_plan(root: Path = Path()) -> Plan:
    """The plan of ``params.yaml`` in ``root``; validated, expanded, and cached.

    Raises:
        SpecError: the parameters are wrong; every error at once.
    """
    path = plan_path(root)
    try:
        return read_plan(path)
    except ArtifactError:
        from distillab.plan.build import build_plan

        plan = build_plan(root)
        write_text(path, plan.model_dump_json())
        return plan


def plan_path(root: Path = Path()) -> Path:
    """Where the plan of the present parameters and code is cached."""
    digest = hashlib.blake2b(digest_size=16)
    for file in _sources(root):
        digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return root / HIDDEN / "plans" / f"{digest.hexdigest()}.json"


def _sources(root: Path) -> list[Path]:
    package = Path(__file__).parent.parent
    params = [path for path in (root / PARAMS,) if path.exists()]
    return [
        *params,
        *sorted(root.glob("config/*.yaml")),
        *sorted(path for path in root.glob("reports/**/*") if path.is_file()),
        *sorted(package.glob("**/*.py")),
    ]
