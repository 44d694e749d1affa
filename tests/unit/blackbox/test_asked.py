"""How far a model is asked, read by another process: counts, pace, price; nothing where nobody wrote."""

import pytest
from paid_endpoint import ANSWER, images

from distillab.blackbox.asked import FRESH, JOURNALS, Answered, journal_of
from distillab.blackbox.asking import Asker
from distillab.blackbox.endpoint import EndpointSpec
from distillab.core.errors import UnansweredError

SOME = Answered(answers=1_200, rate=8.0, cost=12.0, possibly_twice=3, waits_until=105.0, at=100.0)


def test_what_is_written_is_read_and_what_is_no_such_thing_is_none(tmp_path):
    journal = journal_of(tmp_path, "abc")
    assert journal == tmp_path / JOURNALS / "abc.sqlite"
    assert Answered.read(journal) is None
    SOME.write(journal)
    assert Answered.read(journal) == SOME
    for damaged in ("", "[]", '{"answers": 1}', "\x00"):
        journal.with_suffix(".json").write_text(damaged)
        assert Answered.read(journal) is None


def test_it_says_how_many_how_fast_how_much_and_how_long(tmp_path):
    assert SOME.count(6_000) == "1,200 of 6,000 answers"
    assert SOME.count(1_000) == SOME.count(0) == "1,200 answers"
    assert SOME.pace(101.0) == ["8 a second", "waiting 4 s"]
    assert SOME.pace(104.5) == ["8 a second"]
    assert SOME.paid() == ["cost so far 12.00", "3 possibly paid twice"]
    assert SOME.left(6_000) == 600
    assert SOME.left(1_000) == 0
    still = Answered(0, 0.0, None, 0, 0.0, 0.0)
    assert (still.pace(0.0), still.paid(), still.left(10)) == ([], [], 0)
    assert SOME.is_fresh(100 + FRESH - 1)
    assert not SOME.is_fresh(100 + FRESH + 1)


@pytest.mark.parametrize("attempts", [1, 3])
def test_whoever_asks_writes_down_what_was_got_also_when_it_ends_badly(endpoint, tmp_path, attempts):
    endpoint.fate = lambda number: "drop paid" if number == 1 else "ok"
    spec = EndpointSpec(url=endpoint.url, batch=5, rate=1000, price=500, attempts=attempts)
    asker = Asker(spec, ANSWER, tmp_path / "journal.sqlite")
    if attempts == 1:
        with pytest.raises(UnansweredError):
            asker.log_probs(images(10))
    else:
        asker.log_probs(images(10))
    found = Answered.read(asker.journal)
    assert found is not None
    assert (found.answers, found.possibly_twice) == (5 if attempts == 1 else 10, 5)
    assert found.cost == found.answers / 2
    assert found.rate > 0


def test_it_says_for_how_long_the_server_asks_to_wait(endpoint, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("distillab.blackbox.telling.EVERY", 0.0)
    monkeypatch.setattr(Answered, "write", lambda self, _journal: seen.append(self.waits_until - self.at))
    endpoint.headers = {"Retry-After": "2"}
    endpoint.fate = lambda number: "429" if number == 1 else "ok"
    Asker(EndpointSpec(url=endpoint.url, batch=5, rate=1000), ANSWER, tmp_path / "journal.sqlite").log_probs(images(10))
    assert 0.5 < max(seen) <= 2  # it is written down every second
    assert seen[-1] == 0
