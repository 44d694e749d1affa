"""Timing work: batches that grow, the line through them, and the limits within which it happens."""

import sys
import time

import pytest
import torch

from distillab.plan.speed import LONG, bounded, clock, seconds_per_image, threads


def timed(start, each):
    """Seconds of a batch, and the sizes that were asked for."""
    sizes = []

    def seconds_of(images):
        sizes.append(images)
        return start + each * images

    return seconds_of, sizes


def test_batches_grow_to_the_real_one_while_they_are_short():
    seconds_of, sizes = timed(0.0, LONG / 1e6)
    assert seconds_per_image(seconds_of, 100) == pytest.approx(LONG / 1e6)
    assert sizes == [2, 8, 32, 100]


@pytest.mark.parametrize(("start", "each"), [(0.04, 0.02), (0.0, 0.03), (0.05, 0.005)])
def test_a_long_step_is_enough_and_the_line_goes_on_to_the_real_batch(start, each):
    seconds_of, sizes = timed(start, each)
    assert seconds_per_image(seconds_of, 256) == pytest.approx((start + 256 * each) / 256)
    assert max(sizes) < 256


def test_the_first_batch_may_be_long_enough_by_itself():
    seconds_of, sizes = timed(9.0, 0.5)
    assert seconds_per_image(seconds_of, 64, least=1) == pytest.approx(9.5)
    assert sizes == [1]


def test_time_does_not_fall_with_images_whatever_was_timed():
    measured = {2: 0.09, 8: 0.01, 32: 0.2}
    assert seconds_per_image(measured.__getitem__, 320) <= 0.2 * 10 / 320
    falling = {2: 0.05, 8: 0.3, 32: 0.2}
    assert seconds_per_image(falling.__getitem__, 64) >= 0.3 / 64


def test_a_batch_that_does_not_fit_is_done_without_unless_it_is_the_first():
    def until(limit):
        def seconds_of(images):
            if images > limit:
                raise RuntimeError("no memory")
            return 0.001 * images

        return seconds_of

    assert seconds_per_image(until(8), 64) == pytest.approx(0.001)
    with pytest.raises(RuntimeError):
        seconds_per_image(until(1), 64)


def test_time_is_bounded():
    with pytest.raises(TimeoutError), bounded(0.05):
        time.sleep(60)
    with pytest.raises(TimeoutError), bounded(0.0):
        pass
    with bounded(60.0):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit elsewhere")
def test_memory_is_bounded_and_free_again_afterwards():
    with pytest.raises((RuntimeError, MemoryError)), bounded(60.0, memory=2**24):
        torch.empty(2**28, dtype=torch.uint8).fill_(1)
    assert int(torch.empty(2**26, dtype=torch.uint8).fill_(1)[0]) == 1


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_one_thread_is_timed_by_its_own_seconds():
    with threads(1):
        start = clock("cpu")
        time.sleep(0.2)
        assert clock("cpu") - start < 0.2
