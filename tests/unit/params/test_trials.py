"""Settings that an attacker tries: its own, and others of its grid, each once, in an order that stays."""

from itertools import product
from typing import ClassVar, Literal

from distillab.params.root import KnockoffParams
from distillab.params.trials import _trials, knockoff_specs
from distillab.specs.knockoff import KnockoffSpec


class Gridded(KnockoffSpec):
    """An attack with two numbers to tune."""

    name: Literal["gridded"] = "gridded"
    heat: float = 2.0
    weight: float = 0.5
    grid: ClassVar = {"heat": (1.0, 2.0, 4.0), "weight": (0.1, 0.5)}

    def objective(self, task, answers):
        raise NotImplementedError


def values(specs):
    return [(spec.heat, spec.weight) for spec in specs]


def test_every_combination_but_its_own_is_tried_once():
    spec = Gridded(responses="live")
    tried = _trials(spec, 99)
    assert sorted(values(tried)) == sorted(set(product((1.0, 2.0, 4.0), (0.1, 0.5))) - {(2.0, 0.5)})
    assert {one.responses for one in tried} == {"live"}
    assert values(tried) == [(2.0, 0.1), (1.0, 0.5), (1.0, 0.1), (4.0, 0.5), (4.0, 0.1)]


def test_fewer_trials_are_the_first_of_more():
    spec = Gridded()
    assert [_trials(spec, count) for count in (0, 2)] == [[], _trials(spec, 5)[:2]]


def test_an_attack_without_a_grid_tries_nothing_else():
    class Fixed(Gridded):
        grid: ClassVar = {}

    assert _trials(Fixed(), 3) == []


def test_trials_are_numbered_beside_the_attack():
    params = KnockoffParams(attacks={"hot": {"name": "kd"}, "plain": {"name": "dist"}}, trials=2)
    specs = knockoff_specs(params)
    assert {key: list(named)[:1] for key, named in specs.items()} == {"hot": [None], "plain": [None]}
    assert list(specs["hot"]) == [None, 0, 1]
    assert specs["hot"][None] == params.attacks["hot"]
    assert list(specs["hot"].values())[1:] == _trials(params.attacks["hot"], 2)
