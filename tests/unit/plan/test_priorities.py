"""The job that the longest way hangs on goes first."""

from distillab.core.job import Job
from distillab.plan.priorities import START, UNKNOWN, priorities


def job(name, inputs=(), **passes):
    return Job(
        stage="s", id=name, members=(name,), inputs=inputs, output=name, digest="", threads=1, passes=passes
    )  # fmt: skip


def order(jobs, speeds):
    ranks = priorities(jobs, speeds)
    return sorted((one.id for one in jobs), key=lambda name: -ranks["s", name])


def test_a_long_job_goes_before_short_ones_that_as_many_wait_for():
    jobs = [job("short", a=10), job("long", a=30), job("middle", a=20)]
    assert order(jobs, {"a": 1.0}) == ["long", "middle", "short"]


def test_what_hangs_on_a_job_counts_and_the_longest_way_alone():
    """By hand: trunk 1 + 8 + 2, twig 5 + 2, leaf 8 + 2, page 2, apart 9; each with its start."""
    jobs = [
        job("trunk", a=1), job("twig", a=5), job("leaf", ("trunk",), a=8), job("page", ("leaf", "twig"), a=2),
        job("apart", a=9),
    ]  # fmt: skip
    assert order(jobs, {"a": 10 * START}) == ["trunk", "leaf", "apart", "twig", "page"]


def test_jobs_may_stand_before_what_they_read():
    jobs = [job("page", ("first",)), job("first")]
    assert order(jobs, {}) == ["first", "page"]


def test_equal_ways_have_one_rank_and_ranks_begin_at_one():
    assert priorities([job("one", a=4), job("other", a=4), job("less", a=3)], {"a": 1.0}) == {
        ("s", "one"): 2, ("s", "other"): 2, ("s", "less"): 1,
    }  # fmt: skip


def test_measured_networks_count_by_their_speed_and_others_as_small_ones():
    jobs = [job("known", slow=10), job("unknown", other=20)]
    assert order(jobs, {"slow": 3 * UNKNOWN}) == ["known", "unknown"]
    assert order(jobs, {"slow": UNKNOWN}) == ["unknown", "known"]
