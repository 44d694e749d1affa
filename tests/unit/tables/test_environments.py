"""Every distinct environment of a run is kept, with the payloads that were made in it."""

from distillab.core.identity import ModelIdentity
from distillab.core.job import Member
from distillab.tables.environments import tally

OLD, NEW = {"torch": "2.12", "device": "cpu"}, {"torch": "2.13", "device": "cpu"}


def member(stage, member_id, seed=0, **given):
    given = {"axes": {}, "spec": {}, "parents": {}, **given}
    return Member(stage=stage, id=member_id, seed=seed, code="c", key="k", path=f"results/{member_id}", **given)


DATA = member("prepare", "data-images")
CE = ModelIdentity(role="teacher", arch="net", seed=0, defense="ce")
THIEF = ModelIdentity(role="knockoff", arch="net", seed=1, defense="ce", teacher="ce-net", attack="kd")
STEP = ModelIdentity(role="chain", arch="net", seed=0, chain="ta", temperature=5.0, step=0)
TEACHERS = [member("teach", f"ce-net-s{seed}", seed, model=CE) for seed in (0, 1)]
KNOCKOFF = member("knockoff", "ce-net--kd-net-s1", 1, model=THIEF)
MEASURE = member("measure", "ls-net-s1-measure", 1, axes={"model": "ls-net"})
LABELS = member("distill", "ta-T5-step0-s0-labels", spec={"part": "labels"}, axes={"chain": "ta"})
WEIGHTS = member("distill", "ta-T5-step0-s0", spec={"part": "weights"}, model=STEP)


def test_environments_are_counted_by_stage_and_model():
    made = [(DATA, OLD), (TEACHERS[0], NEW), (TEACHERS[1], NEW), (MEASURE, OLD), (KNOCKOFF, NEW)]
    assert tally(made) == [
        {"environment": NEW, "payloads": 3, "stages": {"teach": 2, "knockoff": 1},
         "models": ["ce-net", "ce-net--kd-net"]},
        {"environment": OLD, "payloads": 2, "stages": {"prepare": 1, "measure": 1}, "models": ["ls-net"]},
    ]  # fmt: skip


def test_the_last_environment_read_does_not_hide_the_others():
    for made in ([(TEACHERS[0], OLD), (TEACHERS[1], NEW)], [(TEACHERS[0], NEW), (TEACHERS[1], OLD)]):
        assert sorted(each["environment"]["torch"] for each in tally(made)) == ["2.12", "2.13"]


def test_the_order_of_names_is_no_difference():
    assert len(tally([(TEACHERS[0], OLD), (TEACHERS[1], dict(reversed(OLD.items())))])) == 1


def test_a_steps_soft_labels_are_a_payload_of_no_model():
    (one,) = tally([(LABELS, OLD), (WEIGHTS, OLD)])
    assert one["payloads"] == 2
    assert one["models"] == ["ta-T5-step0"]
