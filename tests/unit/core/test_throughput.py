"""Speeds of networks on this machine, kept between runs."""

from distillab.core.throughput import Throughput


def test_what_was_measured_is_known_to_the_next_process(tmp_path):
    speeds = Throughput(tmp_path)
    assert (speeds.known, speeds.get("a")) == ({}, None)
    speeds.put("a", 0.5)
    speeds.put("b", 0.25)
    again = Throughput(tmp_path)
    assert again.known == {"a": 0.5, "b": 0.25}
    again.known["a"] = 9.0
    assert again.get("a") == 0.5
