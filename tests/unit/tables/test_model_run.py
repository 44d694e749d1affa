"""A member's identity as a trained network: by hand for each role, and back through a chain to its first teacher."""

from math import isnan

import pytest

from distillab.core.job import Member
from distillab.tables.model_run import NO_STEP, is_model, run_of

THIN = {"model": {"name": "thin"}}


def member(stage, member_id, axes, spec, parents=None):
    return Member(
        stage=stage, id=member_id, axes=axes, spec=spec, seed=4, parents=parents or {}, code="", key="", path="p"
    )


def step(number, labels):
    spec = THIN | {"temperature": 2.0, "step": number}
    return member("distill", f"dd-T2-step{number}-s4", {"chain": "dd"}, spec, {"soft_labels": labels})


MEMBERS = {
    each.id: each
    for each in (
        member("teach", "nt-wide-s4", {"teacher": "nt-wide"}, {"model": {"name": "wide"}}),
        member("baseline", "ls0.2-thin-s4", {"student": "ls0.2-thin"}, THIN | {"eps": 0.2}),
        member("knockoff", "nt-wide--kd-thin-s4", {"teacher": "nt-wide", "knockoff": "kd-thin"}, THIN),
        member("distill", "l0", {"chain": "dd"}, {"part": "labels"}, {"model": "nt-wide-s4"}),
        step(1, "l0"),
        member("distill", "l1", {"chain": "dd"}, {"part": "labels"}, {"model": "dd-T2-step1-s4"}),
        step(2, "l1"),
        member("measure", "nt-wide-s4-measure", {"model": "nt-wide"}, {}),
    )
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "role", "defense", "attack", "teacher"),
    [
        ("nt-wide-s4", "teacher", "nt", "", ""),
        ("ls0.2-thin-s4", "ls_student", "", "", ""),
        ("nt-wide--kd-thin-s4", "knockoff", "nt", "kd", "nt-wide"),
        ("dd-T2-step1-s4", "chain", "nt", "", "nt-wide"),
        ("dd-T2-step2-s4", "chain", "nt", "", "nt-wide"),
    ],
)
def test_who_a_network_is(name, role, defense, attack, teacher):
    run = run_of(MEMBERS[name], MEMBERS)
    assert (run.role, run.defense, run.attack, run.teacher) == (role, defense, attack, teacher)
    assert (run.model, run.seed) == (name.removesuffix("-s4"), 4)
    assert run.arch == ("wide" if role == "teacher" else "thin")


def test_what_only_some_have():
    student, last = (run_of(MEMBERS[name], MEMBERS) for name in ("ls0.2-thin-s4", "dd-T2-step2-s4"))
    assert (student.eps, student.chain, student.step) == (0.2, "", NO_STEP)
    assert isnan(student.temperature)
    assert (last.chain, last.temperature, last.step) == ("dd", 2.0, 2)
    assert isnan(last.eps)


def test_labels_and_measurements_are_no_networks():
    assert {name for name in MEMBERS if not is_model(MEMBERS[name])} == {"l0", "l1", "nt-wide-s4-measure"}
