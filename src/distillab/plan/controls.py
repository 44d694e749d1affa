"""The members that knockoffs are compared with: students of a thief's labels, without a teacher."""

from typing import Any, Literal

from distillab.core.identity import ModelIdentity
from distillab.params.root import Params
from distillab.params.thieves import Thief
from distillab.plan.data_files import add_prepared
from distillab.plan.members import DATA, Roster
from distillab.plan.pairs import distinct
from distillab.plan.seeds import control_seeds
from distillab.specs.model import ModelSpec
from distillab.specs.thief import LABELER, OTHER_IMAGES


def add_students(roster: Roster) -> list[str]:
    """The controls of every thief, per network and seed: LS students, and those that learn pseudo-labels, too."""
    params = roster.params
    return [
        student
        for key, thief in params.all_thieves.items()
        for network in distinct(pair.student for pair in params.pairs)
        for smoothing in smoothings(params, thief)
        for seed in control_seeds(params, key)
        for student in _add_controls(roster, key, network, smoothing, seed)
    ]


def smoothings(params: Params, thief: Thief) -> tuple[float, ...]:
    """What a thief's LS students are tried with: its own, or all from which validation images choose."""
    return params.knockoff.label_smoothing if thief.label_smoothing is None else (thief.label_smoothing,)


def add_other_images(roster: Roster, key: str) -> dict[str, str]:
    """The data set that a thief asks about beside the run's own: role and member, none where there is no such."""
    data = roster.params.all_thieves[key].data
    if data is None:
        return {}
    part = f"queries_{key}"
    return {OTHER_IMAGES: add_prepared(roster, f"data-{part}", data, part, holds="images")}


def means_facts(thief: Thief) -> dict[str, Any]:
    """What members say of the means that they rest on; nothing of the papers'."""
    return {"means": thief.own} if thief.own else {}


def _add_controls(roster: Roster, key: str, network: ModelSpec, smoothing: float, seed: int) -> list[str]:
    thief = roster.params.all_thieves[key]
    alone: dict[str, Any] = {"means": {"labels": thief.labels}} if thief.labels != "all" else {}
    if roster.params.data.refit and len(smoothings(roster.params, thief)) > 1:
        alone |= {"refit": True}
    student = _add(roster, "ls_student", key, network, smoothing, seed, facts=alone, parents={})
    if not thief.holds_unlabeled:
        return [student]
    parents = {LABELER: student} | add_other_images(roster, key)
    means = {"means": {name: value for name, value in thief.own.items() if name != "answers"}}
    return [student, _add(roster, "pseudo_student", key, network, smoothing, seed, facts=means, parents=parents)]


def _add(  # noqa: PLR0917 - a control is this many things
    roster: Roster,
    role: Literal["ls_student", "pseudo_student"],
    key: str,
    network: ModelSpec,
    smoothing: float,
    seed: int,
    *,
    facts: dict[str, Any],
    parents: dict[str, str],
) -> str:
    recipe = roster.params.student_recipe
    return roster.add_model(
        "baseline",
        ModelIdentity(role=role, arch=network.name, seed=seed, label_smoothing=smoothing, thief=key),
        {"model": network, "train": recipe, "augment": roster.params.data.augment},
        facts={"label_smoothing": smoothing} | facts,
        parents=DATA | parents,
        threads=recipe.threads,
    )
