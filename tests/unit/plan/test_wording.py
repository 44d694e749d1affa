"""Stages in the words of the field."""

import pytest

from distillab.plan.wording import counted, doing, span


def members(plan, stage):
    return [member for member in plan.members.values() if member.stage == stage]


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("prepare", "Preparing Digits (8x8)"),
        ("teach", "Training 14 teachers under 3 defenses"),  # three seeds of ls, two of others, two networks
        ("knockoff", "Stealing 6 teachers with 2 attacks"),
        ("attack", "Attacking 13 models with 1 attack"),
        ("report", "Rendering 5 pages"),
    ],
)
def test_a_stage_is_told_by_what_it_does_to_how_many(rich, stage, words):
    assert doing(rich, stage, members(rich, stage)) == words


def test_every_stage_has_words_of_its_own(rich):
    stages = {member.stage for job in rich.jobs for member in map(rich.members.get, job.members)}
    assert all(": " not in doing(rich, stage, members(rich, stage)) for stage in stages)


def test_one_is_no_plural():
    assert (counted(1, "attack"), counted(0, "attack"), counted(1200, "attack")) == (
        "1 attack", "0 attacks", "1,200 attacks",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (200_000, "2 days")],
)
def test_a_span_is_one_whole_number(seconds, text):
    assert span(seconds) == text
