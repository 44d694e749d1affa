"""Asking an endpoint about images: each once, what is in the journal never."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.forms import AnswerFormat, Form
from distillab.blackbox.journal import Journal, Paid, Request, opened
from distillab.blackbox.lanes import lanes
from distillab.blackbox.pixels import Pixels, checked_pixels, image_hashes
from distillab.blackbox.post import Post
from distillab.blackbox.rounds import Requests, beyond_the_budget
from distillab.blackbox.telling import Telling
from distillab.blackbox.wire import body_of
from distillab.core.errors import ArtifactError

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
        if not all(self.answer.is_kept(known[each]) for each in hashes):
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
        self._refuse_beyond_the_budget(journal.paid(), len(missing))
        post = Post(self.spec, self.answer, self.spec.secrets())
        with lanes(post, self.spec.concurrent) as lane:
            Requests(self.spec, journal, lane, self._requests(journal, missing, x), self._telling).run()

    def _refuse_beyond_the_budget(self, paid: Paid, more: int) -> None:
        if self.spec.queries is not None and paid.bought + more > self.spec.queries:
            do = "nothing was asked: allow more, or use fewer images or thieves"
            raise beyond_the_budget(self.spec, paid.bought, more, do=do)

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


def _key(spec: EndpointSpec, form: Form, images: Sequence[bytes]) -> str:
    """The Idempotency-Key of these images, asked of this model in this way."""
    head = "\x1f".join((spec.model(form), spec.wire)).encode()
    return hashlib.blake2b(b"\x1f".join((head, *images)), digest_size=16).hexdigest()
