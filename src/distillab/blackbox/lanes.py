"""Requests in flight: a few threads, each with a connection of its own, that post what they are given."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from distillab.blackbox.journal import Request
from distillab.blackbox.post import Outcome, Post


class Lanes:
    """Threads that post. They hold up no ending of the process, and know nothing of the journal."""

    def __init__(self, post: Post, count: int) -> None:
        self._post, self._count = post, count
        self._inbox: SimpleQueue[Request | None] = SimpleQueue()
        self._outbox: SimpleQueue[tuple[Request, Outcome]] = SimpleQueue()
        self.flying = 0
        """Requests whose outcome was not received yet."""
        for _ in range(count):
            threading.Thread(target=self._work, daemon=True).start()

    @property
    def free(self) -> bool:
        """Whether one more can leave now."""
        return self.flying < self._count

    def send(self, request: Request) -> None:
        """Post the request."""
        self.flying += 1
        self._inbox.put(request)

    def receive(self, seconds: float) -> Iterator[tuple[Request, Outcome]]:
        """What has become of requests: of those that are known now, or else of the first one in so many seconds."""
        try:
            found = self._outbox.get(timeout=max(seconds, 0.001))
            while True:
                self.flying -= 1
                yield found
                found = self._outbox.get_nowait()
        except Empty:
            return

    def close(self) -> None:
        """Let threads without work end."""
        for _ in range(self._count):
            self._inbox.put(None)

    def _work(self) -> None:
        with self._post.session() as session:
            while (request := self._inbox.get()) is not None:
                self._outbox.put((request, self._post(session, request)))


@contextmanager
def lanes(post: Post, count: int) -> Iterator[Lanes]:
    """So many lanes, closed at the end."""
    opened = Lanes(post, count)
    try:
        yield opened
    finally:
        opened.close()
