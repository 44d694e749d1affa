"""Asking an endpoint about images: each once, at the rate that it may be asked, and again where a reply was lost."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.forms import AnswerFormat, Fault, Form
from distillab.blackbox.journal import Journal, Paid, Request, opened
from distillab.blackbox.lanes import Lanes, lanes
from distillab.blackbox.pixels import Pixels, checked_pixels, image_hashes
from distillab.blackbox.post import Outcome, Post
from distillab.blackbox.telling import Telling
from distillab.blackbox.wire import body_of
from distillab.core.errors import ArtifactError, UnansweredError
from distillab.core.seeds import derive

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds: the most that is waited after the first reply that was lost, doubled with each, and after any."""

GRACE = 2.0
"""Seconds in which replies that are on their way when we are stopped may still come: they are paid for."""

AGAIN = "what was answered is kept: run again to go on"

log = logging.getLogger("distillab")


@dataclass(eq=False)
class Asker:
    """A model behind an endpoint, asked through its journal: about no image twice."""

    spec: EndpointSpec
    answer: AnswerFormat
    journal: Path
    expected: int = 0
    """Images that are going to be asked about, for the time that is told to be left; 0 where nobody knows."""
    say: Callable[[str], None] = log.info
    _telling: Telling = field(init=False)

    def __post_init__(self) -> None:
        self._telling = Telling(self.spec.shown_url, self.spec.price, self.expected, self.say)

    def log_probs(self, x: Pixels) -> Float32[np.ndarray, "n k"]:
        """Log-probabilities of images, ``-inf`` for exact zeros; asked for where the journal does not have them.

        Raises:
            UnansweredError: the endpoint does not answer, refuses, or answers what is no answer.
            SpecError: a header is not in the environment, or the images cannot be written as ``send`` says.
            ArtifactError: the journal is damaged or cannot be written.
        """
        hashes = image_hashes(checked_pixels(x))
        with opened(self.journal) as journal:
            known = journal.known(set(hashes))
            missing = {each: i for i, each in enumerate(hashes) if each not in known}
            self._telling.begins(len(hashes), known=len(hashes) - len(missing))
            if missing:
                self._ask(journal, missing, x)
                known |= journal.known(missing)
        if any(len(known[each]) != self.answer.width for each in hashes):
            raise ArtifactError(
                "holds answers of another number of classes",
                where=str(self.journal),
                expected=str(self.answer.classes),
                do="give the endpoint another version: its images are then asked about anew",
            )
        return self.answer.log_probs(np.stack([known[each] for each in hashes]))

    def paid(self) -> Paid:
        """What was asked for and got so far, in all runs."""
        with opened(self.journal) as journal:
            return journal.paid()

    def _ask(self, journal: Journal, missing: dict[bytes, int], x: Pixels) -> None:
        post = Post(self.spec, self.answer, self.spec.secrets())
        with lanes(post, self.spec.concurrent) as lane:
            _Round(self.spec, journal, lane, self._requests(journal, missing, x), self._telling).run()

    def _requests(self, journal: Journal, missing: dict[bytes, int], x: Pixels) -> "Iterator[Request]":
        """What is to be sent: first what was under way when a process died, as it was; then all other images."""
        open_ones = journal.unanswered()
        usable = [r for r in open_ones if r.wire == self.spec.wire and len(r.images) <= self.spec.batch]
        journal.give_up(request for request in open_ones if request not in usable)
        again = [request for request in usable if not missing.keys().isdisjoint(request.images)]
        yield from again
        under_way = {image for request in again for image in request.images}
        images = [image for image in missing if image not in under_way]
        for start in range(0, len(images), self.spec.batch):
            some = tuple(images[start : start + self.spec.batch])
            body = body_of(x[[missing[image] for image in some]], self.spec)
            yield Request(_key(self.spec, self.answer.form, some), self.spec.wire, some, body)


@dataclass(eq=False)
class _Try:
    """A request on its way to an answer."""

    request: Request
    due: float = 0.0
    """Not to be sent before."""
    times: int = 0
    since: float = 0.0
    """When it was sent for the first time in this run."""


@dataclass(eq=False)
class _Round:
    """Some requests, until all are answered or one cannot be; only this thread touches the journal."""

    spec: EndpointSpec
    journal: Journal
    lanes: Lanes
    fresh: Iterator[Request]
    telling: Telling
    _flying: dict[str, _Try] = field(default_factory=dict)
    _again: list[_Try] = field(default_factory=list)
    _slot: float = 0.0
    """When the next request may leave."""

    def run(self) -> None:
        since = max(0.0, time.time() - self.journal.last_left())
        self._slot = time.monotonic() + max(0.0, 1 / self.spec.rate - since)
        following = None
        try:
            while (following := following or self._next()) or self._flying:
                if following and self._may_leave(following):
                    self._send(following)
                    following = self._next()
                self._receive(self._pause(following))
        except BaseException:
            self._let_land()
            raise

    def _next(self) -> _Try | None:
        """What is to leave next: what is due again, then what never left, then what has to wait."""
        soonest = min(self._again, key=lambda each: each.due, default=None)
        if soonest is None or soonest.due > time.monotonic():
            request = next(self.fresh, None)
            if request is not None:
                return _Try(request)
        if soonest is not None:
            self._again.remove(soonest)
        return soonest

    def _may_leave(self, following: _Try) -> bool:
        return self.lanes.free and time.monotonic() >= max(self._slot, following.due)

    def _send(self, following: _Try) -> None:
        now = time.monotonic()
        following.since = following.since or now
        following.times += 1
        self._slot = now + 1 / self.spec.rate
        self.journal.leaves(following.request)
        self._flying[following.request.key] = following
        self.lanes.send(following.request)

    def _pause(self, following: _Try | None) -> float:
        """Seconds until something else than a reply is to be done."""
        if following is None or not self.lanes.free:
            return 1.0
        return min(1.0, max(self._slot, following.due) - time.monotonic())

    def _receive(self, seconds: float) -> None:
        for request, outcome in self.lanes.receive(seconds):
            self._settle(self._flying.pop(request.key), outcome)
        self.telling.now(self.journal)

    def _settle(self, sent: _Try, outcome: Outcome) -> None:
        self._note(sent.request, outcome)
        if outcome.fate != "answered":
            self._try_again(sent, outcome)

    def _note(self, request: Request, outcome: Outcome) -> None:
        """Write down what became of the request, before anything else leaves."""
        if outcome.rows is not None:
            self.journal.answered(request, outcome.rows, outcome.seconds)
            self.telling.answered(len(request.images))
            return
        note = self.journal.lost if outcome.fate in {"lost", "useless"} else self.journal.turned_away
        note(request, outcome.seconds)
        if outcome.fate in {"refused", "useless"}:
            self.journal.give_up([request])

    def _try_again(self, sent: _Try, outcome: Outcome) -> None:
        """Wait for a random time below a limit that doubles, or for as long as the server says.

        Raises:
            UnansweredError: it would be in vain, or was tried long enough.
        """
        if outcome.fault is not None and outcome.fate in {"refused", "useless"}:
            raise _useless(self.spec, outcome.fault)
        limit = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (sent.times - 1))
        wait = max(outcome.wait, limit * _share(sent))
        now = time.monotonic()
        often = sent.times >= self.spec.attempts and outcome.fate != "turned away"
        if often or now + wait - sent.since > self.spec.patience:
            raise _in_vain(self.spec, sent, outcome, now - sent.since)
        if outcome.fate == "turned away" or outcome.wait:
            self._slot = max(self._slot, now + wait)
        sent.due = now + wait
        self._again.append(sent)
        self.telling.waits(wait, outcome.fault.got if outcome.fault else "")

    def _let_land(self) -> None:
        """Keep the answers that come within a moment; what does not is found in the journal by the next run."""
        until = time.monotonic() + GRACE
        while self._flying and (left := until - time.monotonic()) > 0:
            for request, outcome in self.lanes.receive(left):
                self._flying.pop(request.key)
                self._note(request, outcome)


def _key(spec: EndpointSpec, form: Form, images: Sequence[bytes]) -> str:
    """The Idempotency-Key of these images, asked of this model in this way."""
    head = "\x1f".join((spec.model(form), spec.wire)).encode()
    return hashlib.blake2b(b"\x1f".join((head, *images)), digest_size=16).hexdigest()


def _share(sent: _Try) -> float:
    """A uniform number in [0, 1) from the stream of this request and time (full jitter)."""
    return float(np.random.default_rng(derive(0, "backoff", sent.request.key, sent.times)).random())


def _useless(spec: EndpointSpec, fault: Fault) -> UnansweredError:
    row = "" if fault.row is None else f" for image {fault.row} of the request"
    return UnansweredError(
        f"the endpoint's reply: {fault.what}" if fault.what else "the endpoint refuses",
        where=spec.shown_url,
        expected=fault.expected,
        got=f"{fault.got}{row}",
        do=AGAIN,
    )


def _in_vain(spec: EndpointSpec, sent: _Try, outcome: Outcome, seconds: float) -> UnansweredError:
    got = outcome.fault.got if outcome.fault else ""
    asked = f", which asks to wait {outcome.wait:.0f} s" if outcome.wait else ""
    return UnansweredError(
        "the endpoint does not answer",
        where=spec.shown_url,
        expected=f"an answer in {spec.attempts} attempts and {spec.patience:g} s",
        got=f"after {sent.times} attempts in {seconds:.0f} s: {got}{asked}",
        do=AGAIN,
    )
