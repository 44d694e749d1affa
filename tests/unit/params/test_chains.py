"""What follows from a chain: its networks, recipes, seeds and links."""

from dataclasses import replace

import pytest

from distillab.models import MODELS
from distillab.params.chains import ChainParams
from distillab.specs.train import SGDSpec, TrainSpec
from distillab.studies import STUDIES, Study

DEFAULT, FIRST, SECOND = (MODELS.parse({"name": name}) for name in ("resnet20", "cnn_digits", "papernot_digits"))
RECIPE = TrainSpec(epochs=4, batch_size=8, optimizer=SGDSpec(lr=0.1))


def test_the_last_network_repeats():
    chain = ChainParams(networks=(FIRST, SECOND))
    assert [chain.network(step, DEFAULT) for step in range(4)] == [FIRST, SECOND, SECOND, SECOND]
    assert [ChainParams().network(step, DEFAULT) for step in range(2)] == [DEFAULT, DEFAULT]


def test_a_recipe_is_the_chains_or_the_teachers_and_its_rate_follows_the_temperature_where_asked():
    own = RECIPE.model_copy(update={"epochs": 9})
    assert ChainParams().recipe(20.0, RECIPE) == RECIPE
    assert ChainParams(train=own).recipe(20.0, RECIPE) == own
    scaled = ChainParams(scale_lr=True).recipe(20.0, RECIPE)
    assert scaled.optimizer.lr == pytest.approx(2.0)
    assert scaled.model_copy(update={"optimizer": RECIPE.optimizer}) == RECIPE


def test_seeds_of_a_step():
    assert [ChainParams().seeds(step, (4, 2, 9)) for step in (0, 7)] == [(4, 2, 9)] * 2
    chain = ChainParams(one_seed_from=2)
    assert [chain.seeds(step, (4, 2, 9)) for step in range(4)] == [(4, 2, 9), (4, 2, 9), (4,), (4,)]


def test_links_come_after_those_they_learn_from():
    chain = ChainParams(steps=2, temperatures=(1.0, 30.0), one_seed_from=1)
    assert list(chain.links((8, 6))) == [
        (temperature, step, seed) for temperature in (1.0, 30.0) for step, seed in ((0, 8), (0, 6), (1, 8), (2, 8))
    ]


def test_the_study_is_that_of_what_the_chain_starts_from():
    assert ChainParams().studies == {"ta"}
    assert ChainParams(teacher_defense="madry").studies == {"adversarial"}


@pytest.mark.parametrize(("defended", "start"), [(False, None), (True, "madry")])
def test_a_new_study_is_about_the_chains_that_it_declares(defended, start, monkeypatch):
    study = Study(name="mine", title="Mine", question="", families=("chains",), tables=(), defended_chains=defended)
    monkeypatch.setitem(STUDIES, "mine", study)
    monkeypatch.setitem(STUDIES, "other", replace(study, name="other", families=("teachers",)))
    assert "mine" in ChainParams(teacher_defense=start).studies
    assert "mine" not in ChainParams(teacher_defense=None if start else "madry").studies
    assert "other" not in ChainParams(teacher_defense=start).studies


def test_defaults_are_the_papers_three_networks():
    assert ChainParams().model_dump() == {
        "steps": 2, "teacher_defense": None, "temperatures": (1.0, 20.0), "networks": (), "init": "fresh",
        "train": None, "scale_lr": False, "one_seed_from": None,
    }  # fmt: skip
