"""The members of the knockoff matrix: teachers, and knockoffs with the answers they learn from."""

from distillab.core.identity import PAPER, ModelIdentity
from distillab.params.root import Pair, Params
from distillab.params.trials import knockoff_specs
from distillab.plan.controls import add_other_images, distinct, means_facts
from distillab.plan.members import DATA, Roster
from distillab.plan.seeds import all_needs, cell_seeds, cells_of, teacher_seeds
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.model import ModelSpec


def add_teachers(roster: Roster) -> list[str]:
    """One teacher per defense, network and seed."""
    params, ids = roster.params, []
    for key in _needed_first(params):
        defense = params.defenses[key]
        recipe = defense.train or params.train
        for network in distinct([pair.teacher for pair in params.pairs if defense.protects(pair.teacher.name)]):
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


def _needed_first(params: Params) -> list[str]:
    """The defenses in their order, each after those whose teachers it starts from."""
    return list(dict.fromkeys(name for key in params.defenses for name in (*all_needs(params, key), key)))


def add_knockoffs(roster: Roster) -> list[str]:
    """One knockoff per thief, pair, defense, attack and seed, and the answers it learns from."""
    params = roster.params
    specs = knockoff_specs(params.knockoff)
    return [
        _add_knockoff(roster, thief, pair, teacher_of(defense, pair.teacher, seed), attack, trial, spec=spec)
        for thief in params.thieves
        for defense in params.defenses
        for pair in params.pairs
        if params.defenses[defense].protects(pair.teacher.name)
        for robbed, attack in cells_of(params, thief)
        if robbed == defense
        for trial, spec in (specs[attack] if thief == PAPER else {None: specs[attack][None]}).items()
        for seed in cell_seeds(params, thief, defense, attack)
    ]


def _add_knockoff(  # noqa: PLR0917 - a knockoff is this many things
    roster: Roster,
    thief: str,
    pair: Pair,
    teacher: ModelIdentity,
    attack: str,
    trial: int | None,
    *,
    spec: KnockoffSpec,
) -> str:
    params, means = roster.params, means_facts(roster.params.thieves[thief])
    recipe = spec.train or params.student_recipe
    parents = DATA | {"teacher": teacher.member_id} | add_other_images(roster, thief)
    if spec.responses == "cached":
        parents["answers"] = _add_answers(roster, thief, teacher, parents)
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
            thief=thief,
        ),
        {"attack": spec, "model": pair.student, "train": recipe, "augment": spec.augment or params.data.augment},
        facts=means,
        parents=parents,
        threads=recipe.threads,
    )


def _add_answers(roster: Roster, thief: str, teacher: ModelIdentity, parents: dict[str, str]) -> str:
    """What the teacher says to each image that a thief asks about: alike for all who ask alike."""
    wanted = roster.params.thieves[thief]
    means = wanted.asked_images | ({"answers": wanted.own["answers"]} if "answers" in wanted.own else {})
    name = f"{teacher.member_id}-answers{f'--{thief}' if means else ''}"
    facts = {"means": means} if means else {}
    return roster.add("answer", name, {}, {}, facts=facts, parents=parents, seed=teacher.seed, stored_only=True)


def teacher_of(defense: str, network: ModelSpec, seed: int) -> ModelIdentity:
    """The teacher of a network under a defense."""
    return ModelIdentity(role="teacher", arch=network.name, seed=seed, defense=defense)
