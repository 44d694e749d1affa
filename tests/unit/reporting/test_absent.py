"""Dashes with the reason of what is not there: found by its columns, counted, escaped."""

import re

import pytest

from distillab.reporting import (
    absent,
    boxes,
    chain_views,
    knockoff_views,
    matrix_views,
    robustness_views,
    text,
    thief_text,
    worst_views,
)
from distillab.reporting.absent import LISTED, NOTED, gap_list, gap_note, gaps, reason
from distillab.reporting.certified_views import certificate_table
from distillab.reporting.record import RunCost, record

HOSTILE = '<script>alert("x")</script>'
SAFE = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"


def gap(name, why="killed", *, stage="knockoff", model="", question="", **columns):
    of = {
        "role": "",
        "defense": "",
        "attack": "",
        "teacher": "",
        "thief": "",
        "arch": "",
        "chain": "",
        "temperature": None,
        "step": -1,
    }
    return {"id": name, "stage": stage, "reason": why, "model": model, "question": question, "seed": 0} | of | columns


def titles(html):
    return re.findall(r'<abbr class="missing" title="([^"]*)"', html.text)


@pytest.fixture
def with_gaps(tables_of):
    """A function from gaps, and rows, to tables of which four of nine cells are not there."""
    return lambda *found, **rows: tables_of({"missing": list(found), "cells_done": 5}, **rows)


def test_gaps_are_found_by_stage_and_columns(with_gaps):
    first, second = gap("a", step=1), gap("b", stage="attack", step=1)
    read = with_gaps(first, second)
    assert gaps(read) == gaps(read, "knockoff", "attack") == gaps(read, step=1) == [first, second]
    assert gaps(read, "attack") == [second]
    assert gaps(read, "knockoff", step=2) == []


def test_a_reason_counts_and_nothing_missing_says_otherwise():
    assert reason([], "not run") == "not run"
    assert reason([gap("a", "killed")], "not run") == "killed"
    assert reason([gap("a", "killed"), gap("b", "other")], "not run") == "killed (2 files)"


def test_a_note_names_the_reasons_and_the_first_of_each():
    assert gap_note([]) == ""
    found = [gap("a", HOSTILE), gap("<b>"), gap("c", HOSTILE), gap("d", HOSTILE)]
    assert gap_note(found) == (f"Missing: 4 of what was planned here. a and 2 more: {HOSTILE}; <b>: killed.")
    many = [gap(str(number), f"why {number}") for number in range(NOTED + 2)]
    assert gap_note(many).endswith("; 3: why 3; 2 further reasons in the list under Validity.")


def test_the_list_is_folded_whole_and_escaped(with_gaps):
    assert gap_list(with_gaps()).text == ""
    shown = gap_list(with_gaps(gap("<i>", HOSTILE))).text
    assert "<summary>What is missing, and why: 1 file</summary>" in shown
    assert f"<li><code>&lt;i&gt;</code> {SAFE}</li>" in shown
    long = gap_list(with_gaps(*(gap(f"id{number}") for number in range(LISTED + 7)))).text
    assert long.count("<li>") == LISTED + 1
    assert "and 7 more, in facts.json" in long
    assert f"why: {LISTED + 7} files" in long


@pytest.mark.parametrize(("done", "said"), [(9, "all 9 done"), (4, "5 of 9 cells failed or are missing")])
def test_cells_are_counted(tables_of, done, said):
    assert absent.cells_phrase(tables_of({"cells_done": done})) == said


BOX = {"train_n": 1, "val_n": 1, "flags": []}


def test_the_validity_box_warns_and_lists(tables_of, teacher):
    facts = BOX | {"missing": [gap("ce-net--kd-small-s0", HOSTILE)], "cells_done": 8}
    shown = boxes.validity(tables_of(facts, models=[teacher("ce")])).text
    assert "<dl id='validity' class=\"warn\">" in shown
    assert "<dd>1 of 9 cells failed or are missing</dd>" in shown
    assert f"<code>ce-net--kd-small-s0</code> {SAFE}" in shown
    assert "Nothing of this run" not in shown
    whole = boxes.validity(tables_of(BOX, models=[teacher("ce")])).text
    assert "warn" not in whole
    assert "all 9 done" in whole


def test_the_validity_box_counts_image_files(tables_of, teacher):
    def files(**intake):
        counts = {"read": 3000, "resized": 0, "passed_over": {}, "repeats": 0, "leaks": 0} | intake
        return boxes.validity(tables_of(BOX | {"intake": counts}, models=[teacher("ce")]), whole=True).text

    assert "<dt>Files</dt><dd>3,000 read</dd>" in files()
    shown = files(resized=2, passed_over={"not an image (<b>)": 4, "hidden": 1}, repeats=5, leaks=6)
    assert (
        "3,002 read; 2 of them resized; passed over: 4 not an image (&lt;b&gt;), 1 hidden; 5 with the pixels" in shown
    )
    assert "6 of the test images stand in the training images too: a leak" in shown
    assert "warn" in shown
    assert "warn" not in files(resized=2, repeats=5)
    assert "Files" not in boxes.validity(tables_of(BOX, models=[teacher("ce")]), whole=True).text


def test_a_run_of_nothing_says_so_in_one_sentence(tables_of):
    shown = boxes.validity(tables_of(BOX)).text
    assert shown.count("Nothing of this run is there yet: no model has been trained and measured.") == 1
    assert "no test images yet" in text.resolution(tables_of({"test_n": 0})).text
    planned = tables_of({"missing": [gap("a"), gap("b", stage="measure")]})
    assert "No knockoff verdict: 1 planned knockoffs are missing." in thief_text.knockoff_answer(planned).text


@pytest.mark.parametrize("stage", ["knockoff", "measure"])
def test_a_knockoff_that_is_not_there_is_a_dash_with_its_reason(
    with_gaps, teacher, knockoff, verdict, papers, *, stage
):
    cells = [knockoff("ce", "kd"), knockoff("ce", "mkd", missing=2), knockoff("nt", "mkd"), knockoff("st", "mkd_tuned")]
    rows = {"models": [teacher(key) for key in ("ce", "nt", "st")], "knockoff": cells,
            "verdicts": [verdict(key, "undecided") for key in ("ce", "nt", "st")]}  # fmt: skip
    thief = {"thief": "paper", "teacher": "nt-net", "arch": "small", "attack": "kd", "stage": stage}
    ls = gap("ls0.1-small-s1", "no memory", stage="baseline", role="ls_student", arch="small", thief="paper")
    other = gap("z", "of no concern", **thief | {"thief": "poor"})
    own = gap("y", "a seed failed", **thief | {"teacher": "ce-net", "attack": "mkd"})
    shown = matrix_views.knockoff_table(with_gaps(gap("x", HOSTILE, **thief), own, ls, other, **rows), papers)
    assert [title for title in titles(shown) if title != "not run in this preset"] == ["a seed failed", SAFE]
    assert "1 of 4 cells rest on fewer networks than planned." in shown.text
    assert "ls0.1-small-s1: no memory" in shown.text
    assert "of no concern" not in shown.text, "another thief's"
    assert "Missing" not in matrix_views.knockoff_table(with_gaps(**rows), papers).text


def test_a_verdict_of_fewer_networks_leaves_the_literal_rule_open(with_gaps, teacher, knockoff, verdict):
    nothing = {"verdict": None, "missing": 3}
    rows = [
        verdict("ce", "undecided", literal=None, missing=2, paper=nothing),
        verdict("nt", "undecided", literal=False),
    ]
    made = {"models": [teacher("ce"), teacher("nt")], "knockoff": [knockoff("ce", "kd"), knockoff("nt", "kd")]}
    shown = knockoff_views.verdict_table(with_gaps(**made, verdicts=rows))
    assert ">open</td>" in shown.text
    assert ">undistillable</td>" in shown.text
    assert titles(shown) == ["3 planned networks are missing"] * 3
    assert "Of 1 of these verdicts planned networks are missing" in shown.text


def attack(model, key="pgd", **more):
    return {"model": model, "role": "teacher", "defense": model.partition("-")[0], "arch": "net", "attack": key,
            "attack_label": key.upper(), "logits": "raw", "norm": "linf", "eps": 0.1, "seed": 0, "n": 10,
            "success_n": 9,
            "clean_accuracy": 0.9, "robust_accuracy": 0.5, "robust_low": 0.4, "robust_high": 0.6} | more  # fmt: skip


def test_an_attack_that_is_not_there_is_a_dash_and_an_absent_teacher_keeps_its_name(with_gaps, teacher):
    found = gap("nt-net-s0-fgsm-raw", HOSTILE, stage="attack", model="nt-net", question="fgsm raw", role="teacher")
    other = gap("ta-s0-pgd", stage="attack", model="ta", question="pgd raw", role="chain")
    rows = [attack("ce-net"), attack("ce-net", "fgsm"), attack("nt-net")]
    read = with_gaps(found, other, models=[teacher("ce")], robustness=rows)
    shown = robustness_views.robustness_table(read)
    assert titles(shown) == [SAFE]
    assert "Missing: 1 of what was planned here." in shown.text
    assert read.networks == {"ce-net": "net", "nt-net": "net"}


def test_a_carried_attack_that_is_not_there_is_a_dash(with_gaps, teacher):
    rows = [attack("ce-net"), attack("ce-net", logits="from_copy"), attack("nt-net")]
    found = gap("a", HOSTILE, stage="attack", model="nt-net", question="pgd from_copy")
    read = with_gaps(found, models=[teacher("ce")], robustness=rows)
    assert titles(worst_views.transfer_table(read)) == [SAFE]


def test_certificates_that_are_not_there_are_a_row_of_dashes(with_gaps, teacher):
    row = {"model": "ce-net", "role": "teacher", "defense": "ce", "arch": "net", "certifier": "ibp", "norm": "linf"}
    row |= {"certifier_label": "IBP", "eps": 0.1, "seed": 0, "n": 10, "clean_accuracy": 0.9, "certified_accuracy": 0.5}
    row |= {"low": 0.4, "high": 0.6, "slack": 0, "robust_accuracy": 0.6, "robust_n": 10, "gap": 0.1, "missing": 0}
    row |= {"undecided": 0.4, "median_radius": 0.2}
    found = gap("a", HOSTILE, stage="certify", model="nt-net", question="ibp")
    seed = gap("b", stage="certify", model="ce-net", question="ibp")
    shown = certificate_table(with_gaps(found, seed, models=[teacher("ce"), teacher("nt")], certificates=[row]))
    whole = certificate_table(with_gaps(models=[teacher("ce"), teacher("nt")], certificates=[row]))
    assert titles(shown).count(SAFE) == 4
    assert titles(whole).count(SAFE) == 0
    assert shown.text.count("<tr") == whole.text.count("<tr") + 1


def test_a_step_that_is_not_there_is_a_row_of_dashes(with_gaps, papers):
    made = [
        {"model": f"ta-T1-step{step}", "role": "chain", "chain": "ta", "temperature": 1.0, "step": step, "seed": 0,
         "test_accuracy": 0.9, "test_n": 10, "confidence": 0.8, "ece": 0.1, "teacher": ""}
        for step in (0, 2)
    ]  # fmt: skip
    step = {"role": "chain", "chain": "ta", "temperature": 1.0}
    found = [
        gap("a", HOSTILE, stage="distill", step=1, **step),
        gap("b", "no gradient", stage="sensitivity", step=0, **step),
    ]
    found.append(gap("c", "a seed failed", stage="measure", step=2, **step))
    shown = chain_views.steps_table(with_gaps(*found, models=made), papers)
    assert "a seed failed" not in titles(shown)
    assert titles(shown).count(SAFE) == 4
    assert titles(shown).count("no gradient") == 1
    assert titles(shown).count("not measured") == 1
    assert "assistant, T = 1" in shown.text


def test_a_chain_from_a_teacher_that_is_not_there_is_none_of_the_papers(with_gaps):
    step = {
        "model": "left-T1-step1",
        "role": "chain",
        "chain": "left",
        "teacher": "ls-net",
        "temperature": 1.0,
        "step": 1,
    }
    assert chain_views.first_teachers(with_gaps(models=[step])) == {"left": "ls-net"}


def test_a_record_says_that_the_run_is_not_whole(with_gaps, papers):
    facts = {"title": "Digits", "preset": "digits", "environments": [], "commit": "", "params": {
        "data": {}, "train": {"epochs": 1, "batch_size": 2}, "pairs": [], "studies": []}}  # fmt: skip
    for found, said in (([gap("a")], True), ([], False)):
        read = with_gaps(*found)
        read.facts.update(facts)
        assert (
            "The run is not whole: 4 of 9 cells failed or are missing." in record(read, papers, RunCost({}, 0.0))
        ) is said
