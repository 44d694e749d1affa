"""A whole audit of a slow endpoint that turns away, fails and loses replies at random; it is killed, and goes on."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from project import Project, copy_project, wait_for
from sklearn.datasets import load_digits

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "blackbox"))

from paid_endpoint import at_random, running

from distillab.models.brought.endpoint import EndpointModel

pytestmark = pytest.mark.workflow

IMAGES, JUDGED = 200, 100
RUN = Path("audits/far")
PAGE = RUN / "results" / "audit" / "reports" / "audit.html"
DATA = load_digits()
MEANS = np.stack([DATA.images[DATA.target == digit].mean(axis=0) for digit in range(10)]).reshape(10, -1) / 16


def nearest(x):
    """Probabilities from the distances to the mean images of the classes."""
    odds = np.exp(-4 * np.square(x.reshape(len(x), 1, -1) - MEANS).sum(axis=2))
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def endpoint():
    with running() as server:
        server.reply = lambda x: (str({"probabilities": nearest(x).tolist()}).replace("'", '"').encode(), "text/plain")
        server.fate = at_random("ok", "ok", "ok", "ok", "429", "500", "503 paid", "drop paid", "cut paid")
        server.headers, server.delay, server.honors_keys = {"Retry-After": "1"}, 0.1, True
        yield server


def spec_of(endpoint):
    return {"url": f"{endpoint.url}?deployment=blue-7", "batch": 10, "rate": 4, "concurrent": 2, "attempts": 30}


def on_a_terminal(project: Project, *command: str) -> "tuple[subprocess.Popen[bytes], list[bytes]]":
    """A program with a terminal of 200 columns, and what it shows there."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        project.command(*command), cwd=project.root, stdin=its, stdout=its, stderr=its, start_new_session=True,
        env=project.environment() | {"COLUMNS": "200", "TERM": "xterm"},
    )  # fmt: skip
    os.close(its)
    shown: list[bytes] = []

    def read() -> None:
        try:
            while content := os.read(ours, 4096):
                shown.append(content)
        except OSError:  # it has ended
            os.close(ours)

    threading.Thread(target=read, daemon=True).start()
    return process, shown


@pytest.fixture(scope="module")
def audited(endpoint, tmp_path_factory: pytest.TempPathFactory):
    """The project, what a terminal showed until the audit was killed, and what it said when it went on to its end."""
    project = copy_project(tmp_path_factory.mktemp("audit") / "project")
    said = {"model": {"endpoint": spec_of(endpoint)}, "images": {"name": "digits"}, "test": JUDGED, "labels": 20,
            "queries": IMAGES, "seeds": 3, "defenses": ["label"], "budget": {"minutes": 0.3}, "price": 0.25,
            "device": "cpu"}  # fmt: skip
    file = tmp_path_factory.mktemp("mine") / "far.yaml"
    file.write_text(yaml.safe_dump(said))
    process, shown = on_a_terminal(project, "distillab", "audit", str(file), "--cores", "2")
    wait_for(lambda: len(endpoint.paid) >= 80 and re.search(rb"Asking mine: [1-9]\d* of", b"".join(shown)))
    time.sleep(1.5)  # a line or two more
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = project.run("distillab", "audit", str(file), "--cores", "2")
    return project, b"".join(shown).decode(), done


def test_a_terminal_shows_answers_rate_price_and_time_left(audited):
    _, shown, _ = audited
    form = r"Asking mine: (\d+) of 300 answers, [\d.]+ a second, cost so far ([\d.]+)(, \d+ possibly paid twice)?"
    told = re.findall(form + r"(, waiting \d+ s)?, \d+ (s|min) left", shown)
    assert told
    assert all(float(cost) == pytest.approx(int(answers) / 4, abs=0.005) for answers, cost, *_ in told)


def test_every_answer_is_paid_once_whatever_happened(audited, endpoint):
    project, _, done = audited
    paid = EndpointModel.model_validate({"endpoint": spec_of(endpoint)}).paid(project.root / RUN)
    assert set(endpoint.paid.values()) == {1}
    assert len(endpoint.paid) == paid.answers == IMAGES + JUDGED
    assert paid.possibly_twice > 0
    assert 0 <= paid.requests - len(endpoint.requests) <= 2  # noted and not sent, by the process that was killed
    twice = f"{paid.possibly_twice} possibly paid twice"
    assert f"Asked mine: 300 answers, cost so far 75.00, {twice}" in done.stderr.splitlines()


def test_the_page_says_who_was_asked_and_what_was_found(audited):
    project, _, done = audited
    answer, path = done.stdout.splitlines()
    assert path == str(PAGE)
    assert answer.startswith("On Digits (8x8), mine ")
    page = (project.root / PAGE).read_text()
    assert answer.split(";")[0] in page
    assert "mine is from elsewhere (HTTP endpoint); asked about 200 by thieves, 100 to judge with." in page
    assert "blue-7" not in page
