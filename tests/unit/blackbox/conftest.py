"""An endpoint of this machine for every test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from paid_endpoint import running


@pytest.fixture
def endpoint():
    """A running endpoint."""
    with running() as server:
        yield server
