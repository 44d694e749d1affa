"""The plan of a params file, cached by its content and the code's, so that a no-op never imports torch.

A cached plan is believed only if its digest is that of its text, of the sources it was made from, and of the hardware
that its jobs' figures are for.
"""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.fingerprints import fingerprint
from distillab.core.gpus import driver, gpus_here
from distillab.core.job import Plan, read_plan, write_plan
from distillab.core.provenance import processor
from distillab.core.sidecar import file_hash
from distillab.core.workspace import FINGERPRINTS, HIDDEN, PARAMS
from distillab.studies import PAGES


def load_plan(root: Path = Path()) -> Plan:
    """The plan of ``params.yaml`` in ``root``; validated, expanded, and cached.

    Raises:
        SpecError: the parameters are wrong; every error at once.
    """
    path = plan_path(root)
    try:
        plan = read_plan(path)
    except ArtifactError:
        return _built(root, path)
    return plan if _is_of_these_files(plan, root) else _built(root, path)


def _built(root: Path, path: Path) -> Plan:
    from distillab.plan.build import build_plan

    plan = build_plan(root)
    write_plan(path, plan)
    return plan


def _is_of_these_files(plan: Plan, root: Path) -> bool:
    """Whether models that were brought in, images and labels are still those that it was made from."""
    try:
        brought = all(file_hash(Path(name)) == content for name, content in plan.files.items())
    except OSError:
        return False
    kept = root / FINGERPRINTS
    return brought and all(fingerprint(Path(name), kept) == content for name, content in plan.data_files.items())


def plan_path(root: Path = Path()) -> Path:
    """Where the plan of the present parameters, code and hardware is cached."""
    digest = hashlib.blake2b("\0".join(_hardware()).encode(), digest_size=16)
    for name, file in _sources(root):
        digest.update(f"{name}\0".encode() + file.read_bytes())
    return root / HIDDEN / "plans" / f"{digest.hexdigest()}.json"


def _hardware() -> tuple[str, ...]:
    """What decides where a plan computes and whose speeds it needs, as far as it is known without torch."""
    return processor(), version("torch"), *(("a GPU", driver()) if gpus_here() else ())


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file that a plan is made from, with its place in the project or in the package."""
    package = Path(__file__).parent.parent
    patterns = (PARAMS, "config/*.yaml", "reports/**/*", *_benchmarks())
    for folder, pattern in (*((root, pattern) for pattern in patterns), (package, "**/*.py")):
        for file in sorted(folder.glob(pattern)):
            if file.is_file():
                yield file.relative_to(folder).as_posix(), file


def _benchmarks() -> list[str]:
    return [page.benchmarks for page in PAGES.values() if page.benchmarks]
