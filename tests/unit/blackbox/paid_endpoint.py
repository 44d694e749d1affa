"""An endpoint of this machine that does what it is told, and counts what it is paid for."""

import io
import json
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from distillab.blackbox.forms import AnswerFormat

CLASSES = 4
ANSWER = AnswerFormat("probabilities", CLASSES, 1e-3)


def said_of(x):
    """What the model behind every endpoint of the tests says of images: a softmax of sums of their pixels."""
    sums = x.reshape(len(x), CLASSES, -1).sum(axis=2, dtype=np.float64)
    return np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)


def images(n, seed=0):
    """Images of 8 bits, no two equal."""
    return np.random.default_rng(seed).integers(0, 256, (n, 1, 4, 4)).astype(np.float32) / np.float32(255)


class Endpoint(ThreadingHTTPServer):
    """An endpoint whose requests meet ``fate``: a function of the request's number, or one word for all.

    Words: ``ok``; ``429``, ``500``, ``503``, ``404`` and so on; ``drop`` and ``cut``: the connection ends before, or
    in the midst of, the reply. With ``paid`` after it the images are counted first.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.fate = "ok"
        self.delay = 0.0
        self.drips = False
        self.headers = {}
        self.reply = lambda x: (json.dumps({"probabilities": said_of(x).tolist()}).encode(), "application/json")
        self.read = lambda body: np.load(io.BytesIO(body), allow_pickle=False)
        self.honors_keys = False
        self.paid = Counter()
        self.requests = []
        self.kept = {}
        self.busy = self.most_busy = 0
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/predict"

    def handle_error(self, request, client_address):
        """Connections that end are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) < int(self.headers["Content-Length"]):
            return  # who sent it was killed before it was sent
        key = self.headers["Idempotency-Key"]
        with server.lock:
            number = len(server.requests)
            server.requests.append((key, body, dict(self.headers), time.monotonic()))
            server.busy += 1
            server.most_busy = max(server.busy, server.most_busy)
        try:
            time.sleep(server.delay)
            fate = (server.fate if isinstance(server.fate, str) else server.fate(number)).split()
            if fate[0] == "ok" or "paid" in fate:
                content, kind = self.bought(key, body)
            self.answer(fate[0], *((content, kind) if fate[0] in {"ok", "cut"} else (b"some trouble", "text/plain")))
        finally:
            with server.lock:
                server.busy -= 1

    def bought(self, key, body):
        server = self.server
        with server.lock:
            if server.honors_keys and key in server.kept:
                return server.kept[key]
            x = server.read(body)
            server.paid.update(image.tobytes() for image in x)
            server.kept[key] = server.reply(x)
            return server.kept[key]

    def answer(self, word, content, kind):
        if word == "drop":
            self.close_connection = True
            return
        self.send_response(200 if word in {"ok", "cut"} else int(word))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for i in range(len(content) if self.server.drips else 0):
            self.wfile.write(content[i : i + 1])
            time.sleep(0.02)
        self.wfile.write(content[: len(content) // 2] if word == "cut" else content)
        self.close_connection = word == "cut"

    def log_message(self, *_):
        pass


def at_random(*words, seed=0):
    """A fate that is drawn for each request."""
    stream = random.Random(seed)
    return lambda _number: stream.choice(words)


@contextmanager
def running():
    """An endpoint that runs."""
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()
