"""What seeds cost: whatever a verdict on them needs, at the rate of what was made before."""

import json

import pytest

from distillab.core.sidecar import Payload, Sidecar, write_sidecar
from distillab.core.workspace import Workspace
from distillab.params.asked import AskedCell, with_asked
from distillab.params.load import load_params
from distillab.plan.build import build_plan
from distillab.plan.durations import Durations
from distillab.plan.effort import Effort, cell_of, effort_of, needed_by
from distillab.plan.expand import expand

KD = AskedCell("paper", "st", "kd")


@pytest.fixture
def small(project):
    """ST, which stands on CE, and a thief with unlabeled images; the project's root."""
    return project({
        "studies": ["undistillable"], "seeds": [0, 1],
        "defenses": {"*": None, "ce": {}, "nt": {"name": "nt"}, "st": {}},
        "thieves": {"poor": {"labels": 30, "queries": "all", "label_smoothing": 0.1, "attacks": ["kd"]}},
        "robustness": {"attacks": {"*": None}},
    })  # fmt: skip


def took(root, plan, seconds):
    """Write the sidecars of members that took so long."""
    workspace = Workspace(root, plan)
    for name, run in seconds.items():
        member = plan.members[name]
        payload = workspace.payload(member)
        payload.parent.mkdir(parents=True, exist_ok=True)
        write_sidecar(
            payload,
            Sidecar(
                stage=member.stage, id=name, key=member.key, spec=member.spec, code=member.code, parents={},
                payload=Payload(bytes=0, blake2b=""), environment={}, run={} if run is None else {"seconds": run},
            ),
        )  # fmt: skip
    return Durations(workspace)


def test_a_knockoff_needs_its_ancestors_its_controls_and_the_answers_of_all(small):
    members = build_plan(small).members
    assert needed_by(members, {KD}, {1}).keys() == {
        "data-images", "data-split", "ce-cnn_digits-s1", "st-cnn_digits-s1", "st-cnn_digits-s1-answers",
        "st-cnn_digits--kd-cnn_digits-s1", "ls0.1-cnn_digits-s1", "ce-cnn_digits-s1-measure",
        "st-cnn_digits-s1-measure", "st-cnn_digits--kd-cnn_digits-s1-measure", "ls0.1-cnn_digits-s1-measure",
    }  # fmt: skip


def test_what_a_defense_starts_from_and_both_controls_of_a_thief_are_needed(small):
    found = needed_by(build_plan(small).members, {AskedCell("poor", "nt", "kd")}, {0})
    trained = {name for name, member in found.items() if member.model}
    assert trained == {
        "ce-cnn_digits-s0", "nt-cnn_digits-s0", "nt-cnn_digits--kd-cnn_digits--poor-s0", "ls0.1-cnn_digits--poor-s0",
        "pseudo0.1-cnn_digits--poor-s0",
    }  # fmt: skip
    assert {f"{name}-measure" for name in trained} <= found.keys()


def test_of_all_seeds_where_none_are_named(small):
    found = needed_by(build_plan(small).members, {KD})
    assert {member.seed for member in found.values() if cell_of(member) == KD} == {0, 1}


def test_seeds_that_are_asked_for_need_new_members_of_these_seeds_alone(small):
    params, members = load_params(small), build_plan(small).members
    after = expand(with_asked(params, {KD: 4}), small)
    new = {name: member for name, member in needed_by(after, {KD}).items() if name not in members}
    assert {member.seed for member in new.values()} == {2, 3}
    assert sum(member.stage == "knockoff" for member in new.values()) == 2
    assert {member.stage for member in new.values()} == {"teach", "answer", "baseline", "knockoff", "measure"}


def test_members_take_what_those_alike_took_at_other_seeds(small):
    plan = build_plan(small)
    name = "st-cnn_digits--kd-cnn_digits-s{}"
    durations = took(small, plan, {name.format(0): 2.0, name.format(1): 5.0, "st-cnn_digits--mkd-cnn_digits-s0": 50.0})
    after = expand(with_asked(load_params(small), {KD: 4}), small)
    new = [after[name.format(seed)] for seed in (2, 3)]
    assert effort_of(durations, new) == Effort(2, 7.0)


def test_an_answer_that_is_kept_in_the_store_alone_counts(small):
    plan = build_plan(small)
    durations = took(small, plan, {"st-cnn_digits-s0-answers": 3.0})
    assert effort_of(durations, [plan.members["st-cnn_digits-s1-answers"]]) == Effort(0, 3.0)


@pytest.mark.parametrize("known", [{}, {"ls0.1-cnn_digits-s0": None}])
def test_of_what_was_never_made_the_hours_are_unknown(small, known):
    plan = build_plan(small)
    durations = took(small, plan, known | {"ce-cnn_digits-s0": 3.0})
    members = [plan.members[name] for name in ("ls0.1-cnn_digits-s1", "ce-cnn_digits-s1")]
    assert effort_of(durations, members) == Effort(0, None)
    assert effort_of(durations, members[1:]) == Effort(0, 3.0)
    assert effort_of(durations, []) == Effort(0, 0.0)


def test_a_damaged_sidecar_tells_nothing(small):
    plan = build_plan(small)
    durations = took(small, plan, {"ce-cnn_digits-s0": 3.0})
    path = small / f"{plan.members['ce-cnn_digits-s0'].path}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"digest": "0"}))
    assert durations.seconds(plan.members["ce-cnn_digits-s1"]) is None
