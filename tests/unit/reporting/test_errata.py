"""What papers print and cannot mean: sentences of a file, whose numbers are found again in the numbers beside it."""

import re

import pytest

from distillab.core.errors import ArtifactError
from distillab.reporting.errata import FILE, errata, read_errata
from distillab.reporting.reported import Reported

NUMBER = re.compile(r"\d+\.\d+")
PAPERS_OF = {
    "cmim": "cmim_*.csv", "ta": "ta_*.csv", "adversarial": "*_reported.csv", "certified": "*_reported.csv",
    "orderings": "*_reported.csv",
}  # fmt: skip
"""Key of the file to the files with the numbers that its sentences are about."""

DERIVED = {"0.31", "0.20", "0.07", "0.18", "0.09", "0.25", "0.01", "1.32", "94.18"}
"""Differences, means and spreads of printed numbers, and what a printed error leaves."""


def printed(papers, pattern):
    """Every number of these files, with two decimals."""
    text = " ".join(path.read_text(encoding="utf-8") for path in papers.folder.glob(pattern))
    return {f"{float(number):.2f}" for number in re.findall(r"\d+(?:\.\d+)?", text)}


@pytest.mark.parametrize("key", PAPERS_OF)
def test_every_number_of_a_sentence_is_printed_or_derived(papers, key):
    known = printed(papers, PAPERS_OF[key]) | DERIVED
    said = NUMBER.findall(" ".join(read_errata(papers)[key]))
    assert [number for number in said if f"{float(number):.2f}" not in known] == []


def test_the_sentences_about_arrows_are_those_that_the_numbers_contradict(papers):
    arrows = papers["cmim_table1_arrows"]
    wrong = arrows[~arrows["consistent"].astype(bool)]
    said = [line for line in read_errata(papers)["cmim"] if "of the LS student, printed" in line]
    assert len(said) == len(wrong) == 5
    for row in wrong.itertuples():
        assert any(f"{row.accuracy:.2f} against {row.ls_accuracy:.2f}" in line for line in said)


def test_derived_numbers_are_derived(papers):
    seeds = papers["cmim_table8"].pivot_table(index="seed", columns="arm", values="accuracy")
    assert f"{seeds['LS'].std():.2f}" == "0.31"
    assert f"{(seeds.drop(columns='LS').iloc[:, 0] - seeds['LS']).mean():.2f}" == "-0.18"
    assert papers["cmim_table5_6"]["gain_over_ce"].max() == pytest.approx(1.32)
    best = papers["cmim_table1_best"].query("defense == 'CMIM' and dataset == 'ImageNet'")
    assert sorted(best["margin"].round(2)) == [-0.20, -0.07]


def test_sentences_are_a_list_without_markup_of_their_own(tmp_path):
    (tmp_path / FILE).write_text("a: ['<b> & c', two]\n", encoding="utf-8")
    assert errata(Reported(tmp_path), "a").text == "<ul><li>&lt;b&gt; &amp; c</li><li>two</li></ul>"


@pytest.mark.parametrize(
    ("text", "what"),
    [("a: [", "not YAML"), ("- a", "not YAML with keys"), ("b: [x]", "not a list of sentences"),
     ("a: [1]", "not a list of sentences"), ("a: ['']", "not a list of sentences")],
)  # fmt: skip
def test_a_file_that_is_not_one_is_refused_in_one_line(tmp_path, text, what):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=what) as refusal:
        errata(Reported(tmp_path), "a")
    assert str(tmp_path / FILE) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArtifactError, match="missing"):
        errata(Reported(tmp_path), "a")
