"""Which networks meet in the knockoff matrix: whose teachers a row has, and which students rob them."""

from collections.abc import Iterable
from typing import NamedTuple

from distillab.core.identity import ModelIdentity
from distillab.params.root import Params
from distillab.plan.seeds import teacher_seed
from distillab.specs.model import ModelSpec


class Robbery(NamedTuple):
    """A teacher's network by name, and the network of the knockoffs that learn from it."""

    teacher: str
    student: ModelSpec


def robberies(params: Params, row: str) -> list[Robbery]:
    """Teacher and student networks of a row; one from elsewhere is robbed by every student that it does not exclude."""
    key = params.brought(row)
    if key is None:
        protects = params.defenses[row].protects
        return [Robbery(pair.teacher.name, pair.student) for pair in params.pairs if protects(pair.teacher.name)]
    wanted = params.models[key].students
    students = distinct(pair.student for pair in params.pairs if not wanted or pair.student.name in wanted)
    return [Robbery(network_of(params, key), student) for student in students]


def network_of(params: Params, key: str) -> str:
    """What the network of a model from elsewhere is called: its architecture where that is known, or else as itself."""
    return params.models[key].network_name or key


def teacher_networks(params: Params, row: str) -> list[ModelSpec]:
    """The networks of a defense's teachers that are trained."""
    defense = params.defenses[row]
    return distinct(pair.teacher for pair in params.pairs if defense.protects(pair.teacher.name))


def teacher_of(params: Params, row: str, network: str, seed: int) -> ModelIdentity:
    """The teacher of a row that has a network, as a knockoff of ``seed`` learns from it."""
    return ModelIdentity(role="teacher", arch=network, seed=teacher_seed(params, row, seed), defense=row)


def distinct(specs: Iterable[ModelSpec]) -> list[ModelSpec]:
    """The networks without repetition, in their order."""
    return list({str(sorted(spec.plain().items())): spec for spec in specs}.values())
