"""The documents' claims, as they are to be judged: each whole, of a preset that exists, its number the papers' own."""

from math import log
from pathlib import Path

import pytest
import yaml

from distillab.params.layers import preset_names, read_yaml
from distillab.params.load import load_params
from distillab.reporting.reported import Reported
from distillab.studies import STUDIES

PROJECT = Path(__file__).parents[2]
PAPERS = Reported(PROJECT / "reports" / "reported")
CLAIMS = yaml.safe_load(PAPERS.path("claims.yaml").read_text(encoding="utf-8"))

FIELDS = {"document", "study", "preset", "source", "says", "quantity", "of", "against", "direction", "unit", "smallest"}
DIRECTIONS = {"higher", "lower", "not higher", "not lower", "equal"}
UNITS = {"points", "percent", "nats"}
FOUR = {
    "cmim": "undistillable", "ta": "ta", "papernot": "ta", "sparse": "sparse", "madry": "adversarial",
    "trades": "adversarial", "wong_kolter": "certified", "scaling": "certified",
}  # fmt: skip
"""Document to the study that is about it."""


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_whole(name):
    claim = CLAIMS[name]
    assert set(claim) - {"paper", "data", "eps"} == FIELDS
    assert all(claim[field] and isinstance(claim[field], str) for field in FIELDS - {"smallest"})
    assert claim["smallest"] > 0
    assert claim["direction"] in DIRECTIONS
    assert claim["unit"] in UNITS
    assert claim["says"].endswith(".")
    assert FOUR[claim["document"]] == claim["study"]
    assert claim["study"] in STUDIES
    assert claim["preset"] in preset_names(PROJECT / "config")


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_about_a_study_that_its_preset_has(name):
    files = [read_yaml(PROJECT / "config" / f"{file}.yaml") for file in ("base", CLAIMS[name]["preset"])]
    studies = next(file["studies"] for file in reversed(files) if "studies" in file)
    assert CLAIMS[name]["study"] in studies


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if isinstance(claim.get("paper"), float)])
def test_a_number_is_on_the_side_of_its_claim(name):
    paper, smallest = CLAIMS[name]["paper"], CLAIMS[name]["smallest"]
    holds = {
        "higher": paper > 0, "lower": paper < 0, "not higher": paper < smallest, "not lower": paper > -smallest,
        "equal": abs(paper) < smallest,
    }  # fmt: skip
    assert holds[CLAIMS[name]["direction"]]


def test_there_are_at_least_25_claims_of_all_documents_and_no_two_say_the_same():
    assert len(CLAIMS) >= 25
    assert {claim["document"] for claim in CLAIMS.values()} == set(FOUR)
    judged = [tuple(claim[field] for field in ("preset", "quantity", "of", "against")) for claim in CLAIMS.values()]
    assert len(set(judged)) == len(judged)


def difference(file, column, first, second, **rows):
    """Of two cells of a file, in its own unit."""
    frame = PAPERS[file]
    for name, value in rows.items():
        frame = frame[frame[name].astype(str) == value]
    values = [frame.loc[frame[key].astype(str) == value, column].astype(float) for key, value in (first, second)]
    assert [len(each) for each in values] == [1, 1]
    return float(values[0].iloc[0] - values[1].iloc[0])


@pytest.mark.parametrize(
    ("name", "file", "column", "rows"),
    [
        ("cmim_costs_no_accuracy", "cmim_table2", "accuracy",
         ({"dataset": "CIFAR-100", "model": "RN50"}, ("defense", "CMIM"), ("defense", "CE"))),
        ("cmim_gains_accuracy_on_ten_networks", "cmim_table5_6", "accuracy",
         ({"model": "RNXT50"}, ("method", "CMIM"), ("method", "CE"))),
        ("cmim_gains_accuracy_on_imagenet", "cmim_table5_6", "accuracy",
         ({"dataset": "ImageNet", "model": "RN50"}, ("method", "CMIM"), ("method", "CE"))),
        ("omega_matters_little", "cmim_table10", "knockoff_accuracy", ({}, ("omega", "1"), ("omega", "30"))),
        ("projections_cost_little", "scaling_reported", "value",
         ({"quantity": "robust_error", "setting": "single, linf eps 0.1"},
          ("model", "small"), ("model", "small, exact"))),
        ("cascades_lower_the_robust_error", "scaling_reported", "value",
         ({"quantity": "robust_error", "dataset": "MNIST", "model": "small"},
          ("setting", "cascade, linf eps 0.1"), ("setting", "single, linf eps 0.1"))),
        ("cascades_raise_the_natural_error", "scaling_reported", "value",
         ({"quantity": "test_error", "dataset": "MNIST", "model": "small"},
          ("setting", "cascade, linf eps 0.1"), ("setting", "single, linf eps 0.1"))),
        ("residual_networks_certify_more", "scaling_reported", "value",
         ({"quantity": "robust_error", "setting": "single, linf eps 2/255"}, ("model", "resnet"), ("model", "small"))),
    ],
)  # fmt: skip
def test_numbers_are_those_of_the_files(name, file, column, rows):
    where, first, second = rows
    assert CLAIMS[name]["paper"] == pytest.approx(difference(file, column, first, second, **where), abs=1e-9)


def test_the_entropy_is_in_nats_though_the_paper_prints_shares_of_the_largest():
    """Methods 6, M4: the printed numbers are possible as shares of ln 100 alone."""
    share = difference("cmim_table4", "entropy_printed", ("method", "CMIM"), ("method", "CE"))
    claim = CLAIMS["cmim_is_less_confident"]
    assert claim["unit"] == "nats"
    assert claim["paper"] == pytest.approx(share * log(100), abs=5e-4)


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if "data" in claim])
def test_a_claim_about_one_data_set_is_about_that_of_its_preset(name):
    assert CLAIMS[name]["data"] == load_params(PROJECT, CLAIMS[name]["preset"]).data.name


def test_the_best_knockoffs_are_those_of_table_1():
    best = PAPERS["cmim_table1_best"]
    small = best[best["dataset"] == "CIFAR-100"]
    for name, defense in (("mad_leaks", "MAD"), ("nasty_teachers_leak", "NT"), ("stingy_teachers_leak", "ST")):
        assert CLAIMS[name]["paper"] == small.loc[small["defense"] == defense, "margin"].max(), name
    assert CLAIMS["label_smoothing_is_no_protection"]["paper"] == small.loc[small["defense"] == "LS", "margin"].max()
    for name, dataset in (
        ("cmim_no_attack_beats_label_smoothing", "CIFAR-100"),
        ("cmim_undistillable_on_tinyimagenet", "TinyImageNet"),
        ("cmim_undistillable_on_imagenet", "ImageNet"),
    ):
        rows = best[(best["dataset"] == dataset) & (best["defense"] == "CMIM")]
        assert CLAIMS[name]["paper"] == rows["margin"].max(), name
