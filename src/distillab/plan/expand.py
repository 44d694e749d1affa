"""Which members a params file asks for: models, measurements, attacks, tables, pages."""

import hashlib
from pathlib import Path
from typing import Any

from distillab.core.code_hash import modules_imported_by
from distillab.core.job import Member
from distillab.plan.chain_members import add_chains
from distillab.plan.knockoff_matrix import add_knockoffs, add_students, add_teachers
from distillab.plan.labels import labels_of
from distillab.plan.members import DATA, Roster
from distillab.plan.params import Params
from distillab.plan.patterns import BENCHMARKS, REPORTS, TABLES
from distillab.specs.attack import Family
from distillab.specs.base import Spec
from distillab.specs.defense import PostHocDefense

MAKERS = {"teachers": add_teachers, "students": add_students, "knockoffs": add_knockoffs, "chains": add_chains}
"""How each family of models joins the roster, parents before children."""


def expand(params: Params, root: Path) -> dict[str, Member]:
    """All members of the run, parents first."""
    roster = Roster(params)
    add_data(roster)
    models: dict[Family, list[str]] = {
        family: add(roster) for family, add in MAKERS.items() if family in params.families
    }
    questions = [
        ask for family, ids in models.items() for member in ids for ask in add_questions(roster, family, member)
    ]
    tables = add_tables(roster, questions, models)
    add_reports(roster, tables, root)
    return roster.members


def add_questions(roster: Roster, family: Family, model: str) -> list[str]:
    """Everything that is measured on one model: predictions, sensitivity, attacks, certificates."""
    params = roster.params
    asked = [add_measure(roster, family, model)]
    if _is_asked_elsewhere(params, roster.members[model]):
        return asked
    judged = _judged_as(params, family, roster.members[model])
    if judged in params.sensitivity.families:
        asked.append(add_sensitivity(roster, family, model))
    for key, attack in params.robustness.attacks.items():
        if judged in (attack.families or params.robustness.families):
            views = logits_of(roster.members[model]) if attack.rescaled else ("raw",)
            asked += [add_attack(roster, family, model, key, logits) for logits in views]
        if key in params.robustness.transfer and family == "teachers":
            sources = sources_of(roster, model)
            asked += [add_attack(roster, family, model, key, name, source=source) for name, source in sources.items()]
    if is_certified(params, family, roster.members[model]):
        asked += [add_certificates(roster, family, model, key) for key in params.certification.certifiers]
    return asked


def is_certified(params: Params, family: Family, member: Member) -> bool:
    """Whether the study ``certified`` is about a model."""
    wanted, defense = params.certification, member.axes.get("teacher", "").split("-")[0]
    chosen = not wanted.defenses or not defense or defense in wanted.defenses
    return "certified" in params.studies and family in wanted.families and chosen


def sources_of(roster: Roster, model: str) -> dict[str, str]:
    """Where attacks on a teacher may be carried over from: how tables name it, and the member.

    ``from_copy`` is the same teacher of the next seed, ``from_plain`` the unprotected one of the same network and seed,
    ``from_other`` the same defense on the next network. Reference: Madry et al. 2018, section 5.
    """
    params, member = roster.params, roster.members[model]
    defense, network = member.axes["teacher"].split("-")[0], member.spec["model"]["name"]
    networks = list(dict.fromkeys(pair.teacher.name for pair in params.pairs))
    other = networks[(networks.index(network) + 1) % len(networks)]
    seed = params.seeds[(params.seeds.index(member.seed) + 1) % len(params.seeds)]
    wanted = {
        "from_copy": f"{defense}-{network}-s{seed}",
        "from_plain": f"ce-{network}-s{member.seed}",
        "from_other": f"{defense}-{other}-s{member.seed}",
    }
    return {name: source for name, source in wanted.items() if source != model and source in roster.members}


def _judged_as(params: Params, family: Family, member: Member) -> Family:
    """Whose attacks a model meets: those of teachers where its chain starts from one, so that both can be compared."""
    chain = params.chains.get(member.axes.get("chain", ""))
    return "teachers" if chain and chain.teacher_defense else family


def _is_asked_elsewhere(params: Params, member: Member) -> bool:
    """Whether attacks and certifiers skip a model: its weights are another's, or its seed is the headline's alone."""
    defense = params.defenses.get(member.axes.get("teacher", "").split("-")[0]) if member.stage == "teach" else None
    return isinstance(defense, PostHocDefense) or member.seed not in params.seeds


def logits_of(member: Member) -> tuple[str, ...]:
    """How a model's logits are given to attacks: as they are, and over the temperature of its training."""
    return ("raw",) if member.spec.get("temperature", 1.0) == 1.0 else ("raw", "rescaled")


def add_data(roster: Roster) -> None:
    """The prepared images and the index of their splits."""
    for part, member_id in DATA.items():
        roster.add("prepare", member_id, {"part": part}, {"data": roster.params.data}, facts={"part": part})


def add_measure(roster: Roster, family: Family, model: str) -> str:
    """What one model answers, and what is computed from its answers."""
    return _add_question(roster, "measure", family, model, specs={"measure": roster.params.measure})


def add_sensitivity(roster: Roster, family: Family, model: str) -> str:
    """The Jacobian amplitudes of one model at its test images."""
    return _add_question(roster, "sensitivity", family, model, facts={"images": roster.params.sensitivity.images})


def add_attack(roster: Roster, family: Family, model: str, key: str, logits: str, *, source: str = "") -> str:
    """One adversarial attack on one model: on its logits, on its logits over its temperature, or on a ``source``."""
    member, spec = roster.members[model], roster.params.robustness.attacks[key]
    temperature = member.spec["temperature"] if logits == "rescaled" else 1.0
    return _add_question(
        roster,
        "attack",
        family,
        model,
        name=key if logits == "raw" else f"{key}-{logits}",
        axes={"attack": key, "logits": logits},
        specs={"attack": spec},
        facts={"examples": roster.params.robustness.examples, "temperature": temperature},
        parents={"source": source} if source else None,
    )


def add_certificates(roster: Roster, family: Family, model: str, key: str) -> str:
    """The certificates of one model by one certifier."""
    wanted = roster.params.certification
    return _add_question(
        roster,
        "certify",
        family,
        model,
        name=f"certify-{key}",
        axes={"certifier": key},
        specs={"certifier": wanted.certifiers[key]},
        facts=wanted.model_dump(mode="json", include={"eps", "images", "radius_steps", "precision"}),
    )


def _add_question(  # noqa: PLR0913 - a question is this many things
    roster: Roster,
    stage: str,
    family: Family,
    model: str,
    *,
    name: str | None = None,
    axes: dict[str, str] | None = None,
    specs: dict[str, Spec] | None = None,
    facts: dict[str, Any] | None = None,
    parents: dict[str, str] | None = None,
) -> str:
    member = roster.members[model]
    return roster.add(
        stage,
        f"{model}-{name or stage}",
        {"family": family, "model": member.id.removesuffix(f"-s{member.seed}")}
        | (axes or {})
        | {"seed": str(member.seed)},
        specs or {},
        facts=facts,
        parents=DATA | {"model": model} | (parents or {}),
        seed=member.seed,
        threads=member.threads,
    )


def add_tables(roster: Roster, parents: list[str], models: dict[Family, list[str]]) -> list[str]:
    """The tables that reports and DVC read; they belong to all measurements together, and name methods."""
    labels = labels_of(roster.params)
    models_of_all = [member for ids in models.values() for member in ids]
    roles = {member: member for member in (*DATA.values(), *models_of_all, *parents)}
    return [
        roster.add(
            "collect",
            file,
            {"file": file},
            {"measure": roster.params.measure},
            facts={"file": file, "labels": labels},
            parents=roles,
        )
        for file in TABLES
    ]


def add_reports(roster: Roster, tables: list[str], root: Path) -> None:
    """The index page and the page of each chosen study."""
    roles = {table: table for table in tables if table.startswith("tables/")}
    for report in REPORTS:
        if report == "index" or report in roster.params.studies:
            roster.add(
                "report",
                f"report-{report}",
                {"report": report},
                {},
                facts={"report": report},
                parents=roles,
                modules=modules_imported_by(root / "reports" / f"{report}.py"),
                files_code=_files_hash(root, report),
            )


def _files_hash(root: Path, report: str) -> str:
    """Hash of what a page is made of besides package code: source, template, reported numbers, benchmarks it shows."""
    folder = root / "reports"
    files = [folder / f"{report}.py", *sorted(folder.glob("template/**/*")), *sorted(folder.glob("reported/*"))]
    files += sorted(root.glob(BENCHMARKS[report])) if report in BENCHMARKS else []
    digest = hashlib.blake2b(digest_size=8)
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
