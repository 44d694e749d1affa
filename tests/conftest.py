"""What all tests share: one thread, and the long runs first."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The same last bits on every machine, and no worker on another's core."""
    torch.set_num_threads(1)


@pytest.fixture
def strict_products():
    """As stages leave it where they compute on a GPU."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = False
    yield
    matmul.allow_tf32, cudnn.allow_tf32 = before


SLOW = (
    "architecture/test_generated.py::test_preset_is_valid",
    "contracts/test_attacks_batches.py",
    "contracts/test_every_processor.py",
    "contracts/test_networks_and_sizes.py",
    "reports/test_pages.py",
    "reports/test_reads.py",
    "unit/attacks/test_autoattack.py",
    "unit/data/test_resident_data_sets.py",
    "unit/plan/test_scopes.py",
    "unit/tables/test_incomplete.py",
    "workflow/",
)
"""What `make test FAST=1` leaves out, beside tests that are marked one by one: two thirds of the time."""


def pytest_collection_modifyitems(config, items):
    """Whole runs of the workflow come first, so that short files fill what is left of each worker's time."""
    for apart in ("fuzz", "nightly"):
        if apart not in config.option.markexpr:
            items[:] = [item for item in items if item.get_closest_marker(apart) is None]
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(SLOW):
            item.add_marker("slow")
