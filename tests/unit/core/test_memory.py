"""What is measured is how far memory rises, whatever the process held before."""

import pytest

from distillab.core import memory
from distillab.core.memory import PeakMemory

MB = 10**6


def test_a_rise_is_seen_and_outlives_what_caused_it():
    before = bytearray(80 * MB)
    del before
    peak = PeakMemory()
    assert peak.bytes() < 20 * MB
    block = bytearray(b"x") * (60 * MB)
    assert 50 * MB < peak.bytes() < 100 * MB
    del block
    assert 50 * MB < peak.bytes() < 100 * MB


def test_where_the_kernel_tells_nothing_the_process_s_own_mark_is_used(monkeypatch):
    monkeypatch.setattr(memory.Path, "read_text", lambda *_a, **_k: "no such line")
    assert PeakMemory().bytes() >= 0


@pytest.mark.parametrize("error", [OSError, PermissionError])
def test_a_mark_that_cannot_be_set_down_is_no_error(monkeypatch, error):
    def refuse(*_arguments, **_options):
        raise error

    monkeypatch.setattr(memory.Path, "write_text", refuse)
    assert PeakMemory().bytes() >= 0
