"""What a sidecar records about the machine and the run."""

import os
import platform
import socket
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

_RECORDED = ("distillab", "torch", "torchvision", "numpy", "safetensors", "pyarrow")


def environment(device: str, threads: int) -> dict[str, str]:
    """Versions, device kind, threads and machine type: equal for equal runs on one machine type."""
    versions = {name: _version(name) for name in _RECORDED}
    return versions | {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device,
        "threads": str(threads),
    }


def run_record(seconds: float) -> dict[str, object]:
    """When, where and how long."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "cores": os.cpu_count(),
        "seconds": round(seconds, 3),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
