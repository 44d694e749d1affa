"""A process that asks is ended in the midst, several times; another goes on: nothing is lost, little is asked twice."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from paid_endpoint import ANSWER, images, said_of

from distillab.blackbox.asking import Asker
from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.journal import opened

ASK = """
import sys
from pathlib import Path
import numpy as np
from distillab.blackbox.asking import Asker
from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.forms import AnswerFormat
from distillab.core.signals import end_on_signals
end_on_signals()
journal, images, url = sys.argv[1:]
spec = EndpointSpec(url=url, batch=3, rate=1000, concurrent=3, timeout=120)
Asker(spec, AnswerFormat("probabilities", 4, 1e-3), Path(journal)).log_probs(np.load(images))
"""


def ask(folder, url):
    return subprocess.Popen([sys.executable, "-c", ASK, str(folder / "journal.sqlite"), str(folder / "x.npy"), url])


class Killer:
    """A fate that ends the asking process at some requests, before or after the endpoint was paid for them."""

    def __init__(self, at, number):
        self.at, self.number, self.process = at, number, None

    def __call__(self, number):
        if number not in self.at:
            return "ok"
        os.kill(self.process.pid, self.number)
        self.process.wait() if self.number == signal.SIGKILL else time.sleep(0.3)
        return "drop paid" if self.at[number] and self.number == signal.SIGKILL else "ok" if self.at[number] else "drop"


@pytest.mark.parametrize("honors_keys", [True, False])
def test_after_kills_only_what_was_in_flight_is_asked_again(endpoint, tmp_path, honors_keys):
    x = images(60)
    np.save(tmp_path / "x.npy", x)
    endpoint.honors_keys = honors_keys
    endpoint.fate = killer = Killer({1: True, 6: False, 12: True}, signal.SIGKILL)
    ends = []
    while not ends or ends[-1] != 0:
        killer.process = ask(tmp_path, endpoint.url)
        ends.append(killer.process.wait())
        while endpoint.busy:
            time.sleep(0.01)
        assert len(ends) < 10
    assert ends == [-signal.SIGKILL] * 3 + [0]
    asker = Asker(EndpointSpec(url=endpoint.url), ANSWER, tmp_path / "journal.sqlite")
    ours, paid = asker.paid(), sum(endpoint.paid.values())
    before = len(endpoint.requests)
    np.testing.assert_allclose(np.exp(asker.log_probs(x)), said_of(x), rtol=1e-6)
    assert len(endpoint.requests) == before  # every answer is here
    assert ours.answers == 60
    assert 3 * 3 <= ours.possibly_twice <= 3 * 9  # by each kill at least one request of three images, at most three
    if honors_keys:
        assert paid == 60
    else:
        assert 60 < paid <= 60 + ours.possibly_twice
    sent = {}
    for key, body, *_ in endpoint.requests:
        assert sent.setdefault(key, body) == body


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_asked_to_stop_keeps_the_replies_that_are_on_their_way(endpoint, tmp_path, number):
    np.save(tmp_path / "x.npy", images(60))
    endpoint.fate = killer = Killer({4: True}, number)
    killer.process = ask(tmp_path, endpoint.url)
    assert killer.process.wait() != 0
    with opened(tmp_path / "journal.sqlite") as journal:
        assert journal.torn <= 1  # the signal may come between writing down that a request leaves, and its leaving
        paid = journal.paid()
    assert paid.answers <= sum(endpoint.paid.values()) <= paid.answers + paid.possibly_twice
    assert 0 < paid.answers < 60
    assert ask(tmp_path, endpoint.url).wait() == 0
    assert sum(endpoint.paid.values()) <= 60 + paid.possibly_twice


def test_two_processes_that_ask_at_once_pay_once(endpoint, tmp_path):
    np.save(tmp_path / "x.npy", images(30))
    both = [ask(tmp_path, endpoint.url) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert sum(endpoint.paid.values()) == 30
    assert endpoint.most_busy <= 3
