"""Pages and their tables as members: which networks each is about, and all that it is made of."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from distillab.core.code_hash import modules_imported_by
from distillab.core.identity import Family, ModelIdentity
from distillab.params.root import Params
from distillab.plan.facts import facts_of
from distillab.plan.members import DATA, Roster
from distillab.plan.questions import is_asked_elsewhere, is_to_be_certified
from distillab.studies import INDEX, PAGES, Study
from distillab.tables import FOR_DVC, name_of
from distillab.tables.registry import module_of


def pages_of(params: Params) -> list[Study]:
    """The index and the page of each chosen study."""
    return [page for page in PAGES.values() if page.name in {INDEX.name, *params.studies}]


def scope_of(roster: Roster, study: Study, asked: Mapping[tuple[Family, str], list[str]]) -> list[str]:
    """The models that a study is about, and what its tables show of them."""
    scope: list[str] = []
    for (family, model), questions in asked.items():
        if is_about(roster.params, study, family, roster.model(model)):
            scope += [model, *(question for question in questions if roster.members[question].stage in study.stages)]
    return scope


def is_about(params: Params, study: Study, family: Family, model: ModelIdentity) -> bool:
    """Whether a study is about a model: about a chain only where it is the study's own."""
    if study.certified_only:
        return is_to_be_certified(params, family, model) and not is_asked_elsewhere(params, model)
    chain = params.chains.get(model.chain)
    return family in study.families and (chain is None or study.name in chain.studies)


def add_page(roster: Roster, page: Study, scope: list[str], root: Path) -> None:
    """A page, and its tables, which belong to all that is in the scope together, and to what they say of methods."""
    told = _hash(json.dumps(facts_of(roster.params), sort_keys=True).encode())
    roles = {member: member for member in (*DATA.values(), *scope)}
    tables = [
        roster.add(
            "collect",
            file,
            {"page": page.name, "file": file},
            {},
            facts={"page": page.name, "file": file, "told": told},
            parents=roles,
            modules=[module_of(name_of(file))],
        )
        for file in (*page.files, *(FOR_DVC if page is INDEX else ()))
    ]
    roster.add(
        "report",
        f"report-{page.name}",
        {"report": page.name},
        {},
        facts={"report": page.name},
        parents={table: table for table in tables if table in page.files},
        modules=modules_imported_by(root / "reports" / f"{page.name}.py"),
        files_code=_files_hash(root, page),
    )


def _files_hash(root: Path, page: Study) -> str:
    """Hash of what a page is made of besides package code: source, template, reported numbers, benchmarks it shows."""
    folder = root / "reports"
    files = [folder / f"{page.name}.py", *sorted(folder.glob("template/**/*")), *sorted(folder.glob("reported/*"))]
    files += sorted(root.glob(page.benchmarks)) if page.benchmarks else []
    found = (f"{file.relative_to(root)}\0".encode() + file.read_bytes() for file in files if file.is_file())
    return _hash(b"".join(found))


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
