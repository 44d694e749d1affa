"""Keys say what a payload is, patterns where it goes, plans survive the disk."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.job import Job, Member, Plan, fill_pattern, member_key, read_plan, write_plan


def test_the_key_is_this_forever():
    assert member_key("teach", {"b": 1, "a": 0.05}, "code", {"images": "i"}) == "c89f8c017e90e78c6297212371f028d5"


def test_the_key_does_not_depend_on_the_order_of_names():
    one = member_key("teach", {"a": 1, "b": {"c": 2, "d": 3}}, "x", {"p": "1", "q": "2"})
    two = member_key("teach", {"b": {"d": 3, "c": 2}, "a": 1}, "x", {"q": "2", "p": "1"})
    assert one == two


def test_the_key_depends_on_everything_else():
    parts = [
        (stage, {"a": value}, code, {role: key})
        for stage in ("teach", "attack")
        for value in (1, 2, "1", [1], None)
        for code in "xy"
        for role in "pq"
        for key in "12"
    ]
    assert len({member_key(*part) for part in parts}) == len(parts)


def test_a_pattern_is_filled_where_values_are_known():
    assert fill_pattern("t/{teacher}/s{seed}.x", {"seed": "0"}) == "t/{teacher}/s0.x"
    assert fill_pattern("{file}", {"file": "tables/models.parquet", "seed": "1"}) == "tables/models.parquet"


@given(st.text(alphabet="ab{}1", max_size=8))
def test_a_value_is_not_filled_again(value):
    assert fill_pattern("{a}/{b}", {"a": value, "b": "x"}) == f"{value}/x"


def job(seed, **fields):
    known = {"stage": "teach", "id": seed, "members": (f"ce-s{seed}",), "inputs": (), "digest": "d", "threads": 1}
    return Job(**known | {"output": f"results/t/receipts/teach/{seed}.json"} | fields)


@pytest.fixture
def plan():
    members = {
        f"ce-s{seed}": Member(stage="teach", id=f"ce-s{seed}", axes={"seed": seed}, spec={"eps": 0.1}, seed=int(seed),
                              parents={}, code="c", key=f"k{seed}", path=f"results/t/{seed}.x")
        for seed in "01"
    }  # fmt: skip
    jobs = (job("0"), job("1"), job("index", stage="report", output="results/t/reports/index.html"))
    return Plan(preset="t", params={}, members=members, jobs=jobs, studies={"s": ("results/t/0.x",)}, facts={})


def test_jobs_are_found_by_stage_and_by_id(plan):
    assert plan.stage("teach") == (job("0"), job("1"))
    assert plan.stage("attack") == ()
    assert plan.find_job("teach", "1") == job("1")
    with pytest.raises(SpecError, match="unknown teach job; expected one of 0, 1; got 7"):
        plan.find_job("teach", "7")
    with pytest.raises(SpecError, match="unknown attack job; expected one of none; got 0"):
        plan.find_job("attack", "0")


def test_a_job_leaves_a_receipt_or_a_page(plan):
    assert [each.writes_receipt for each in plan.jobs] == [True, True, False]


@pytest.mark.parametrize(
    ("passes", "minutes"),
    [
        ({}, 10), ({"a": 1000}, 10), ({"a": 24_000}, 12), ({"a": 60_000, "b": 30_000}, 60), ({"b": 1, "new": 1}, 60),
        ({"a": 2_400_000}, 1200),
    ],
)  # fmt: skip
def test_a_job_asks_for_three_times_its_minutes_at_least_ten_and_an_hour_where_no_one_knows(passes, minutes):
    assert job("0", passes=passes).minutes({"a": 0.01, "b": 0.02}) == minutes


def test_a_plan_survives_the_disk(plan, tmp_path):
    path = tmp_path / "0123.json"
    write_plan(path, plan)
    assert read_plan(path) == plan
    assert json.loads(path.read_bytes())["plan"]["preset"] == "t"


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "no such plan"), ("", "not a distillab plan"), ("{}", "not a distillab"), ("\n", "not a distillab")],
)
def test_anything_else_is_one_line(tmp_path, text, says):
    path = tmp_path / "plan.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ArtifactError, match=says) as error:
        read_plan(path)
    assert "\n" not in str(error.value)


def test_an_edited_plan_is_not_believed(plan, tmp_path):
    path = tmp_path / "0123.json"
    write_plan(path, plan)
    path.write_text(path.read_text().replace('"eps":0.1', '"eps":0.2', 1))
    with pytest.raises(ArtifactError, match="edited"):
        read_plan(path)


def test_a_plan_made_from_other_sources_is_not_believed(plan, tmp_path):
    write_plan(tmp_path / "0123.json", plan)
    (tmp_path / "0123.json").rename(tmp_path / "4567.json")
    with pytest.raises(ArtifactError, match="edited"):
        read_plan(tmp_path / "4567.json")


def test_a_plan_of_another_version_is_not_read(tmp_path):
    class Older(Plan):
        note: str = "a field that is gone"

    path = tmp_path / "0123.json"
    write_plan(path, Older(preset="t", params={}, members={}, jobs=(), studies={}, facts={}))
    with pytest.raises(ArtifactError, match="not a plan of this version"):
        read_plan(path)
