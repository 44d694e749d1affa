"""The server that the documentation shows is one: it is taken from the page, started, and asked."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
from paid_endpoint import ANSWER, images

from distillab.blackbox.asking import Asker
from distillab.blackbox.endpoint import EndpointSpec

PAGE = Path(__file__).parents[3] / "docs" / "answers.md"
MODEL = """
import numpy as np
def probabilities(x):
    assert x.dtype == np.float32 and x.ndim == 4
    p = np.stack([1 + x[:, 0, i, 0] for i in range(4)], axis=1)
    return p / p.sum(axis=1, keepdims=True)
"""


def test_the_documented_server_answers(tmp_path):
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "server.py").write_text(source.replace("8000", str(port)))
    (tmp_path / "my_model.py").write_text(MODEL)
    server = subprocess.Popen([sys.executable, "server.py"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        spec = EndpointSpec(url=f"http://127.0.0.1:{port}/", attempts=20)
        said = np.exp(Asker(spec, ANSWER, tmp_path / "journal.sqlite").log_probs(images(5)))
    finally:
        server.kill()
        server.wait()
    expected = 1 + images(5)[:, 0, :, 0]
    np.testing.assert_allclose(said, expected / expected.sum(axis=1, keepdims=True), rtol=1e-5)
