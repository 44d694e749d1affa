"""From evidence to findings, from findings to states, from states to the page."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from distillab.core.errors import ArtifactError
from distillab.reporting.reported import Reported
from distillab.scoreboard.board import DOCUMENTS, board, scoreboard
from distillab.scoreboard.claim import read_claims
from distillab.scoreboard.finding import Finding, Judgment, judge_run, judgment_text, read_judgment
from distillab.scoreboard.quantities import QUANTITIES
from distillab.scoreboard.standing import RunPrice, entries

REPORTS = Path(__file__).parents[3] / "reports"

HOLDS = Finding("it", "papers' thief, net", 3.5, 2.5, 4.5, 0.001, "holds", 3, 1000, None)
JUDGMENT = Judgment("mine", "MNIST", 5000, 1000, ("net",), 7, (0, 1, 2), "abc1234", "2026-01-02", 7200.0, (HOLDS,))
PAPERS = [{"key": key, "authors": "A. Author", "year": 2020, "title": f"Title of {key}", "arxiv": "2001.00001"}
          for key in DOCUMENTS.values()]  # fmt: skip


def judged(*findings, **fields):
    return replace(JUDGMENT, findings=findings, **fields)


def teachers(cmim):
    return [
        {"model": f"{defense}-net", "role": "teacher", "defense": defense, "arch": "net", "seed": seed,
         "test_accuracy": value, "test_n": 1000}
        for defense, values in (("ce", (0.90, 0.91, 0.92)), ("cmim", cmim))
        for seed, value in enumerate(values)
    ]  # fmt: skip


def test_a_run_is_judged_with_its_setting(run, claim):
    claims = {"it": claim("teacher accuracy", "cmim", "ce"), "other": claim("teacher accuracy", "ls", "ce")}
    judgment = judge_run(run(models=teachers((0.95, 0.97, 0.97))), claims, 33.4)
    (finding,) = judgment.findings
    assert (finding.claim, finding.state, finding.seeds, finding.n) == ("it", "holds", 3, 1000)
    assert finding.value == pytest.approx(16 / 3)
    assert (judgment.train_n, judgment.epochs, judgment.networks) == (5000, 7, ("net", "small"))
    assert judgment.cpu_seconds == 33


def test_numbers_are_kept_to_what_could_matter():
    text = judgment_text(judged(replace(HOLDS, value=-3.6e-15, low=1 / 3, p=1.23456789e-7)))
    assert '"value": 0.0' in text
    assert '"low": 0.3333' in text
    assert '"p": 1.2346e-07' in text


def test_an_undecided_claim_has_a_price(run, claim):
    claims = {"it": claim("teacher accuracy", "cmim", "ce")}
    (finding,) = judge_run(run(models=teachers((0.93, 0.90, 0.95))), claims, 1.0).findings
    assert finding.state == "undecided"
    assert finding.seeds_to_decide > 3


def test_more_claims_of_a_run_make_each_dearer(run, claim):
    claims = {str(number): claim("teacher accuracy", "cmim", "ce") for number in range(20)}
    tables = run(models=teachers((0.93, 0.90, 0.95)))
    (alone,), together = (judge_run(tables, asked, 1.0).findings for asked in ({"0": claims["0"]}, claims))
    assert {finding.seeds_to_decide > alone.seeds_to_decide for finding in together} == {True}


def verdict(**fields):
    return {"thief": "paper", "teacher": "cmim-net", "defense": "cmim", "student": "small", "best_attack": "kd",
            "best_delta": 0.006, "lower": 0.001, "upper": 0.03, "seeds": 5, "missing": 0,
            "verdict": "distillable"} | fields  # fmt: skip


def test_a_gain_that_is_bounded_below_what_matters_does_not_hold(run, claim):
    claims = {"it": claim("knockoff accuracy", "best attack on cmim", "LS student", smallest=1.0)}
    (finding,) = judge_run(run(verdicts=[verdict(upper=0.009)]), claims, 1.0).findings
    assert (finding.low, finding.state) == (pytest.approx(0.1), "does not hold")
    (finding,) = judge_run(run(verdicts=[verdict(upper=0.011)]), claims, 1.0).findings
    assert finding.state == "holds"


def test_bounds_of_a_verdict_are_not_corrected_again(run, claim):
    claims = {"it": claim("knockoff accuracy", "best attack on cmim", "LS student")}
    (finding,) = judge_run(run(verdicts=[verdict()]), claims, 1.0).findings
    assert (finding.state, finding.p, finding.seeds) == ("holds", None, 5)


def test_a_judgment_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "mine.claims.json"
    path.write_text(judgment_text(JUDGMENT), encoding="utf-8")
    assert read_judgment(path) == JUDGMENT
    for text in ("{}", "[]", "not json", '{"findings": [{"claim": "it"}]}'):
        path.write_text(text)
        with pytest.raises(ArtifactError, match="no judgment"):
            read_judgment(path)


def standing(claim, *judgments):
    return entries({"it": claim("teacher accuracy", "cmim", "ce")}, judgments)[0]


def test_a_claim_stands_where_all_decided_findings_are_alike(claim):
    open_, fails = replace(HOLDS, state="undecided"), replace(HOLDS, state="does not hold")
    assert standing(claim).standing == "not run"
    assert standing(claim, judged(open_)).standing == "undecided"
    assert standing(claim, judged(open_, HOLDS)).standing == "holds"
    assert standing(claim, judged(fails), judged(open_)).standing == "does not hold"
    assert standing(claim, judged(fails), judged(HOLDS)).standing == "both"
    assert standing(claim, judged(replace(HOLDS, claim="another"))).standing == "not run"


def test_the_nearest_setting_comes_first(claim):
    poor = replace(HOLDS, context="thief with 60 labels, net")
    far, near = judged(HOLDS, preset="other", train_n=60_000), judged(poor, HOLDS)
    assert [(it.judgment.preset, it.finding) for it in standing(claim, far, near).found] == [
        ("mine", HOLDS), ("mine", poor), ("other", HOLDS),
    ]  # fmt: skip


def test_of_runs_as_near_that_with_most_images_comes_first(claim):
    few, many, some = (judged(HOLDS, preset="other", train_n=n) for n in (500, 60_000, 5000))
    assert [it.judgment.train_n for it in standing(claim, few, many, some).found] == [60_000, 5000, 500]


def test_what_is_shown_makes_the_standing(claim):
    open_, fails = replace(HOLDS, state="undecided"), replace(HOLDS, state="does not hold")
    far = judged(HOLDS, fails, preset="other")
    assert [it.finding for it in standing(claim, judged(open_), far).shown] == [HOLDS, fails]
    assert [it.finding for it in standing(claim, judged(open_), judged(fails, preset="other")).shown] == [fails]
    assert [it.finding for it in standing(claim, judged(open_)).shown] == [open_]
    assert standing(claim).shown == ()


def test_a_state_stands_beside_its_own_number(claim):
    asked = claim("teacher accuracy", "cmim", "ce")
    open_, fails = replace(HOLDS, state="undecided", value=0.5), replace(HOLDS, state="does not hold", value=-7.0)
    text = board(entries({"it": asked}, [judged(open_), judged(HOLDS, fails, preset="other")]), PAPERS)
    row = next(line for line in text.splitlines() if line.startswith("| So it is"))
    assert "holds: +3.5 [+2.5, +4.5] points<br>does not hold: -7 " in row
    assert "+0.5" not in row
    assert "undecided: +0.5 " in text


def test_the_price_is_the_cheapest_runs(claim):
    open_ = replace(HOLDS, state="undecided", seeds_to_decide=9)
    dear = judged(replace(open_, seeds_to_decide=6), cpu_seconds=9000.0, preset="dear")
    assert standing(claim, dear).price == RunPrice("dear", 6, 18000.0)
    cheap = judged(open_, cpu_seconds=3000.0, preset="cheap")
    assert standing(claim, dear, cheap).price == RunPrice("cheap", 9, 9000.0)
    text = board(entries({"it": claim("teacher accuracy", "cmim", "ce")}, [dear, cheap]), PAPERS)
    assert "| `cheap`: about 9 seeds, 2.5 CPU hours |" in text, "whose price it is"
    assert standing(claim, judged(replace(open_, seeds_to_decide=None))).price is None


def test_the_page_says_state_number_setting_and_counts(claim):
    asked = claim("teacher accuracy", "cmim", "ce", says="It is <b>so</b>.", paper=0.9)
    text = board(entries({"it": asked, "more": replace(asked, name="more", says="Not so.")}, [JUDGMENT]), PAPERS)
    assert "**2 claims: 1 holds, 1 not run.**" in text
    row = next(line for line in text.splitlines() if "so\\</b" in line)
    assert "**holds**" in row
    assert "+3.5 [+2.5, +4.5] points" in row
    assert "| +0.9 |" in row
    assert "5,000 training images, 7 epochs" in row
    assert "3 seeds, n = 1,000" in row
    assert "`distillab use mine`" in next(line for line in text.splitlines() if "Not so" in line)
    assert "Title of ye2025cmim" in text


def test_what_a_run_calls_things_is_no_markup(claim):
    named = judged(replace(HOLDS, context="<i>net|*2*"), data="[data](x) | <b>mine")
    text = board(entries({"it": claim("teacher accuracy", "cmim", "ce")}, [named]), PAPERS)
    assert r"\[data\](x) \| \<b\>mine" in text
    assert r"\<i\>net\|\*2\*" in text
    assert "<b>" not in text
    assert "<i>" not in text


def test_the_committed_claims_have_quantities_that_exist_and_papers_that_are_cited():
    claims = read_claims(Reported(REPORTS / "reported"))
    assert {claim.quantity for claim in claims.values()} == QUANTITIES.keys()
    assert {claim.document for claim in claims.values()} == DOCUMENTS.keys()
    text = scoreboard(REPORTS)
    assert all(claim.source in text.replace("\\", "") for claim in claims.values())


@pytest.mark.parametrize(
    ("entry", "said"),
    [({"says": "x"}, "not a claim"), ({"direction": "upwards"}, "not a direction"), ({"colour": 1}, "not a claim")],
)
def test_what_is_no_claim_is_refused_in_one_line(tmp_path, entry, said):
    whole = yaml.safe_load((REPORTS / "reported" / "claims.yaml").read_text(encoding="utf-8"))["ce_leaks"]
    changed = entry if said == "not a claim" and "says" in entry else whole | entry
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"ce_leaks": changed}))
    with pytest.raises(ArtifactError, match=f"ce_leaks: {said}"):
        read_claims(Reported(tmp_path))
