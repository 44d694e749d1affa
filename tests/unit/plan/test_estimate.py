"""The plan as people read it: every line, its counts, passes and hours."""

import re

import pytest

from distillab.core.stages import STAGES
from distillab.core.store import Store
from distillab.core.throughput import Throughput
from distillab.plan.costs import cost_of
from distillab.plan.estimate import describe, duration
from distillab.plan.reckoning import Reckoning

OPEN = "? hours (run `distillab plan` without --no-measure)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, OPEN), (0, "0 s"), (0.126, "0.13 s"), (9.96, "10 s"), (9.4, "9.4 s"), (10, "10 s"), (10.4, "10 s"),
        (59.4, "59 s"), (60, "1.0 min"), (3599, "60.0 min"), (3600, "1.0 h"), (9000, "2.5 h"),
    ],
)  # fmt: skip
def test_a_duration_has_the_unit_that_suits_it(seconds, text):
    assert duration(seconds) == text


@pytest.fixture
def project_of(rich, tmp_path):
    """An empty project in which every network takes this long, but for those that are named."""

    def known(seconds=0.01, *unknown):
        speeds = Throughput(tmp_path)
        for member in rich.members.values():
            if (cost := cost_of(rich, member)) and member.spec.get("model", {}).get("name") not in unknown:
                speeds.put(cost.key, seconds)
        return tmp_path

    return known


def lines_of(plan, root, **options):
    return describe(plan, root, **({"measure": False} | options)).splitlines()


def made(root, plan, *ids):
    """Finish these members in the project's store, as far as the plan looks."""
    for member in (plan.members[i] for i in ids):
        suffix = f".{member.path.rpartition('.')[2]}" if member.path else ".safetensors"
        payload = Store(root / ".distillab" / "store").entry(member.stage, member.key, suffix).payload
        payload.parent.mkdir(parents=True)
        payload.with_name(f"{payload.name}.json").write_text("{}")


def test_the_head_counts_payloads_and_jobs(rich, project_of):
    jobs = len(rich.jobs)
    head = lines_of(rich, project_of())[0]
    assert head == f"preset tiny on Digits (8x8), seeds 3, 7: {len(rich.members)} payloads in {jobs} jobs"


def test_stages_come_in_their_order_and_tables_and_pages_are_left_out(rich, project_of):
    lines = lines_of(rich, project_of())
    titles = [line for line in lines[1:-1] if not line.startswith("  ")]
    assert titles == [f"{stage}: {STAGES[stage].says}" for stage in [*STAGES][:-2]]
    assert not any("parquet" in line for line in lines)


PASSES = {"papernot_digits": 400 * 3, "attack": 60 * 6}
"""Of a student, of an attack: images times epochs or passes; 400 and 60 images are the limits of tiny."""


@pytest.mark.parametrize(
    "line",
    [
        "images: 1 to make, 0.058 s",
        "ce-cnn_digits: 2 to make, 2 seeds, 4.8e+03 passes, 48 s",
        "ls-papernot_digits: 3 to make, 3 seeds, 4.8e+03 passes, 48 s",  # four epochs, three seeds
        "st-cnn_digits: 2 to make, 2 seeds, 2.5 s",  # a forward pass of each image
        "ls0.25-papernot_digits: 3 to make, 3 seeds, 3.6e+03 passes, 36 s",
        "live-papernot_digits by st-cnn_digits: 2 to make, 2 seeds, 1.6e+03 passes, 21 s",  # each view is answered
        "kd-papernot_digits by ls-cnn_digits: 3 to make, 3 seeds, 3.6e+03 passes, 36 s",
        "ta at T = 5, step 1: 1 to make, 2.4e+03 passes, 24 s",
        "soft labels of left at T = 2.5, step 0: 2 to make, 2 seeds, 2.5 s",
        "ls-cnn_digits under pgd_linf: 8 to make, 2 seeds, 2.88e+03 passes, 21 s",  # itself and three sources
        "ta-T5-step0 under pgd_linf on Z/T: 2 to make, 2 seeds, 720 passes, 5.4 s",
        "ls-cnn_digits certified by ibp: 2 to make, 2 seeds, 11 s",
        "ls-cnn_digits--kd-papernot_digits: 3 to make, 3 seeds, 1.2 s",
        "needs: disk 307.5 KB; a job: memory 2.0 GB, on a cluster 10 minutes",
    ],
)
def test_a_line_for_each_thing_to_make(rich, project_of, line):
    assert f"  {line}" in lines_of(rich, project_of())


def test_the_total_adds_up(rich, project_of):
    root = project_of(0.1)
    lines, reckoning = lines_of(rich, root), Reckoning(rich, Throughput(root).known)
    passes = sum(cost.passes for member in rich.members.values() if (cost := cost_of(rich, member)))
    hours = f"{sum(reckoning.of(member).seconds for member in rich.members.values()) / 3600:.1f} h"
    assert (
        lines[-1] == f"total: 0 of {len(rich.members)} made; left: {passes:.3g} passes, {hours} on one core or device"
    )
    counted = sum(float(found[1]) for line in lines[1:-1] if (found := re.search(r", (\S+) passes", line)))
    warm = 2 * 400  # warm starts have no line of their own
    assert counted + warm == pytest.approx(passes, rel=1e-2)


def test_what_is_made_is_not_left(rich, project_of):
    root = project_of()
    whole = lines_of(rich, root)[-1]
    made(
        root, rich, "ce-cnn_digits-s7", "ce-cnn_digits-s3-pgd_linf", "ls-cnn_digits-s3-answers", "tables/index/run.json"
    )
    lines = lines_of(rich, root)
    assert "  ce-cnn_digits: 1 of 2 made, 2 seeds, 2.4e+03 passes, 24 s" in lines
    assert lines[-1].startswith(f"total: 4 of {len(rich.members)} made; ")
    assert lines[-1].split("; ")[1] != whole.split("; ")[1]


def test_an_unknown_speed_leaves_its_line_and_the_total_open(rich, project_of):
    lines = lines_of(rich, project_of(0.01, "cnn_digits", "resnet20"))
    assert f"  ce-cnn_digits: 2 to make, 2 seeds, 4.8e+03 passes, {OPEN}" in lines
    assert "  ce-papernot_digits: 2 to make, 2 seeds, 4.8e+03 passes, 48 s" in lines
    assert lines[-1].endswith(f"passes, {OPEN} on one core or device")


def test_unknown_networks_are_timed_once_where_asked(rich, project_of, monkeypatch):
    root, asked = project_of(0.01, "cnn_digits"), []

    def calibrate(plan, members, speeds):
        asked.append(plan)
        for member in members:
            if cost := cost_of(plan, member):
                speeds.put(cost.key, speeds.get(cost.key) or 0.02)

    monkeypatch.setattr("distillab.plan.calibration.calibrate", calibrate)
    lines = lines_of(rich, root, measure=True)
    assert "  ce-cnn_digits: 2 to make, 2 seeds, 4.8e+03 passes, 1.6 min" in lines
    assert "? hours" not in lines[-1]
    assert asked == [rich]


def test_whose_students_they_are_is_said_of_all_but_the_papers_thief(robbed, tmp_path):
    lines = {line.strip().split(":")[0] for line in lines_of(robbed, tmp_path)}
    assert {"ls0.1-cnn_digits", "ls0.3-cnn_digits (poor)", "pseudo0.3-cnn_digits (half)"} <= lines
    assert {"kd-cnn_digits by ce-cnn_digits", "kd-cnn_digits by ce-cnn_digits (poor)"} <= lines
