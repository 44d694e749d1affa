"""What all tests share: one thread, and the long runs first."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The same last bits on every machine, and no worker on another's core."""
    torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    """Whole runs of the workflow come first, so that short files fill what is left of each worker's time."""
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)
