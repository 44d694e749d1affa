"""An endpoint is asked about each image once, and again only where nobody knows whether it was paid."""

import gzip
import hashlib
import json
import re
import socket
import sqlite3
import threading
import time
import tracemalloc
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain, pairwise, repeat

import numpy as np
import pytest
from paid_endpoint import ANSWER, at_random, images, said_of

from distillab.blackbox import rounds
from distillab.blackbox.asking import Asker
from distillab.blackbox.endpoint import EndpointSpec, without_words
from distillab.blackbox.forms import AnswerFormat
from distillab.blackbox.journal import opened
from distillab.core.errors import ArtifactError, UnansweredError


@pytest.fixture
def asker(endpoint, tmp_path, monkeypatch):
    """An asker of the endpoint, with these fields."""
    monkeypatch.setattr(rounds, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(rounds, "LONGEST_WAIT", 0.02)

    def made(**fields):
        spec = EndpointSpec.model_validate({"url": endpoint.url, "batch": 5, "rate": 1000, "timeout": 5} | fields)
        return Asker(spec, ANSWER, tmp_path / "journal.sqlite")

    return made


def counts(endpoint, asker):
    """Images that the endpoint was paid for, and what we know of it."""
    return sum(endpoint.paid.values()), asker.paid()


def test_each_image_is_asked_about_once_whoever_asks(endpoint, asker):
    x = images(12)
    first = asker().log_probs(x[[0, 1, 2, 3, 4, 5, 6, 0, 1]])
    again = asker().log_probs(x)
    np.testing.assert_allclose(np.exp(again), said_of(x), rtol=1e-6)
    np.testing.assert_array_equal(first, again[[0, 1, 2, 3, 4, 5, 6, 0, 1]])
    paid, ours = counts(endpoint, asker())
    assert paid == ours.answers == 12
    assert set(endpoint.paid.values()) == {1}
    assert ours.possibly_twice == 0
    assert ours.requests == len(endpoint.requests) == 3  # of 5 and 2 images, then of the other 5


@pytest.mark.parametrize("concurrent", [1, 4])
@pytest.mark.parametrize("honors_keys", [True, False])
def test_an_endpoint_that_fails_at_random_answers_everything_in_the_end(endpoint, asker, concurrent, honors_keys):
    endpoint.fate = at_random("ok", "ok", "500", "500 paid", "drop", "drop paid", "cut paid", "429", "503")
    endpoint.honors_keys = honors_keys
    x = images(60)
    answers = asker(concurrent=concurrent, attempts=100).log_probs(x)
    np.testing.assert_allclose(np.exp(answers), said_of(x), rtol=1e-6)
    paid, ours = counts(endpoint, asker())
    assert ours.answers == 60
    assert ours.requests == len(endpoint.requests) > 12
    assert ours.possibly_twice > 0
    if honors_keys:
        assert paid == 60
    else:
        assert 60 < paid <= 60 + ours.possibly_twice
    keys = {}
    for key, body, *_ in endpoint.requests:
        assert keys.setdefault(key, body) == body
    assert len(keys) == 12


def test_no_more_are_in_flight_than_was_said_and_no_faster(endpoint, asker):
    endpoint.delay = 0.02
    asker(concurrent=3, batch=1).log_probs(images(12))
    assert 1 < endpoint.most_busy <= 3
    slow = asker(rate=20, batch=1, concurrent=3)
    slow.log_probs(images(2, seed=1))
    slow.log_probs(images(4, seed=1))  # as another process would, after the first one
    with sqlite3.connect(slow.journal) as journal:
        left = [when for (when,) in journal.execute("SELECT left_at FROM request ORDER BY left_at")][12:]
    assert len(left) == 4
    assert all(later - sooner > 0.049 for sooner, later in pairwise(left))


def test_another_process_goes_on_at_the_pace_of_the_last_one(endpoint, asker):
    for seed in range(2):
        asker(rate=1).log_probs(images(2, seed))
    first, second = (when for *_, when in endpoint.requests)
    assert second - first > 0.9


@pytest.mark.parametrize("word", ["429", "503"])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_who_is_asked_to_wait_waits_with_everything(endpoint, asker, form, word):
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    endpoint.headers = {"Retry-After": "1" if form == "seconds" else then}
    endpoint.fate = lambda number: word if number == 0 else "ok"
    asker().log_probs(images(8))
    first, second, _ = (when for *_, when in endpoint.requests)
    assert second - first > 0.5
    assert asker().paid().possibly_twice == (0 if word == "429" else 5)  # a 429 was not taken, and says so


@pytest.mark.parametrize(("word", "doubtful"), [("429", 0), ("425", 0), ("408", 5), ("500", 5), ("502", 5), ("504", 5)])
def test_what_may_be_answered_later_is_asked_again(endpoint, asker, word, doubtful):
    endpoint.fate = lambda number: word if number == 0 else "ok"
    asker().log_probs(images(5))
    assert len(endpoint.requests) == 2
    assert asker().paid().possibly_twice == doubtful


def test_who_is_turned_away_has_made_no_attempt(endpoint, asker):
    endpoint.fate = lambda number: "429" if number < 4 else "ok"
    asker(attempts=2).log_probs(images(5))
    assert len(endpoint.requests) == 5


def test_the_limit_of_a_wait_doubles_up_to_the_longest(endpoint, asker, monkeypatch):
    monkeypatch.setattr(rounds, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(rounds, "_share", lambda _sent: 1.0)
    endpoint.fate = lambda number: "500" if number < 5 else "ok"
    patient, waited = asker(), []
    patient._telling.waits = lambda seconds, _why: waited.append(seconds)
    patient.log_probs(images(5))
    assert waited == pytest.approx([0.01, 0.02, 0.04, 0.05, 0.05])


def test_a_server_that_asks_to_wait_longer_than_we_want_to_ends_it(endpoint, asker):
    endpoint.headers, endpoint.fate = {"Retry-After": "3600"}, "429"
    with pytest.raises(UnansweredError, match=r"does not answer; .* HTTP 429.* asks to wait 3600 s"):
        asker().log_probs(images(5))


REPLIES = {
    b"<html><script>alert(1)</script>\x1b[31m": r"neither JSON nor a .npy array.*that begins '<html><script>.*\\x1b",
    b"": "an empty reply",
    b"[" * 100_000: "neither JSON",
    b"[[1, 2], [3]]": "answers are no table",
    b'{"scores": [[1, 0, 0, 0]]}': r"no such field; expected probabilities, which .* names; got \['scores'\]",
    json.dumps([[0.25] * 4] * 4): r"not one answer for each image; expected shape \(5, 4\); got shape \(4, 4\)",
    json.dumps([[0.2] * 5] * 5): "another number of classes; expected 4 for each image; got 5",
    json.dumps([[0.25] * 4] * 4 + [[0.25, 0.25, 0.25, 0.2]]): "not sum to 1; .*tolerance: 0.001; got 0.95 for image 4",
    json.dumps([[0.25] * 4] * 4 + [[float("nan"), 0, 0, 1]]): "not a finite number; .*got nan for image 4",
    json.dumps([[1.5, -0.5, 0, 0]] * 5): "not a probability",
    json.dumps([["1", "0", "0", "0"]] * 5): "not numbers",
    json.dumps([[True, False, False, False]] * 5): "not numbers",
    b"\x93NUMPY\x01\x00\x10\x00garbage": "the header of no .npy array",
    b"\x93NUMPY\x01\x00\x03\x00{'a": "the header of no .npy array",
    b" " * (2**20 + 5000): "longer than answers can be",
}  # fmt: skip


@pytest.mark.parametrize("content", REPLIES, ids=[str(i) for i in range(len(REPLIES))])
def test_what_is_no_answer_is_one_clear_line_and_costs_nothing_that_was_received(endpoint, asker, content):
    good = endpoint.reply
    asker().log_probs(images(5, seed=1))
    endpoint.reply = lambda _x: (content if isinstance(content, bytes) else content.encode(), "application/json")
    with pytest.raises(UnansweredError, match=REPLIES[content]) as error:
        asker().log_probs(images(5))
    line = str(error.value)
    assert line.startswith(f"{endpoint.url}: ")
    assert line.isprintable()
    assert len(line) < 500
    assert len(endpoint.requests) == 2  # it would be none again
    assert (asker().paid().answers, asker().paid().possibly_twice) == (5, 5)
    endpoint.reply = good
    np.testing.assert_allclose(np.exp(asker().log_probs(images(5))), said_of(images(5)), rtol=1e-6)


@pytest.mark.parametrize(("fate", "says"), [
    ("404", r"refuses; expected HTTP 200 with answers; got HTTP 404, a reply that begins 'some trouble'"),
    ("401", "HTTP 401"), ("413", "HTTP 413"), ("501", "HTTP 501"), ("505", "HTTP 505"), ("511", "HTTP 511"),
    ("302", "sends us elsewhere; .* got HTTP 302 to https://other.example/x$"),
])  # fmt: skip
def test_what_will_always_be_refused_is_asked_once(endpoint, asker, fate, says):
    endpoint.fate, endpoint.headers = fate, {"Location": "https://other.example/x?key=secret"}
    with pytest.raises(UnansweredError, match=says.removesuffix("$")) as error:
        asker().log_probs(images(5))
    assert "secret" not in str(error.value)
    assert len(endpoint.requests) == 1
    assert asker().paid().possibly_twice == 0


def test_a_smaller_batch_helps_where_a_large_one_was_refused(endpoint, asker):
    endpoint.fate = "413"
    with pytest.raises(UnansweredError):
        asker().log_probs(images(5))
    endpoint.fate = "500"
    with pytest.raises(UnansweredError, match="after 2 attempts"):
        asker(attempts=2, batch=4).log_probs(images(5))
    endpoint.fate = "ok"
    before = len(endpoint.requests)
    asker(batch=2).log_probs(images(5))
    assert sum(endpoint.paid.values()) == 5
    assert sorted(len(endpoint.read(body)) for _, body, *_ in endpoint.requests[before:]) == [1, 2, 2]


def test_nobody_there_is_said_after_some_attempts(asker):
    start = time.monotonic()
    with pytest.raises(UnansweredError, match=r"got after 3 attempts .*: none") as error:
        asker(url="http://127.0.0.1:9/x?model=secret", attempts=3).log_probs(images(2))
    assert "secret" not in str(error.value)
    assert asker().paid().possibly_twice == 0
    assert time.monotonic() - start < 60


def test_silence_is_a_lost_reply(endpoint, asker):
    endpoint.delay = 0.5
    with pytest.raises(UnansweredError, match="none in time"):
        asker(timeout=0.1, attempts=2).log_probs(images(2))
    assert asker().paid().possibly_twice == 4


def test_a_secret_comes_from_the_environment_and_goes_nowhere_else(endpoint, asker, monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("MODEL_TOKEN", "Bearer sesame-1234")
    with_token = asker(headers={"Authorization": "MODEL_TOKEN"})
    with_token.log_probs(images(3))
    assert endpoint.requests[0][2]["Authorization"] == "Bearer sesame-1234"
    endpoint.reply = lambda _x: (b"no such token: sesame-1234", "text/plain")
    with pytest.raises(UnansweredError, match=re.escape("no such token: ***")) as error:
        with_token.log_probs(images(6, seed=2))
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"sesame" in content for content in [*written, str(error.value).encode(), caplog.text.encode()])


@pytest.mark.parametrize("before", [0, 200, 290, 305])
def test_no_part_of_a_secret_is_shown_wherever_a_reply_is_cut(endpoint, asker, monkeypatch, before):
    secret = "sesame-" + "0123456789" * 4
    monkeypatch.setenv("MODEL_TOKEN", f"Bearer {secret}")
    endpoint.reply = lambda _x: (b"." * before + f" Bearer {secret}".encode(), "text/plain")
    with pytest.raises(UnansweredError, match="neither JSON") as error:
        asker(headers={"Authorization": "MODEL_TOKEN"}).log_probs(images(1))
    assert "sesame" not in str(error.value)


@pytest.mark.parametrize("said", ["Cannot POST /predict?deployment=the%20one", "no such deployment: the one"])
def test_what_follows_the_path_is_not_shown_where_a_reply_repeats_it(endpoint, asker, said):
    endpoint.reply = lambda _x: (said.encode(), "text/plain")
    with pytest.raises(UnansweredError, match=re.escape(said.partition("the")[0].removesuffix("deployment="))) as error:
        asker(url=f"{endpoint.url}?deployment=the%20one").log_probs(images(1))
    assert not re.search("the.*one", str(error.value).partition("begins")[2])


def test_a_secret_that_holds_another_one_is_hidden_whole():
    assert without_words("not sesame-1234, nor sesame", {"sesame", "sesame-1234"}) == "not ***, nor ***"


def test_nobody_else_s_password_is_sent(endpoint, asker, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password sesame\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    asker().log_probs(images(1))
    assert "Authorization" not in endpoint.requests[0][2]


def test_progress_is_told_with_rate_price_and_time_left(endpoint, asker, monkeypatch):
    monkeypatch.setattr("distillab.blackbox.telling.PATIENCE", 0.05)
    endpoint.delay = 0.03
    lines = []
    told = asker(price=250, batch=1, rate=100)
    told = Asker(told.spec, ANSWER, told.journal, expected=40, say=lines.append)
    told.log_probs(images(6))
    told.log_probs(images(10))
    assert lines
    form = r"http://127\.0\.0\.1:\d+/predict: (\d+) of 40 answers, [\d.]+ a second, cost so far (\d\.\d\d), \d+ s left"
    told = [re.fullmatch(form, line).groups() for line in lines]
    assert all(int(done) in {4 * float(cost), 4 * float(cost) + 6} for done, cost in told)  # six were known at last
    assert len(lines) < 16


def test_one_model_s_answers_are_not_another_s(endpoint, asker):
    spec, same = asker().spec, asker(batch=9, rate=1, send="json", headers={"A": "B"}).spec
    assert spec.model("labels") == same.model("labels")
    others = [spec, asker(version="2").spec, asker(url=f"{endpoint.url}?model=b").spec]
    assert len({each.model(form) for each in others for form in ("labels", "logits")}) == 6


def test_a_key_is_that_of_the_images_the_model_and_the_form(endpoint, tmp_path):
    endpoint.reply = lambda x: (json.dumps(said_of(x).tolist()).encode(), "application/json")
    logits = AnswerFormat("logits", 4, 1e-3)
    asked = [({}, ANSWER, 0), ({"version": "2"}, ANSWER, 0), ({}, logits, 0), ({}, ANSWER, 1), ({"rate": 5}, ANSWER, 0)]
    for number, (fields, answer, seed) in enumerate(asked):
        spec = EndpointSpec(url=endpoint.url, **fields)
        Asker(spec, answer, tmp_path / f"{number}.sqlite").log_probs(images(3, seed))
    *different, same = (key for key, *_ in endpoint.requests)
    assert len(set(different)) == 4
    assert same == different[0], "how fast is asked is no part of the question"


@pytest.mark.parametrize("sent", [{"pixels": "bytes"}, {"layout": "nhwc"}, {"answers_field": "scores"}])
def test_what_was_answered_to_other_numbers_is_no_answer(endpoint, asker, sent):
    """Nor what was read from another field; the answers of models that are asked as by default stay theirs."""
    plain, other = EndpointSpec(url=endpoint.url), EndpointSpec(url=endpoint.url, **sent)
    assert plain.model("logits") != other.model("logits")
    assert plain.identity() != other.identity()
    before = hashlib.blake2b(f"{endpoint.url}\x1f\x1flogits".encode(), digest_size=16).hexdigest()
    assert plain.model("logits") == before
    assert EndpointSpec(url=endpoint.url, answers_field="logits").model("logits") == before
    png = EndpointSpec(url=endpoint.url, send="png", layout="nhwc", pixels="bytes")
    assert png.model("logits") == before, "PNG has one order and 8 bits"


def test_a_label_of_more_classes_than_there_are_is_no_answer(endpoint, tmp_path):
    endpoint.reply = lambda x: (json.dumps([3] * len(x)).encode(), "application/json")
    spec, journal = EndpointSpec(url=endpoint.url), tmp_path / "journal.sqlite"
    assert np.exp(Asker(spec, AnswerFormat("labels", 4, 1e-3), journal).log_probs(images(2))).argmax(1).tolist() == [
        3,
        3,
    ]
    with pytest.raises(ArtifactError, match="holds answers of another number of classes; expected 3"):
        Asker(spec, AnswerFormat("labels", 3, 1e-3), journal).log_probs(images(2))


def test_a_request_left_by_a_dead_process_goes_out_as_it_was(endpoint, asker):
    x = images(9)
    endpoint.fate = lambda number: "ok" if number == 0 else "drop paid"
    with pytest.raises(UnansweredError):
        asker(attempts=1).log_probs(x)
    endpoint.fate = "ok"
    asker().log_probs(x[::-1].copy())
    keys = [key for key, *_ in endpoint.requests]
    bodies = [body for _, body, *_ in endpoint.requests]
    assert (keys[1], bodies[1]) == (keys[2], bodies[2])
    assert len(keys) == 3
    with opened(asker().journal) as journal:
        assert (journal.paid().possibly_twice, journal.torn) == (4, 0)


def test_no_more_is_bought_than_was_allowed(endpoint, asker):
    asker(queries=7).log_probs(images(6))
    with pytest.raises(UnansweredError, match="at most 7 images, as queries says; got 6 bought and 2 more"):
        asker(queries=7).log_probs(images(8))
    assert sum(endpoint.paid.values()) == 6
    asker(queries=8).log_probs(images(8))
    asker(queries=1).log_probs(images(8))  # all of it is here


@pytest.mark.parametrize("concurrent", [1, 3])
def test_a_reply_that_is_lost_again_and_again_buys_no_more_than_was_allowed(endpoint, asker, concurrent):
    endpoint.fate, endpoint.delay = "500 paid", 0.02
    with pytest.raises(UnansweredError, match=r"at most 17 images, as queries says; got 1\d bought and [25] more"):
        asker(queries=17, attempts=8, concurrent=concurrent).log_probs(images(12))
    assert sum(endpoint.paid.values()) == asker().paid().bought <= 17
    endpoint.fate = "ok"
    asker(queries=29).log_probs(images(12))


def test_who_is_turned_away_is_not_charged_for_it(endpoint, asker):
    endpoint.fate = at_random("429", "ok", seed=1)
    asker(queries=12, concurrent=3).log_probs(images(12))
    assert asker().paid().bought == 12


def test_what_was_possibly_paid_for_is_bought(endpoint, asker):
    endpoint.fate = "drop paid"
    with pytest.raises(UnansweredError, match="does not answer"):
        asker(queries=9, attempts=1).log_probs(images(5))
    endpoint.fate = "ok"
    with pytest.raises(UnansweredError, match="at most 9 images, as queries says; got 5 bought and 5 more"):
        asker(queries=9).log_probs(images(5))
    asker(queries=10).log_probs(images(5))


def test_a_reply_that_comes_in_drops_is_silence(endpoint, asker):
    endpoint.drips = True
    with pytest.raises(UnansweredError, match="none in time"):
        asker(timeout=0.3, attempts=1).log_probs(images(2))


@contextmanager
def sending(*pieces):
    """A server that replies to every request with these bytes, the last ones again and again, whoever listens."""

    def reply(connection, _address):
        with connection, suppress(OSError):
            connection.recv(2**16)
            for piece in chain(pieces, repeat(pieces[-1])):
                connection.sendall(piece)
                time.sleep(0.01)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with suppress(OSError):
                while True:
                    threading.Thread(target=reply, args=server.accept(), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize("pieces", [
    (b"HTTP/1.1 100 Continue\r\n\r\n",), (b"HTTP/1.1 200 OK\r\nX-Name: ", b"x"), (b"H", b" "),
], ids=["continue", "header", "status"])  # fmt: skip
def test_a_reply_that_never_comes_to_its_content_is_silence(asker, pieces):
    with sending(*pieces) as url, pytest.raises(UnansweredError, match="none in time"):
        asker(url=url, timeout=0.5, attempts=2).log_probs(images(2))
    assert asker().paid().possibly_twice == 4


def test_a_packed_reply_is_not_unpacked_beyond_what_answers_can_be(endpoint, asker):
    packed = gzip.compress(b" " * 10**8, compresslevel=1)
    endpoint.reply, endpoint.headers = lambda _x: (packed, "application/json"), {"Content-Encoding": "gzip"}
    tracemalloc.start()
    with pytest.raises(UnansweredError, match="longer than answers can be"):
        asker().log_probs(images(2))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**26
