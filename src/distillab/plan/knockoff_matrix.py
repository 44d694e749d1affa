"""The members of the knockoff matrix: teachers, LS students, and knockoffs with the answers they learn from."""

from distillab.core.identity import ModelIdentity
from distillab.params.root import Pair, Params
from distillab.params.trials import knockoff_specs
from distillab.plan.members import DATA, Roster
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
                needed = {need: teacher_of(need, network, seed).member_id for need in all_needs(params, key)}
                ids.append(
                    roster.add_model(
                        "teach",
                        teacher_of(key, network, seed),
                        {"defense": defense, "model": network, "train": recipe, "augment": params.data.augment},
                        parents=DATA | needed,
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
    """One LS student per smoothing, network and seed."""
    params, recipe = roster.params, roster.params.student_recipe
    return [
        roster.add_model(
            "baseline",
            ModelIdentity(role="ls_student", arch=network.name, seed=seed, label_smoothing=smoothing),
            {"model": network, "train": recipe, "augment": params.data.augment},
            facts={"label_smoothing": smoothing},
            parents=DATA,
            threads=recipe.threads,
        )
        for network in _distinct([pair.student for pair in params.pairs])
        for smoothing in params.knockoff.label_smoothing
        for seed in params.seeds_of(headline=True)
    ]


def add_knockoffs(roster: Roster) -> list[str]:
    """One knockoff per pair, defense, attack and seed, and the answers it learns from."""
    params = roster.params
    return [
        _add_knockoff(roster, pair, teacher_of(defense, pair.teacher, seed), attack, trial, spec=spec)
        for defense in params.defenses
        for pair in params.pairs
        if params.defenses[defense].protects(pair.teacher.name)
        for attack, specs in knockoff_specs(params.knockoff).items()
        for trial, spec in specs.items()
        for seed in seeds_of(params, defense, headline=attack in params.headline.attacks)
    ]


def _add_knockoff(
    roster: Roster, pair: Pair, teacher: ModelIdentity, attack: str, trial: int | None, *, spec: KnockoffSpec
) -> str:
    params = roster.params
    recipe = spec.train or params.student_recipe
    parents = DATA | {"teacher": teacher.member_id}
    if spec.responses == "cached":
        parents["answers"] = roster.add(
            "answer", f"{teacher.member_id}-answers", {}, {}, parents=parents, seed=teacher.seed, stored_only=True
        )
    return roster.add_model(
        "knockoff",
        ModelIdentity(
            role="knockoff",
            arch=pair.student.name,
            seed=teacher.seed,
            defense=teacher.defense,
            teacher=teacher.name,
            attack=attack,
            trial=trial,
        ),
        {"attack": spec, "model": pair.student, "train": recipe, "augment": spec.augment or params.data.augment},
        parents=parents,
        threads=recipe.threads,
    )


def teacher_of(defense: str, network: ModelSpec, seed: int) -> ModelIdentity:
    """The teacher of a network under a defense."""
    return ModelIdentity(role="teacher", arch=network.name, seed=seed, defense=defense)


def _distinct(specs: list[ModelSpec]) -> list[ModelSpec]:
    return list({_frozen(spec): spec for spec in specs}.values())


def _frozen(spec: Spec) -> str:
    return str(sorted(spec.plain().items()))
