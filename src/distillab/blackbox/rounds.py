"""Some requests until all are answered: when each may leave, what becomes of it, and when it is sent again."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.forms import Fault
from distillab.blackbox.journal import Journal, Request
from distillab.blackbox.lanes import Lanes
from distillab.blackbox.post import Outcome
from distillab.blackbox.telling import Telling
from distillab.core.errors import UnansweredError
from distillab.core.seeds import derive

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds: the most that is waited after the first reply that was lost, doubled with each, and after any."""

GRACE = 2.0
"""Seconds in which replies that are on their way when we are stopped may still come: they are paid for."""

AGAIN = "what was answered is kept: run again to go on"


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
class Requests:
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
    _bought: int = 0
    """Images that were paid for, those possibly paid twice counted so, in all runs."""

    def run(self) -> None:
        """Send everything, and keep every answer before anything else leaves.

        Raises:
            UnansweredError: a request cannot be answered; what was is kept.
        """
        self._bought = self.journal.paid().bought
        since = max(0.0, time.time() - self.journal.last_left())
        self._slot = time.monotonic() + max(0.0, 1 / self.spec.rate - since)
        following = None
        try:
            while (following := following or self._next()) or self._flying:
                if following and self._may_leave(following) and self._is_allowed(following):
                    self._send(following)
                    following = self._next()
                self._receive(self._pause(following))
                self.telling.now(self.journal, waits=self._waits(following))
        except BaseException:
            self._let_land()
            raise
        finally:
            self.telling.write(self.journal)

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

    def _is_allowed(self, following: _Try) -> bool:
        """Whether its images may be bought, too; not yet, where that hangs on what becomes of those in flight.

        Raises:
            UnansweredError: they may not.
        """
        more, flying = len(following.request.images), sum(len(each.request.images) for each in self._flying.values())
        if self.spec.queries is None or self._bought + flying + more <= self.spec.queries:
            return True
        if flying:
            return False
        raise beyond_the_budget(self.spec, self._bought, more, do="what was answered is kept: allow more and run again")

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
        return min(1.0, self._until(following))

    def _waits(self, following: _Try | None) -> float:
        """Seconds in which nothing happens."""
        return 0.0 if following is None or self._flying else max(0.0, self._until(following))

    def _until(self, following: _Try) -> float:
        return max(self._slot, following.due) - time.monotonic()

    def _receive(self, seconds: float) -> None:
        for request, outcome in self.lanes.receive(seconds):
            self._settle(self._flying.pop(request.key), outcome)

    def _settle(self, sent: _Try, outcome: Outcome) -> None:
        self._note(sent.request, outcome)
        if outcome.fate != "answered":
            self._try_again(sent, outcome)

    def _note(self, request: Request, outcome: Outcome) -> None:
        """Write down what became of the request, before anything else leaves."""
        if outcome.rows is not None:
            self.journal.answered(request, outcome.rows, outcome.seconds)
            self.telling.answered(len(request.images))
            self._bought += len(request.images)
            return
        if outcome.fate in {"lost", "useless"}:
            self.journal.lost(request, outcome.seconds)
            self._bought += len(request.images)
        else:
            self.journal.turned_away(request, outcome.seconds)
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


def _share(sent: _Try) -> float:
    """A uniform number in [0, 1) from the stream of this request and time (full jitter)."""
    return float(np.random.default_rng(derive(0, "backoff", sent.request.key, sent.times)).random())


def beyond_the_budget(spec: EndpointSpec, bought: int, more: int, *, do: str) -> UnansweredError:
    """That so many images more are too many beside those that were bought."""
    return UnansweredError(
        "more answers are needed than may be bought",
        where=spec.shown_url,
        expected=f"at most {spec.queries:,} images, as queries says",
        got=f"{bought:,} bought and {more:,} more to ask about",
        do=do,
    )


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
