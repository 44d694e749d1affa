"""The members of the knockoff matrix: teachers, LS students, and knockoffs with the answers they learn from."""

from distillab.plan.members import DATA, Roster
from distillab.plan.params import Pair, Params
from distillab.plan.trials import knockoff_specs
from distillab.specs.base import Spec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.model import ModelSpec


def add_teachers(roster: Roster) -> list[str]:
    """One teacher per defense, network and seed."""
    params, ids = roster.params, []
    for key in _needed_first(params):
        defense = params.defenses[key]
        recipe = defense.train or params.train
        for network in _distinct([pair.teacher for pair in params.pairs if defense.protects(pair.teacher.name)]):
            for seed in teacher_seeds(params, key):
                teacher = teacher_name(key, network)
                needed = {need: f"{teacher_name(need, network)}-s{seed}" for need in all_needs(params, key)}
                ids.append(
                    roster.add(
                        "teach",
                        f"{teacher}-s{seed}",
                        {"teacher": teacher, "seed": str(seed)},
                        {"defense": defense, "model": network, "train": recipe, "augment": params.data.augment},
                        parents=DATA | needed,
                        seed=seed,
                        threads=recipe.threads,
                    )
                )
    return ids


def teacher_seeds(params: Params, key: str) -> tuple[int, ...]:
    """The seeds of a defense's teachers: its own, and those of the defenses that start from it."""
    users = [name for name in params.defenses if key in (name, *all_needs(params, name))]
    needed = {seed for name in users for seed in seeds_of(params, name)}
    return tuple(seed for seed in params.seeds_of(headline=True) if seed in needed)


def seeds_of(params: Params, defense: str, *, headline: bool = True) -> tuple[int, ...]:
    """The seeds of a defense: the run's, the headline's too where the defense is in it, or as many as it asks for."""
    found = params.seeds_of(headline=headline and defense in params.headline.defenses)
    return found[: params.defenses[defense].seeds]


def all_needs(params: Params, key: str) -> tuple[str, ...]:
    """The defenses that one starts from, and those that they start from, the first to be trained first."""
    direct = params.defenses[key].needs
    return tuple(dict.fromkeys(name for need in direct for name in (*all_needs(params, need), need)))


def _needed_first(params: Params) -> list[str]:
    """The defenses in their order, each after those whose teachers it starts from."""
    return list(dict.fromkeys(name for key in params.defenses for name in (*all_needs(params, key), key)))


def add_students(roster: Roster) -> list[str]:
    """One LS student per epsilon, network and seed."""
    params, ids = roster.params, []
    recipe = params.student_recipe
    for network in _distinct([pair.student for pair in params.pairs]):
        for eps in params.knockoff.ls_eps:
            for seed in params.seeds_of(headline=True):
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
        _add_knockoff(roster, pair, defense, name, spec=spec, seed=seed)
        for defense in params.defenses
        for pair in params.pairs
        if params.defenses[defense].protects(pair.teacher.name)
        for attack, specs in knockoff_specs(params.knockoff).items()
        for name, spec in specs.items()
        for seed in seeds_of(params, defense, headline=attack in params.headline.attacks)
    ]


def _add_knockoff(roster: Roster, pair: Pair, defense: str, attack: str, *, spec: KnockoffSpec, seed: int) -> str:
    params = roster.params
    teacher, recipe = teacher_name(defense, pair.teacher), spec.train or params.student_recipe
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
        {"attack": spec, "model": pair.student, "train": recipe, "augment": spec.augment or params.data.augment},
        parents=parents,
        seed=seed,
        threads=recipe.threads,
    )


def teacher_name(defense: str, network: ModelSpec) -> str:
    """Flat id of a teacher without its seed."""
    return f"{defense}-{network.name}"


def student_name(eps: float, network: ModelSpec) -> str:
    """Flat id of an LS student without its seed."""
    return f"ls{eps:g}-{network.name}"


def _distinct(specs: list[ModelSpec]) -> list[ModelSpec]:
    return list({_frozen(spec): spec for spec in specs}.values())


def _frozen(spec: Spec) -> str:
    return str(sorted(spec.plain().items()))
