"""What is timed for a plan, in which order, within which limits."""

import pytest
import torch

from distillab.core.throughput import Throughput
from distillab.plan import calibration
from distillab.plan.calibration import calibrate
from distillab.plan.costs import cost_of
from distillab.plan.reckoning import TIMED, Reckoning
from distillab.plan.rehearsal import Rehearsal


@pytest.fixture
def timed(monkeypatch):
    """Steps that take a millisecond an image, methods twice that, bounds ten times; what was timed, in order."""
    seen = []

    def of(kind, seconds):
        def take(_self, member, images, **_options):
            seen.append((kind, member.id, images))
            return seconds * images

        return take

    monkeypatch.setattr(Rehearsal, "plain_step", of("plain", 0.001))
    monkeypatch.setattr(Rehearsal, "step", of("step", 0.002))
    monkeypatch.setattr(Rehearsal, "before", of("before", 0.003))
    monkeypatch.setattr(Rehearsal, "release", of("release", 0.0005))
    monkeypatch.setattr(Rehearsal, "certificates", of("bound", 0.01))
    return seen


def test_afterwards_every_network_method_and_bound_is_known(rich, tmp_path, timed):
    speeds = Throughput(tmp_path)
    calibrate(rich, rich.members.values(), speeds)
    reckoning = Reckoning(rich, speeds.known)
    computed = [m for m in rich.members.values() if m.stage not in ("prepare", "collect", "report")]
    assert {reckoning.of(member).basis for member in computed} == {TIMED}
    teacher = rich.members["ls-cnn_digits-s3"]
    cost = cost_of(rich, teacher)
    assert speeds.get(cost.key) == pytest.approx(0.001)
    assert speeds.get(reckoning.method_key(teacher)) == pytest.approx(2.0)
    assert reckoning.work(teacher).seconds == pytest.approx(cost.images * (cost.epochs * 0.002 + 0.003))
    certificate = rich.members["ls-cnn_digits-s3-certify-ibp"]
    assert speeds.get(reckoning.bound_key(certificate)) == pytest.approx(0.01)


def test_networks_come_first_and_the_one_with_the_most_work_before_the_others(rich, tmp_path, timed):
    calibrate(rich, rich.members.values(), Throughput(tmp_path))
    kinds = [kind for kind, _, _ in timed]
    assert "plain" not in kinds[kinds.index("before") :]
    work = {}
    for member in rich.members.values():
        if cost := cost_of(rich, member):
            work[cost.key] = work.get(cost.key, 0) + cost.passes
    first = next(name for kind, name, _ in timed if kind == "plain")
    assert work[cost_of(rich, rich.members[first]).key] == max(work.values())


def test_nothing_is_timed_twice_or_after_the_limit(rich, tmp_path, timed):
    calibrate(rich, rich.members.values(), Throughput(tmp_path), seconds=0.0)
    assert timed == []
    calibrate(rich, rich.members.values(), Throughput(tmp_path))
    known, count = Throughput(tmp_path).known, len(timed)
    calibrate(rich, rich.members.values(), Throughput(tmp_path))
    assert (Throughput(tmp_path).known, len(timed)) == (known, count)


def test_what_cannot_be_timed_is_stated(rich, tmp_path, timed, monkeypatch):
    def fails(_self, _member, _images, **_options):
        raise RuntimeError("no memory")

    monkeypatch.setattr(Rehearsal, "certificates", fails)
    speeds = Throughput(tmp_path)
    calibrate(rich, rich.members.values(), speeds)
    reckoning, certificate = Reckoning(rich, speeds.known), rich.members["ls-cnn_digits-s3-certify-ibp"]
    assert reckoning.of(certificate).basis != TIMED
    assert reckoning.of(certificate).seconds > 0
    assert reckoning.of(rich.members["ls-cnn_digits-s3"]).basis == TIMED


def test_a_network_without_a_bound_is_between_one_that_is_settled_and_one_just_drawn(
    rich, tmp_path, timed, monkeypatch
):
    monkeypatch.setattr(
        Rehearsal, "certificates", lambda _self, _member, images, *, settled: images * (0.01 if settled else 0.09)
    )
    speeds, certificate = Throughput(tmp_path), rich.members["ls-cnn_digits-s3-certify-ibp"]
    calibrate(rich, [certificate], speeds)
    assert speeds.get(Reckoning(rich, {}).bound_key(certificate)) == pytest.approx(0.03)


def test_one_measurement_leaves_time_for_others(rich, tmp_path, monkeypatch, timed):
    given = []
    monkeypatch.setattr(
        calibration, "_time", lambda _task, _speeds, seconds, *, memory: given.append((seconds, memory))
    )
    calibrate(rich, rich.members.values(), Throughput(tmp_path), seconds=10.0)
    assert max(seconds for seconds, _ in given) <= calibration.SHARE * 10.0
    assert all(memory for _, memory in given)


@pytest.mark.parametrize(("kind", "exact"), [("cuda", True), ("cpu", False)])
def test_a_gpu_is_timed_by_the_kernels_that_jobs_have(rich, tmp_path, monkeypatch, kind, exact):
    """Rounded products and kernels that do not repeat are faster: plans would tell too little."""
    seen = []

    def seconds():
        seen.append((not torch.backends.cudnn.allow_tf32, torch.are_deterministic_algorithms_enabled()))
        return 1.0

    monkeypatch.setattr(calibration, "computes_on", lambda _plan: kind)
    monkeypatch.setattr(calibration, "device_name", lambda kind: f"a {kind}")
    monkeypatch.setattr(calibration, "_networks", lambda *_a: [calibration.Timing("a network", 1, seconds)])
    monkeypatch.setattr(calibration, "_methods", lambda *_a: [])
    calibration.calibrate(rich, [], Throughput(tmp_path))
    assert seen == [(exact, exact)]
    assert torch.backends.cudnn.allow_tf32
