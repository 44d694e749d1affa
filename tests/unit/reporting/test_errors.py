"""What a report says of files that it cannot use, word by word: which file, what is wrong, what to do."""

import json

import pandas as pd
import pytest

from distillab.core.errors import ArtifactError, ContractError
from distillab.reporting.certified_costs import costs, width_figure
from distillab.reporting.certified_pictures import ladder, outlines
from distillab.reporting.drawing import show
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables
from distillab.tables import RECORDS

AGAIN = "run snakemake again, or point the report at a folder that stage collect wrote"
TOYS = "python benchmarks/certify/toys.py"
WIDTH = "PYTHONPATH=benchmarks/peers python benchmarks/certify/width.py"
NOT_JSON = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"


def said(error, call):
    """The one line of an error."""
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def test_a_table_that_is_missing_broken_or_lacks_columns(tmp_path):
    path, tables = tmp_path / "curves.parquet", Tables(tmp_path)
    assert said(ArtifactError, lambda: tables["curves"]) == f"{path}: missing; {AGAIN}"
    path.write_text("x")
    text = said(ArtifactError, lambda: tables["curves"])
    assert text.startswith(f"{path}: not a parquet table; got ")
    assert "too small" in text or "Parquet" in text
    assert text.endswith(f"; {AGAIN}")
    pd.DataFrame({"model": ["a"], "eps": [0.1], "seed": [0], "n": [1], "more": [2]}).to_parquet(path)
    lacks = f"{path}: lacks columns; expected norm, attack_keys, missing, robust_accuracy; {AGAIN}"
    assert said(ArtifactError, lambda: tables["curves"]) == lacks


def test_facts_that_are_missing_broken_or_lack_keys(tmp_path):
    facts, run = tmp_path / "facts.json", tmp_path / "run.json"
    of_facts, of_run = RECORDS["facts"].names, RECORDS["run"].names
    assert said(ArtifactError, lambda: Tables(tmp_path).facts) == f"{facts}: missing; {AGAIN}"
    facts.write_text("{")
    assert said(ArtifactError, lambda: Tables(tmp_path).facts) == f"{facts}: not JSON; got {NOT_JSON}; {AGAIN}"
    facts.write_text(json.dumps(dict.fromkeys(of_facts[:-2], "x")))
    lacks = f"{facts}: lacks keys; expected {of_facts[-2]}, {of_facts[-1]}; {AGAIN}"
    assert said(ArtifactError, lambda: Tables(tmp_path).facts) == lacks
    facts.write_text(json.dumps(dict.fromkeys(of_facts, "f")))
    assert said(ArtifactError, lambda: Tables(tmp_path).facts) == f"{run}: missing; {AGAIN}"
    run.write_text(json.dumps(dict.fromkeys(of_run, "r")))
    assert Tables(tmp_path).facts == dict.fromkeys(of_facts, "f") | dict.fromkeys(of_run, "r")


def test_numbers_of_a_paper_that_are_missing(tmp_path):
    line = f"{tmp_path / 'ta_reported.csv'}: missing; restore the file from the repository"
    assert said(ArtifactError, lambda: Reported(tmp_path)["ta_reported"]) == line


@pytest.mark.parametrize("figure", [ladder, outlines])
def test_bounds_on_toys_that_are_broken_or_lack_a_part(tmp_path, figure):
    path = tmp_path / "toys.json"
    path.write_text("{")
    assert said(ArtifactError, lambda: figure(tmp_path)) == f"{path}: not JSON; got {NOT_JSON}; {TOYS}"
    path.write_text("{}")
    assert said(ArtifactError, lambda: figure(tmp_path)) == f"{path}: lacks keys; expected ladder, plane; {TOYS}"


def test_costs_that_are_broken_or_lack_a_part(tmp_path):
    path = tmp_path / "width.json"
    assert f"<code>{WIDTH}</code> measures it." in width_figure(tmp_path, costs(tmp_path)).text
    path.write_text("{")
    assert said(ArtifactError, lambda: costs(tmp_path)) == (f"{path}: not a record of costs; got {NOT_JSON}; {WIDTH}")
    path.write_text("{}")
    assert said(ArtifactError, lambda: costs(tmp_path)) == f"{path}: not a record of costs; got 'rows'; {WIDTH}"


@pytest.mark.parametrize(("alt", "caption"), [(" ", "c"), ("a", "\n"), ("", "")])
def test_a_figure_without_words(alt, caption):
    line = "fig: a figure needs alt text and a caption"
    assert said(ContractError, lambda: show(name="fig", alt=alt, caption=caption)) == line
