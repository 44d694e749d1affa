"""Which members a params file asks for: models, measurements, attacks, tables, pages."""

import hashlib
from pathlib import Path

from distillab.core.code_hash import modules_imported_by
from distillab.core.job import Member
from distillab.plan.members import Roster
from distillab.plan.params import Family, Pair, Params
from distillab.plan.patterns import REPORTS, TABLES
from distillab.specs.base import Spec
from distillab.specs.model import ModelSpec

DATA = {"images": "data-images", "split": "data-split"}
"""Roles of the prepared data, and their member ids."""


def expand(params: Params, root: Path) -> dict[str, Member]:
    """All members of the run, parents first."""
    roster = Roster(params)
    add_data(roster)
    models = {"teachers": add_teachers(roster), "students": add_students(roster)}
    models["knockoffs"] = add_knockoffs(roster)
    measures = [add_measure(roster, family, member) for family, ids in models.items() for member in ids]
    attacks = [
        add_attack(roster, family, member, key)
        for family in params.robustness.families
        for member in models[family]
        for key in params.robustness.attacks
    ]
    tables = add_tables(roster, [*measures, *attacks], models)
    add_reports(roster, tables, root)
    return roster.members


def add_data(roster: Roster) -> None:
    """The prepared images and the index of their splits."""
    for part, member_id in DATA.items():
        roster.add("prepare", member_id, {"part": part}, {"data": roster.params.data}, facts={"part": part})


def add_teachers(roster: Roster) -> list[str]:
    """One teacher per defense, network and seed."""
    params, ids = roster.params, []
    for key in _needed_first(params):
        defense = params.defenses[key]
        for network in _distinct([pair.teacher for pair in params.pairs]):
            for seed in params.seeds:
                teacher = teacher_name(key, network)
                needed = {need: f"{teacher_name(need, network)}-s{seed}" for need in defense.needs}
                ids.append(
                    roster.add(
                        "teach",
                        f"{teacher}-s{seed}",
                        {"teacher": teacher, "seed": str(seed)},
                        {"defense": defense, "model": network, "train": params.train, "augment": params.data.augment},
                        parents=DATA | needed,
                        seed=seed,
                        threads=params.train.threads,
                    )
                )
    return ids


def _needed_first(params: Params) -> list[str]:
    """The defenses in their order, each after those whose teachers it starts from."""
    ordered: dict[str, None] = {}

    def place(key: str) -> None:
        for need in params.defenses[key].needs:
            place(need)
        ordered.setdefault(key)

    for key in params.defenses:
        place(key)
    return list(ordered)


def add_students(roster: Roster) -> list[str]:
    """One LS student per epsilon, network and seed."""
    params, ids = roster.params, []
    recipe = params.student_recipe
    for network in _distinct([pair.student for pair in params.pairs]):
        for eps in params.knockoff.ls_eps:
            for seed in params.seeds:
                student = student_name(eps, network)
                ids.append(
                    roster.add(
                        "baseline",
                        f"{student}-s{seed}",
                        {"student": student, "seed": str(seed)},
                        {"model": network, "train": recipe, "augment": params.data.augment},
                        facts={"eps": eps},
                        parents=DATA,
                        seed=seed,
                        threads=recipe.threads,
                    )
                )
    return ids


def add_knockoffs(roster: Roster) -> list[str]:
    """One knockoff per pair, defense, attack and seed, and the answers it learns from."""
    params = roster.params
    return [
        _add_knockoff(roster, pair, defense, attack, seed)
        for defense in params.defenses
        for pair in params.pairs
        for attack in params.knockoff.attacks
        for seed in params.seeds
    ]


def _add_knockoff(roster: Roster, pair: Pair, defense: str, attack: str, seed: int) -> str:
    params = roster.params
    teacher, recipe, spec = teacher_name(defense, pair.teacher), params.student_recipe, params.knockoff.attacks[attack]
    knockoff = f"{attack}-{pair.student.name}"
    parents = DATA | {"teacher": f"{teacher}-s{seed}"}
    if spec.responses == "cached":
        parents["answers"] = roster.add(
            "answer", f"{teacher}-s{seed}-answers", {}, {}, parents=parents, seed=seed, stored_only=True
        )
    return roster.add(
        "knockoff",
        f"{teacher}--{knockoff}-s{seed}",
        {"teacher": teacher, "knockoff": knockoff, "seed": str(seed)},
        {"attack": spec, "model": pair.student, "train": recipe, "augment": params.data.augment},
        parents=parents,
        seed=seed,
        threads=recipe.threads,
    )


def add_measure(roster: Roster, family: str, model: str) -> str:
    """The predictions of one model on its validation and test images."""
    member = roster.members[model]
    axes = {"family": family, "model": _without_seed(member), "seed": str(member.seed)}
    return roster.add(
        "measure",
        f"{model}-measure",
        axes,
        {},
        parents=DATA | {"model": model},
        seed=member.seed,
        threads=member.threads,
    )


def add_attack(roster: Roster, family: Family, model: str, key: str) -> str:
    """One adversarial attack on one model."""
    member, spec = roster.members[model], roster.params.robustness.attacks[key]
    axes = {"family": family, "model": _without_seed(member), "attack": key, "seed": str(member.seed)}
    return roster.add(
        "attack",
        f"{model}-{key}",
        axes,
        {"attack": spec},
        facts={"examples": roster.params.robustness.examples},
        parents=DATA | {"model": model},
        seed=member.seed,
        threads=member.threads,
    )


def add_tables(roster: Roster, parents: list[str], models: dict[str, list[str]]) -> list[str]:
    """The tables that reports and DVC read; they belong to all measurements together."""
    models_of_all = [member for ids in models.values() for member in ids]
    roles = {member: member for member in (*DATA.values(), *models_of_all, *parents)}
    return [
        roster.add(
            "collect", file, {"file": file}, {"measure": roster.params.measure}, facts={"file": file}, parents=roles
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


def teacher_name(defense: str, network: ModelSpec) -> str:
    """Flat id of a teacher without its seed."""
    return f"{defense}-{network.name}"


def student_name(eps: float, network: ModelSpec) -> str:
    """Flat id of an LS student without its seed."""
    return f"ls{eps:g}-{network.name}"


def _without_seed(member: Member) -> str:
    return member.id.removesuffix(f"-s{member.seed}")


def _distinct(specs: list[ModelSpec]) -> list[ModelSpec]:
    return list({_frozen(spec): spec for spec in specs}.values())


def _frozen(spec: Spec) -> str:
    return str(sorted(spec.plain().items()))


def _files_hash(root: Path, report: str) -> str:
    """Hash of what a page is made of besides package code: its source, its template, the reported numbers."""
    folder = root / "reports"
    files = [folder / f"{report}.py", *sorted(folder.glob("template/**/*")), *sorted(folder.glob("reported/*"))]
    digest = hashlib.blake2b(digest_size=8)
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
