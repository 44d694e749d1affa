"""The members of the knockoff matrix: teachers, and knockoffs with the answers they learn from."""

from distillab.core.identity import PAPER, ModelIdentity
from distillab.params.root import Params
from distillab.params.trials import knockoff_specs
from distillab.plan.controls import add_other_images, means_facts
from distillab.plan.members import DATA, Roster
from distillab.plan.pairs import Robbery, network_of, robberies, teacher_networks, teacher_of
from distillab.plan.seeds import all_needs, cell_seeds, cells_of, teacher_seeds
from distillab.specs.base import Spec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.model import ModelSpec


def add_teachers(roster: Roster) -> list[str]:
    """One teacher per defense, network and seed; networks from elsewhere, and defenses around them, once."""
    params, ids = roster.params, []
    for row in _needed_first(params):
        key = params.brought(row)
        if row == key:
            ids.append(_add_brought(roster, key))
        elif key:
            ids.append(_add_defended(roster, row, network_of(params, key), params.pairs[0].student, params.seeds[0]))
        else:
            networks = teacher_networks(params, row)
            ids += [
                _add_defended(roster, row, net.name, net, s) for net in networks for s in teacher_seeds(params, row)
            ]
    return ids


def _needed_first(params: Params) -> list[str]:
    """The rows in their order, each after those whose teachers it starts from."""
    return list(dict.fromkeys(name for row in params.rows for name in (*all_needs(params, row), row)))


def _add_brought(roster: Roster, key: str) -> str:
    """A network from elsewhere: nobody trains it."""
    params, brought = roster.params, roster.params.models[key]
    return roster.add_model(
        "teach",
        teacher_of(params, key, network_of(params, key), params.seeds[0]),
        {"brought": brought},
        facts={"content": brought.fingerprint()},
        parents=DATA,
        threads=params.train.threads,
    )


def _add_defended(roster: Roster, row: str, name: str, network: ModelSpec, seed: int) -> str:
    """A teacher under a defense.

    Args:
        roster: where it joins.
        row: key of the defense.
        name: what its network is called.
        network: what is trained; around a network from elsewhere, what a defense takes for students like it.
        seed: of its training.
    """
    params, defense, key = roster.params, roster.params.defenses[row], roster.params.brought(row)
    recipe = defense.train or params.train
    specs: dict[str, Spec] = {"defense": defense, "model": network, "train": recipe, "augment": params.data.augment}
    needed = {need: teacher_of(params, need, name, seed).member_id for need in all_needs(params, row)}
    return roster.add_model(
        "teach",
        teacher_of(params, row, name, seed),
        specs | ({"brought": params.models[key]} if key else {}),
        parents=DATA | needed,
        threads=recipe.threads,
    )


def add_knockoffs(roster: Roster) -> list[str]:
    """One knockoff per thief, pair, row, attack and seed, and the answers it learns from."""
    params = roster.params
    specs = knockoff_specs(params.knockoff)
    return [
        _add_knockoff(roster, thief, row, robbery, attack, trial, spec=spec, seed=seed)
        for thief in params.thieves
        for row in params.rows
        for robbery in robberies(params, row)
        for robbed, attack in cells_of(params, thief)
        if robbed == row
        for trial, spec in (specs[attack] if thief == PAPER else {None: specs[attack][None]}).items()
        for seed in cell_seeds(params, thief, row, attack)
    ]


def _add_knockoff(  # noqa: PLR0917 - a knockoff is this many things
    roster: Roster,
    thief: str,
    row: str,
    robbery: Robbery,
    attack: str,
    trial: int | None,
    *,
    spec: KnockoffSpec,
    seed: int,
) -> str:
    params, means = roster.params, means_facts(roster.params.thieves[thief])
    teacher, student = teacher_of(params, row, robbery.teacher, seed), robbery.student
    recipe = spec.train or params.student_recipe
    parents = DATA | {"teacher": teacher.member_id} | add_other_images(roster, thief)
    if spec.responses == "cached":
        parents["answers"] = _add_answers(roster, thief, teacher, parents, seed)
    return roster.add_model(
        "knockoff",
        ModelIdentity(
            role="knockoff",
            arch=student.name,
            seed=seed,
            defense=teacher.defense,
            teacher=teacher.name,
            attack=attack,
            trial=trial,
            thief=thief,
        ),
        {"attack": spec, "model": student, "train": recipe, "augment": spec.augment or params.data.augment},
        facts=means,
        parents=parents,
        threads=recipe.threads,
    )


def _add_answers(roster: Roster, thief: str, teacher: ModelIdentity, parents: dict[str, str], seed: int) -> str:
    """What the teacher says to each image that a thief asks about: alike for all who ask alike.

    The seed draws the images, where not all are asked about.
    """
    wanted = roster.params.thieves[thief]
    means = wanted.asked_images | ({"answers": wanted.own["answers"]} if "answers" in wanted.own else {})
    name = f"{teacher.member_id}-answers{f'--{thief}' if means else ''}"
    if seed != teacher.seed and wanted.asked_images:
        name += f"-s{seed}"
    else:
        seed = teacher.seed
    facts = {"means": means} if means else {}
    return roster.add("answer", name, {}, {}, facts=facts, parents=parents, seed=seed, stored_only=True)
