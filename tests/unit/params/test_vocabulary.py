"""The words of the parameters, written out: studies and their models, tables and pages."""

import re
from dataclasses import replace

import pytest

from distillab.attacks import ATTACKS
from distillab.certify import CERTIFIERS
from distillab.core.identity import ModelIdentity
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.params.certifiable import uncertifiable
from distillab.params.root import MeasureParams, Params
from distillab.params.vocabulary import without_nulls
from distillab.plan.questions import is_certified
from distillab.studies import PAGES, STUDIES, Study


def test_models_of_the_papers_studies():
    papers = {
        "undistillable": ("teachers", "students", "knockoffs"), "ta": ("chains",),
        "sparse": ("teachers", "students", "knockoffs"), "adversarial": ("teachers", "chains"),
        "certified": ("teachers",),
    }  # fmt: skip
    assert {name: study.families for name, study in STUDIES.items() if name in papers} == papers
    assert [name for name in STUDIES if name in papers] == list(papers)
    assert [study.name for study in STUDIES.values()] == list(STUDIES)


def test_null_stands_for_none():
    assert without_nulls({"a": None, "b": {}, "c": 0}) == {"b": {}, "c": 0}
    assert without_nulls([None]) == [None]


def test_the_least_that_a_run_must_say():
    least = Params.model_validate(
        {
            "preset": "own",
            "data": {"name": "digits"},
            "pairs": [{"teacher": "cnn_digits", "student": "cnn_digits"}],
            "train": {"epochs": 1, "optimizer": {"name": "sgd", "lr": 0.1}},
            "defenses": {"ce": {"name": "ce"}},
        }
    )
    assert (least.studies, least.seeds, least.batch, least.device) == (("undistillable",), (0,), {}, "auto")
    assert (least.knockoff.attacks, least.knockoff.label_smoothing, least.knockoff.trials) == ({}, (0.1,), 0)
    assert (least.headline.defenses, least.headline.attacks, least.headline.seeds) == ((), (), ())
    assert (least.robustness.attacks, least.robustness.transfer, least.robustness.examples) == ({}, (), 4)
    assert least.robustness.families == ("teachers", "knockoffs", "chains")
    assert least.certification.model_dump() == {
        "certifiers": {}, "eps": (0.1,), "families": ("teachers",), "defenses": (), "images": None,
        "radius_steps": 0, "precision": "float32",
    }  # fmt: skip
    assert (least.sensitivity.families, least.sensitivity.images, least.chains) == (("chains",), None, {})
    assert least.measure == MeasureParams(powers=(0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0))
    assert (least.student_recipe, least.families) == (least.train, {"teachers", "students", "knockoffs"})


RADIUS = re.compile("radi|distance|length of the step", re.IGNORECASE)


@pytest.mark.parametrize("registry", [ATTACKS, CERTIFIERS, DEFENSES, KNOCKOFFS], ids=lambda each: each.kind)
def test_an_eps_is_a_radius_and_nothing_else(registry):
    fields = {spec.__name__: spec.model_fields["eps"] for spec in registry if "eps" in spec.model_fields}
    assert [name for name, field in fields.items() if not RADIUS.search(field.description)] == []


def test_seeds_and_chains_of_what_was_chosen(rich_params):
    params, _ = rich_params
    assert [params.seeds_of(headline=headline) for headline in (False, True)] == [(3, 7), (3, 7, 9)]
    assert list(params.chosen_chains) == ["ta", "left"]
    assert list(params.model_copy(update={"studies": ("ta",)}).chosen_chains) == ["ta"]
    assert params.student_recipe is params.student_train
    assert params.model_copy(update={"studies": ("ta", "certified")}).families == {"chains", "teachers"}


def test_one_page_shows_recorded_benchmarks():
    benchmarks = {name: page.benchmarks for name, page in PAGES.items() if page.benchmarks}
    assert benchmarks == {"certified": "benchmarks/certify/results/*.json"}


def test_a_new_study_is_asked_for_what_its_tables_show(rich_params, monkeypatch):
    params, _ = rich_params
    shows = Study(name="mine", title="Mine", question="", families=("chains",), tables=("models", "cascades"))
    monkeypatch.setitem(STUDIES, "mine", shows)
    monkeypatch.setitem(STUDIES, "other", replace(shows, name="other", tables=("models", "worst")))
    mine, other, both = (
        params.model_copy(update={"studies": studies}) for studies in (("mine",), ("other",), ("mine", "other"))
    )
    assert [each.studies_that_show("certify") for each in (mine, other, both)] == [["mine"], [], ["mine"]]
    assert [each.studies_that_show("attack") for each in (mine, other, both)] == [[], ["other"], ["other"]]
    assert [bool(each.chosen_chains) for each in (mine, other)] == [True, True]


@pytest.mark.parametrize(("tables", "certified"), [(("models", "cascades"), True), (("models", "worst"), False)])
def test_models_are_certified_for_any_study_that_shows_certificates(rich_params, monkeypatch, tables, certified):
    study = Study(name="mine", title="Mine", question="", families=("teachers",), tables=tables)
    monkeypatch.setitem(STUDIES, "mine", study)
    params = rich_params[0].model_copy(update={"studies": ("mine",)})
    wanted = params.certification.model_copy(update={"families": ("teachers",), "defenses": ()})
    params = params.model_copy(update={"certification": wanted})
    own = ModelIdentity(role="teacher", arch="cnn_digits", seed=3, defense="ce")
    assert is_certified(params, "teachers", own) == certified
    lacking = params.model_copy(update={"certification": wanted.model_copy(update={"certifiers": {}})})
    said = "certification.certifiers: the study mine needs at least one; add one, or take it out of studies"
    assert (said in list(uncertifiable(lacking))) == certified
