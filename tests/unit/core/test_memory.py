"""What is measured is how far memory rises, whatever the process held before."""

import sys
import weakref
from types import SimpleNamespace

import pytest

from distillab.core import memory
from distillab.core.memory import PeakMemory, let_go

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


class Block:
    """Something large."""


def failed(way):
    """The error of a function with locals, raised in one of three ways; and references to the locals."""
    held = []

    def inner():
        block = Block()
        held.append(weakref.ref(block))
        raise ValueError(str(way))

    def outer():
        block = Block()
        held.append(weakref.ref(block))
        try:
            inner()
        except ValueError as error:
            if way == "from":
                raise RuntimeError("out of memory") from error
            if way == "beside":
                raise RuntimeError("out of memory")  # noqa: B904 - the context of an error that names no cause
            raise

    try:
        outer()
    except (ValueError, RuntimeError) as error:
        return error, held
    raise AssertionError


@pytest.mark.parametrize("way", ["again", "from", "beside"])
def test_a_kept_error_holds_nothing_of_what_failed(way):
    error, held = failed(way)
    assert all(block() is not None for block in held)
    let_go(error)
    assert [block() for block in held] == [None, None]


def test_errors_that_came_from_each_other_come_to_an_end():
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    let_go(first)


@pytest.mark.parametrize("used", [True, False])
def test_a_gpu_that_was_used_has_its_memory_back(monkeypatch, used):
    emptied = []
    cuda = SimpleNamespace(is_initialized=lambda: used, empty_cache=lambda: emptied.append(True))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    let_go(ValueError())
    assert emptied == [True] * used
