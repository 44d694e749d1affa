"""A network's name, id and path, by hand for each role."""

import pytest

from distillab.core.identity import NO_STEP, ModelIdentity

TEACHER = ModelIdentity(role="teacher", arch="wide_net", seed=4, defense="nt")
STUDENT = ModelIdentity(role="ls_student", arch="thin", seed=3, label_smoothing=0.25)
KNOCKOFF = ModelIdentity(role="knockoff", arch="thin", seed=4, defense="nt", teacher="nt-wide_net", attack="kd")
TRIAL = KNOCKOFF.model_copy(update={"trial": 0})
STEP = ModelIdentity(role="chain", arch="thin", seed=1, chain="dd", temperature=2.5, step=2)
WHOLE = STEP.model_copy(update={"temperature": 100.0})


@pytest.mark.parametrize(
    ("model", "member_id", "axes"),
    [
        (TEACHER, "nt-wide_net-s4", {"teacher": "nt-wide_net", "seed": "4"}),
        (STUDENT, "ls0.25-thin-s3", {"thief": "paper", "student": "ls0.25-thin", "seed": "3"}),
        (
            KNOCKOFF,
            "nt-wide_net--kd-thin-s4",
            {"thief": "paper", "teacher": "nt-wide_net", "knockoff": "kd-thin", "seed": "4"},
        ),
        (
            TRIAL,
            "nt-wide_net--kd_trial0-thin-s4",
            {"thief": "paper", "teacher": "nt-wide_net", "knockoff": "kd_trial0-thin", "seed": "4"},
        ),
        (STEP, "dd-T2.5-step2-s1", {"chain": "dd", "temperature": "2.5", "step": "2", "seed": "1"}),
    ],
)
def test_names_and_places(model, member_id, axes):
    assert model.member_id == member_id
    assert model.name == member_id.rpartition("-s")[0]
    assert model.axes == axes


def test_a_name_has_the_temperature_as_people_write_it():
    assert (STEP.name, WHOLE.name) == ("dd-T2.5-step2", "dd-T100-step2")


def test_what_does_not_apply_is_empty():
    assert (STUDENT.defense, STUDENT.teacher, STUDENT.attack, STUDENT.chain, STUDENT.step) == ("", "", "", "", NO_STEP)
    assert (TEACHER.trial, TEACHER.label_smoothing, TEACHER.temperature) == (None, None, None)
    assert (TEACHER.method, KNOCKOFF.method, TRIAL.method) == ("", "kd", "kd_trial0")
