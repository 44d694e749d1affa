"""The harness itself: it sees what it is there to see."""

import time

import pytest
from fuzzing import drawn, fault, faults

from distillab.core.errors import SpecError


def raises(error):
    def judge(case):
        raise error

    return judge


def test_a_case_is_the_same_whatever_else_is_drawn():
    def case(random):
        return [random.random() for _ in range(3)]

    assert drawn(case, 7) == drawn(case, 7) != drawn(case, 8)


@pytest.mark.parametrize(
    ("judge", "seen"),
    [
        (lambda _: None, ""),
        (raises(SpecError("no such key", where="params.yaml", got="'seed'")), ""),
        (raises(KeyError("x")), "KeyError"),
        (raises(RecursionError("x")), "RecursionError"),
        (raises(SystemExit(1)), "SystemExit"),
        (raises(SpecError("")), "an empty message"),
        (lambda _: time.sleep(5), "TimeoutError"),
    ],
    ids=["accepted", "refused", "error", "depth", "exit", "empty", "hang"],
)
def test_what_happens_to_a_case(judge, seen):
    found = fault(judge, None, seconds=0.1)
    assert found.startswith(seen) if seen else found == ""


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\rb", "turned \u202e", "x" * 1_001, "line\n" * 30])
def test_what_cannot_be_read_is_a_fault(text):
    error = SpecError("")
    error.args = (text,)
    assert fault(raises(error), None)


def test_faults_are_told_by_their_number():
    def judge(case):
        assert case < 0.5

    found = faults(lambda random: random.random(), judge, 20)
    expected = [number for number in range(20) if drawn(lambda random: random.random(), number) >= 0.5]
    assert sorted(found) == expected != []
