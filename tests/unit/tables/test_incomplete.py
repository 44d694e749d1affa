"""Every table of a run of which something is missing: what it does not concern stays, the rest is gone or says so."""

from functools import cache
from math import isnan

import pytest
from whole_run import whole_run

from distillab.tables import RECORDS, TABLES

MODELS, MATRIX = {"teach", "baseline", "knockoff", "distill"}, {"baseline", "knockoff", "measure", "prepare"}
READS = {
    "models": MODELS | {"measure", "prepare"},
    "knockoff": MATRIX | {"teach"}, "verdicts": MATRIX | {"teach"}, "labels": MATRIX - {"knockoff"}, "worth": MATRIX,
    "hypotheses": MATRIX | {"teach"}, "ablations": MATRIX | {"teach"}, "robustness": {"attack"}, "curves": {"attack"},
    "worst": {"attack"}, "strength": {"attack"}, "examples": {"attack"}, "steps": {"attack"},
    "certificates": {"attack", "certify"}, "certified_images": {"certify"}, "cascades": {"certify"},
    **{name: {"teach", "measure", "prepare"} for name in ("cmi", "leaks", "simplex", "responses", "profiles")},
    "history": MODELS, "sensitivity": {"sensitivity"},
    "claims": {"distill", "measure", "prepare", "sensitivity", "attack"},
}  # fmt: skip
"""Table to the stages whose members it is made from; a new table is held to what it declares."""

KEYS = {
    "knockoff": ("thief", "teacher", "student", "attack"), "verdicts": ("thief", "teacher", "student"),
    "labels": ("thief", "student", "role"), "worth": ("thief", "teacher", "student", "attack"),
    "ablations": ("defense", "quantity", "attack"), "hypotheses": ("defense", "hypothesis", "statement"),
    "strength": ("model", "attack", "logits"), "steps": ("norm", "view", "earlier", "later", "temperature"),
    "claims": ("claim", "view"),
}  # fmt: skip
"""Tables over seeds, and what names their rows."""

WIDER = {
    "simplex": lambda _, who, __: who.seed == 0,
    "cascades": lambda row, who, it: row["seed"] == who.seed and row["certifier"] == it.axes["certifier"],
    "curves": lambda row, _, it: row["norm"] == it.spec["attack"]["norm"],
    "robustness": lambda row, who, _: row["model"] == who.model,
}
"""Tables whose rows rest on more than their own model and seed: of simplexes on the first seed, of curves on all that
share their grid, of robustness, for what a search is called, on all seeds of the model."""

SHARED = {
    "knockoff": ("delta", "pseudo_delta", "open", "agreement", "errors_copied", "recovered"),
    "worth": ("equivalent", "per_answer"),
    "verdicts": ("verdict", "best", "lower", "upper", "reason", "price", "share", "prote", "cost", "paper_"),
}  # fmt: skip
"""Columns, by their beginnings, that also rest on other cells of the thief, other thieves' LS students, or teachers."""

SLOW = {"hypotheses", "claims"}
"""Of these every third kind is taken away."""


@pytest.fixture(scope="module")
def run():
    return whole_run()


@cache
def _whole_rows(table):
    return rows_of(whole_run(), table)


def rows_of(run, table):
    return list(TABLES[table].rows(run))


def kinds(run, stages):
    """One member of each kind: the first seed's and the second's in turn, of data all."""
    by_kind = {}
    for member in run.workspace.plan.members.values():
        if member.stage in stages and member.spec.get("part") != "labels":
            by_kind.setdefault(member.id.replace(f"-s{member.seed}", ""), []).append(member)
    return [members[number % len(members)] for number, members in enumerate(by_kind.values())]


def of_whom(run, member):
    model = member.id if member.stage in MODELS else member.parents["model"]
    return run.run_of(model)


def concerns(table, row, run, member):
    """Whether a row may change when a member is taken away."""
    if member.stage == "prepare" or table in {"hypotheses", "claims"}:
        return True
    who = of_whom(run, member)
    if table in KEYS:
        return _over_seeds(table, row, who)
    if table == "models" and row["role"] == who.role == "ls_student":
        return row["arch"] == who.arch
    if table in WIDER:
        return WIDER[table](row, who, member)
    reference = "ce-wide" if table in {"models", "leaks", "responses"} else None
    names = {row.get("model"), row.get("teacher"), reference}
    return row["seed"] == who.seed and who.model in names


def _over_seeds(table, row, who):
    if table == "strength":
        return row["model"] == who.model
    if table == "steps":
        return who.step in {row["earlier"], row["later"]} and row["temperature"] in {who.temperature, -1}
    if table == "ablations":
        return _in_ablations(row, who)
    if table == "verdicts" and who.role == "teacher":
        return row["teacher"] == who.model or row["cost"] is not None
    if table == "knockoff" and who.role == "teacher":
        return row["teacher"] == who.model
    thief = row["thief"] == who.thief or (table == "worth" and who.role == "ls_student")
    return thief and row["student"] in {who.arch, "every student"}


def _in_ablations(row, who):
    if who.role == "teacher":
        return row["defense"] == who.defense
    return (row["attack"].removesuffix("_tuned"), f"{row['defense']}-wide") == (who.attack, who.teacher)


def says_so(table, row):
    """Whether a row that changed over seeds tells that it rests on less, or rests on it by what cells share alone."""
    whole = next(each for each in _whole_rows(table) if _key(table, each) == _key(table, row))
    less = any(row[name] < whole[name] for name in row if name.endswith("seeds") and name in {"seeds", "teacher_seeds"})
    changed = [name for name, value in row.items() if repr(value) != repr(whole[name])]
    return row.get("missing", 0) > 0 or less or all(name.startswith(SHARED.get(table, ())) for name in changed)


def _key(table, row):
    return tuple(row[name] for name in KEYS[table])


def check(run, table, member):
    found = rows_of(run, table)
    before, after = [*map(repr, _whole_rows(table))], [*map(repr, found)]
    for row, text in zip(_whole_rows(table), before, strict=True):
        assert text in after or concerns(table, row, run, member), (member.id, row)
    kept = set(before)
    for row, text in zip(found, after, strict=True):
        if text not in kept:
            assert concerns(table, row, run, member), (member.id, row)
            assert table not in KEYS or says_so(table, row), (member.id, row)


@pytest.mark.parametrize("table", READS)
def test_one_missing_member_costs_its_own_rows(run, table):
    assert _whole_rows(table)
    for member in kinds(run, READS[table])[:: 3 if table in SLOW else 1]:
        check(run.without(member.id), table, member)


@pytest.mark.parametrize("table", READS)
def test_a_table_declares_the_questions_that_it_is_made_from(table):
    assert {*TABLES[table].reads} == READS[table] & {"attack", "certify", "sensitivity"}


@pytest.mark.parametrize("table", TABLES)
def test_what_a_table_is_not_made_from_may_be_missing(run, table):
    stages = READS.get(table, MODELS | MATRIX | {*TABLES[table].reads})
    others = {member.id for member in run.workspace.plan.members.values() if member.stage not in stages}
    assert [*map(repr, rows_of(run.without(*others), table))] == [*map(repr, _whole_rows(table))]


@pytest.mark.parametrize("table", READS)
def test_without_a_stage_a_table_has_the_rows_that_need_none_of_it(run, table):
    for stage in READS[table]:
        gone = [member.id for member in run.workspace.plan.members.values() if member.stage == stage]
        kept = rows_of(run.without(*gone), table)
        fewer = len(kept) < len(_whole_rows(table))
        needless = {"attack", "baseline", "knockoff", "sensitivity"} | (
            {"teach"} if table in {"knockoff", "verdicts"} else set()
        )
        assert fewer or stage in needless
    assert rows_of(run.without(*run.workspace.plan.members), table) == []


@pytest.mark.parametrize("table", READS)
@pytest.mark.parametrize("model", ["ce-wide-s0", "cmim-wide-s1", "ls0.1-thin-s0", "ta-T4-step1-s1"])
def test_a_model_with_all_its_questions(run, table, model):
    """Nothing of it is left, but for what others learned from it."""
    who, members = run.run_of(model), run.workspace.plan.members.values()
    gone = [model, *(member.id for member in members if member.parents.get("model") == model)]
    found = rows_of(run.without(*gone), table)
    assert not [
        row for row in found if row.get("model", row.get("teacher")) == who.model and row.get("seed") == who.seed
    ]


@pytest.mark.parametrize("told", [record.rows for record in RECORDS.values()], ids=list(RECORDS))
def test_what_is_true_of_a_run_is_told_of_any_part_of_it(run, told, monkeypatch):
    monkeypatch.setattr("distillab.tables.run.commit", lambda: "abc")
    members = run.workspace.plan.members
    for stage in {member.stage for member in members.values()}:
        told(run.without(*(name for name, member in members.items() if member.stage == stage)))
    assert told(run.without(*members))


def test_seconds_are_those_of_what_is_there(run):
    whole = RECORDS["run"].rows(run.without())["stage_seconds"]
    parts = RECORDS["run"].rows(run.without("ce-wide-s0", "ce-wide-s1-cw-raw", "wk-wide-s0-certify-ibp"))
    less = {stage: whole[stage] - seconds for stage, seconds in parts["stage_seconds"].items()}
    assert {stage: seconds for stage, seconds in less.items() if seconds} == {
        "teach": 1.0, "attack": 1.0, "certify": 1.0,
    }  # fmt: skip


def test_without_the_teacher_a_thief_is_shown_and_agrees_with_nobody(run):
    rows = rows_of(run.without("ce-wide-s0", "ce-wide-s0-measure"), "models")
    thieves = {row["seed"]: row["agreement"] for row in rows if row["model"] == "ce-wide--kd-thin"}
    assert isnan(thieves[0])
    assert 0 <= thieves[1] <= 1
