"""What members took, told by sidecars of those alike, of those like them, and of earlier parameters."""

import pytest

from distillab.core.provenance import processor
from distillab.core.sidecar import Payload, Sidecar, write_sidecar
from distillab.core.workspace import Workspace
from distillab.plan.durations import Durations
from distillab.plan.reckoning import EACH, Reckoning


@pytest.fixture
def took(rich, tmp_path):
    """Write the sidecar of a member, and say what is known then."""

    def write(name, seconds, *, spec=None, on=None):
        member = rich.members[name]
        payload = Workspace(tmp_path, rich).payload(member)
        payload.parent.mkdir(parents=True, exist_ok=True)
        write_sidecar(
            payload,
            Sidecar(
                stage=member.stage, id=name, key=member.key, spec=spec or member.spec, code=member.code, parents={},
                payload=Payload(bytes=7, blake2b=""), run={"seconds": seconds},
                environment={"device": "cpu", "processor": on or processor()},
            ),
        )  # fmt: skip
        return Durations(Workspace(tmp_path, rich), Reckoning(rich, {}))

    return write


def test_other_seeds_take_alike(rich, took):
    durations = took("ls-cnn_digits-s3", 12.0)
    assert durations.taken(rich.members["ls-cnn_digits-s7"]) == (12.0, 7)
    assert durations.taken(rich.members["ce-cnn_digits-s3"]) is None


def test_of_the_same_network_and_method_the_pace_is_known(rich, took):
    durations = took("ta-T5-step1-s3", 12.0)
    other = rich.members["ta-T5-step0-s3"]
    reckoned = Reckoning(rich, {}).of(rich.members["ta-T5-step1-s3"]).seconds
    assert durations.taken(other) is None
    assert durations.pace(other) == pytest.approx(12.0 / reckoned)
    assert durations.pace(rich.members["ls-papernot_digits-s3-pgd_linf"]) is None


def test_what_was_made_under_fewer_epochs_is_scaled(rich, took):
    """Twice the epochs are twice the training; what reading and writing take, they take once."""
    member = rich.members["ls-cnn_digits-s3"]
    half = member.spec | {"train": member.spec["train"] | {"epochs": member.spec["train"]["epochs"] // 2}}
    trained = Reckoning(rich, {}).work(member).seconds
    expected = 6.0 * (trained + EACH) / (trained / 2 + EACH)
    assert took("ls-cnn_digits-s3", 6.0, spec=half).taken(member).seconds == pytest.approx(expected)


def test_another_processor_says_nothing(rich, took):
    assert took("ls-cnn_digits-s3", 6.0, on="a faster one").taken(rich.members["ls-cnn_digits-s3"]) is None
    table = next(name for name, member in rich.members.items() if member.stage == "report")
    assert took(table, 6.0, on="a faster one").taken(rich.members[table]).seconds == 6.0
