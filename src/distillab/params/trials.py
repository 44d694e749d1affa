"""What an attacker tries before it settles: its own values, or several, of which validation images choose one."""

from itertools import product
from random import Random
from typing import TYPE_CHECKING

from distillab.specs.knockoff import KnockoffSpec

if TYPE_CHECKING:
    from distillab.params.root import KnockoffParams


def knockoff_specs(params: "KnockoffParams") -> dict[str, dict[int | None, KnockoffSpec]]:
    """Per attack the specs that are run, by trial: itself (None), and beside it some others where attackers tune."""
    return {key: {None: spec, **dict(enumerate(_trials(spec, params.trials)))} for key, spec in params.attacks.items()}


def _trials(spec: KnockoffSpec, count: int) -> list[KnockoffSpec]:
    """Combinations of the attack's grid in a fixed random order, the attack's own values left out."""
    values = [dict(zip(spec.grid, combination, strict=True)) for combination in product(*spec.grid.values())]
    variants = [spec.model_copy(update=fields) for fields in values if fields]
    others = [variant for variant in variants if variant != spec]
    Random(0).shuffle(others)
    return others[:count]
