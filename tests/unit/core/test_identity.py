"""A network's name, id and path, by hand for each role."""

import pytest

from distillab.core.identity import NO_STEP, ModelIdentity

TEACHER = ModelIdentity(role="teacher", arch="wide_net", seed=4, defense="nt")
STUDENT = ModelIdentity(role="ls_student", arch="thin", seed=3, label_smoothing=0.25)
KNOCKOFF = ModelIdentity(role="knockoff", arch="thin", seed=4, defense="nt", teacher="nt-wide_net", attack="kd")
TRIAL = KNOCKOFF.model_copy(update={"trial": 0})
STEP = ModelIdentity(role="chain", arch="thin", seed=1, chain="dd", temperature=2.5, step=2)
POOR = {"thief": "poor"}
ROBBED, ROBBED_TRIAL, FEW_LABELS = (model.model_copy(update=POOR) for model in (KNOCKOFF, TRIAL, STUDENT))
PSEUDO = FEW_LABELS.model_copy(update={"role": "pseudo_student"})
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
        (
            ROBBED,
            "nt-wide_net--kd-thin--poor-s4",
            {"thief": "poor", "teacher": "nt-wide_net", "knockoff": "kd-thin", "seed": "4"},
        ),
        (
            ROBBED_TRIAL,
            "nt-wide_net--kd_trial0-thin--poor-s4",
            {"thief": "poor", "teacher": "nt-wide_net", "knockoff": "kd_trial0-thin", "seed": "4"},
        ),
        (FEW_LABELS, "ls0.25-thin--poor-s3", {"thief": "poor", "student": "ls0.25-thin", "seed": "3"}),
        (PSEUDO, "pseudo0.25-thin--poor-s3", {"thief": "poor", "student": "pseudo0.25-thin", "seed": "3"}),
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


def test_who_trains_from_answers_or_labels_alone_is_the_papers_thief_unless_another_is_named():
    assert {model.thief for model in (KNOCKOFF, TRIAL, STUDENT)} == {"paper"}
    assert {model.thief for model in (TEACHER, STEP)} == {""}
    assert ModelIdentity.model_validate(ROBBED.model_dump()) == ROBBED
    assert ModelIdentity.model_validate(TEACHER.model_dump()) == TEACHER
