"""One request, one reply, and what became of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float32

from distillab.blackbox.endpoint import EndpointSpec, without_words
from distillab.blackbox.forms import AnswerFormat, Fault
from distillab.blackbox.journal import Request
from distillab.blackbox.wire import TYPES, longest_reply, values_of
from distillab.core.shown import printable, shortened

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

CHUNK = 2**16
FIRST = 80
"""Characters of a reply that are shown."""

Fate = Literal["answered", "turned away", "unreachable", "lost", "refused", "useless"]
"""Turned away: to come again later. Lost: taken or not, nobody knows. Refused: it would be again. Useless: a reply that
is no answer, and would be none again.
"""

TOO_MANY, TIMEOUT_OF_SERVER, TOO_EARLY = 429, 408, 425
FINAL = frozenset({501, 505, 511})
"""What a server will never be able to do."""


@dataclass(frozen=True)
class Outcome:
    """What became of a request."""

    fate: Fate
    seconds: float
    rows: Float32[np.ndarray, "n k"] | None = None
    fault: Fault | None = None
    wait: float = 0.0
    """Seconds that the server asks to wait."""


@dataclass(frozen=True)
class Post:
    """How this process asks: one for all its connections."""

    spec: EndpointSpec
    answer: AnswerFormat
    secrets: Mapping[str, str]

    def session(self) -> "Session":
        """A connection to be used by one thread; proxies and certificates are those of the environment."""
        import requests

        from distillab.blackbox.deadline import InTime

        session = requests.Session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, InTime())
        session.auth = _as_it_is  # or a password of ~/.netrc would be sent
        session.get_redirect_target = _nowhere  # type: ignore[method-assign, assignment]  # or its body would be read to any end
        session.headers.update(
            {"Content-Type": TYPES[self.spec.send], "Accept-Encoding": "identity", "User-Agent": "distillab"}
            | dict(self.secrets)
        )
        return session

    def __call__(self, session: "Session", request: Request) -> Outcome:
        """Send the request once, and wait for its reply."""
        import requests
        from urllib3.exceptions import HTTPError

        start = time.monotonic()
        try:
            with session.post(
                self.spec.url,
                data=request.body,
                headers={"Idempotency-Key": request.key},
                timeout=self.spec.timeout,
                allow_redirects=False,
                stream=True,
            ) as reply:
                content = self._content(reply, len(request.images))
                outcome = self._judged(reply, content, request)
        except (requests.RequestException, HTTPError, OSError) as error:
            outcome = _without_reply(error)
        except Exception as error:  # what a broken reply can raise below requests has no list
            outcome = Outcome("lost", 0, fault=Fault("the connection broke", "a reply", type(error).__name__))
        return Outcome(outcome.fate, time.monotonic() - start, outcome.rows, outcome.fault, outcome.wait)

    def _content(self, reply: "Response", n: int) -> bytes:
        """The reply, as far as one may be long; one byte more where it is longer."""
        longest = longest_reply(self.answer, n) + 1
        content = bytearray()
        while len(content) < longest:
            part = reply.raw.read1(min(CHUNK, longest - len(content)), decode_content=True)
            if not part:
                break
            content += part
        promised = reply.headers.get("Content-Length", "")
        if (
            "Content-Encoding" not in reply.headers
            and promised.isdigit()
            and len(content) < min(int(promised), longest)
        ):
            raise ConnectionError  # cut off in the midst
        return bytes(content)

    def _judged(self, reply: "Response", content: bytes, request: Request) -> Outcome:
        status, n = reply.status_code, len(request.images)
        if status != 200:
            return self._without_answers(reply, content)
        if len(content) > longest_reply(self.answer, n):
            fault = Fault("is longer than answers can be", f"at most {len(content) - 1:,} bytes", "more")
            return Outcome("useless", 0, fault=fault)
        values = values_of(content, self.spec.answers_field or self.answer.form)
        if isinstance(values, Fault):
            return Outcome("useless", 0, fault=self._with_first_characters(values, content))
        rows = self.answer.rows(values, n)
        return Outcome("useless", 0, fault=rows) if isinstance(rows, Fault) else Outcome("answered", 0, rows)

    def _without_answers(self, reply: "Response", content: bytes) -> Outcome:
        status = reply.status_code
        wait = seconds_of(reply.headers.get("Retry-After", ""))
        fault = self._with_first_characters(Fault("", "HTTP 200 with answers", f"HTTP {status}"), content)
        if status in {TOO_MANY, TOO_EARLY}:
            return Outcome("turned away", 0, fault=fault, wait=wait)
        if (status >= 500 and status not in FINAL) or status == TIMEOUT_OF_SERVER:
            return Outcome("lost", 0, fault=fault, wait=wait)
        if 300 <= status < 400:
            target = reply.headers.get("Location", "").partition("?")[0]
            got = f"HTTP {status} to {self._shown(target)}"
            return Outcome("refused", 0, fault=Fault("sends us elsewhere", "HTTP 200 with answers", got))
        return Outcome("refused", 0, fault=fault)

    def _with_first_characters(self, fault: Fault, content: bytes) -> Fault:
        text = self._shown(content.decode("utf-8", "replace"))
        said = f"a reply that begins {text!r}" if text else "an empty reply"
        return Fault(fault.what, fault.expected, ", ".join(part for part in (fault.got, said) if part))

    def _shown(self, text: str) -> str:
        """How a text begins; what is hidden is so before anything is cut, or a part of it would be left."""
        return shortened(printable(without_words(text, self.spec.hidden(self.secrets))[: 4 * FIRST]), FIRST)


def seconds_of(retry_after: str) -> float:
    """Seconds to wait that a Retry-After header asks for, as a number or as a date; 0 where it says neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _as_it_is(prepared: "PreparedRequest") -> "PreparedRequest":
    return prepared


def _nowhere(_reply: "Response") -> None:
    """Where a redirect leads to."""


def _without_reply(error: Exception) -> Outcome:
    """What became of a request without a reply; an error's own text may hold the address with its secrets."""
    import requests
    from urllib3.exceptions import (
        ConnectTimeoutError,
        NameResolutionError,
        NewConnectionError,
        ReadTimeoutError,
        SSLError,
    )

    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, SSLError) and isinstance(reason.args[0], SSLCertVerificationError):
        return Outcome("refused", 0, fault=Fault("TLS fails", "a certificate that this machine trusts", "another"))
    if isinstance(reason, NameResolutionError):
        return Outcome("unreachable", 0, fault=Fault("", "a connection", "no such host"))
    if isinstance(reason, ConnectTimeoutError | NewConnectionError):
        return Outcome("unreachable", 0, fault=Fault("", "a connection", "none"))
    if isinstance(error, requests.Timeout | ReadTimeoutError | TimeoutError):
        return Outcome("lost", 0, fault=Fault("", "a reply", "none in time"))
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
        return Outcome("refused", 0, fault=Fault("cannot be asked", "an address and headers", type(error).__name__))
    return Outcome("lost", 0, fault=Fault("", "a reply", "a connection that broke"))
